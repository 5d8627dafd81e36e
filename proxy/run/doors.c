#include "run/doors.h"

#include <errno.h>

#include "base/log.h"
#include "run/machine.h"

#define ACCEPT_PAUSE_MS    50
#define ACCEPTS_PER_TURN   64
#define PAUSE_LOG_EVERY_MS 10000

/* Nobody in a backlog is left behind, and nobody who keeps knocking can hold up the end. */
#define ACCEPTS_AT_THE_END 65536

/* Descriptors that are not sessions: log, listeners, and a loop's own per thread. */
#define DESCRIPTORS_RESERVED   32
#define DESCRIPTORS_PER_WORKER 8

struct door {
    struct doors *doors;
    struct listen_socket socket;
    struct watch *watch;
    uint32_t index;         /* of its listener in the site's configuration */
    char key[INHERIT_NAME]; /* the address as it is written */
    bool stays;
    bool inherited;
    bool lent; /* see inherit.h */
};

/* ---- accepting ------------------------------------------------------------------------------- */

static void want_all(struct doors *doors, unsigned want)
{
    for (size_t i = 0; i < doors->count; i++)
        watch_want(doors->list[i]->watch, want);
}

static void resume_cb(uv_timer_t *timer)
{
    struct doors *doors = WSL_CONTAINER(timer, struct doors, resume_timer);
    ops_note_pause(doors->ops, false);
    want_all(doors, WATCH_READ);
}

static void pause_accepting(struct doors *doors, const char *why)
{
    uint64_t now = uv_now(watch_set_loop(doors->watches));
    want_all(doors, 0);
    ops_note_pause(doors->ops, true);
    uv_timer_start(&doors->resume_timer, resume_cb, ACCEPT_PAUSE_MS, 0);
    if (doors->pause_logged_at != 0 && now - doors->pause_logged_at < PAUSE_LOG_EVERY_MS)
        return;
    doors->pause_logged_at = now;
    log_message(REASON_WARN, "accepting pauses, new clients wait: %s", why);
}

static void pause_for(struct doors *doors, int error)
{
    bool scarce = error == EMFILE || error == ENFILE;
    pause_accepting(doors, scarce ? "no descriptor is left; raise the limit of open files"
                                  : strerror(error));
}

/* False when there is nothing more to accept for now. */
static bool accept_one(struct door *door)
{
    struct doors *doors = door->doors;
    uint64_t open;
    struct worker *worker = crew_choose(doors->crew, &open);
    if (open >= doors->max_open) {
        pause_accepting(doors, "as many connections are open as the limits allow");
        return false;
    }
    struct session_client client = {.listener = door->index};
    client.fd = listen_accept(&door->socket, &client.peer);
    if (client.fd >= 0) {
        client.site = site_retain(doors->site);
        /* Whoever only looks is no client: health checks must not keep an idle process alive. */
        bool looks = doors->site->config->listeners[door->index].admin;
        client.number = looks ? 0 : ++doors->accepted;
        worker_give(worker, &client);
        return true;
    }
    if (errno != EAGAIN)
        pause_for(doors, errno);
    return false;
}

static void accept_some(struct door *door, int most)
{
    for (int i = 0; i < most && accept_one(door); i++)
        ;
    crew_flush(door->doors->crew);
}

static void accept_cb(void *owner, unsigned ready)
{
    (void)ready;
    accept_some(owner, ACCEPTS_PER_TURN);
}

/* With TLS, which a self.pem where it was started may have turned on. */
static void say_listening(const struct door *door, const struct config_listener *listener)
{
    static const char *const tls[] = {[CONFIG_TLS_OFF] = "",
                                      [CONFIG_TLS_OPTIONAL] = " (TLS and plain)",
                                      [CONFIG_TLS_REQUIRED] = " (TLS)"};
    log_message(REASON_INFO, "listening on %s%s", door->socket.name, tls[listener->tls.mode]);
}

void doors_accept(struct doors *doors)
{
    doors->accepting = true;
    for (size_t i = 0; i < doors->count; i++)
        say_listening(doors->list[i], &doors->site->config->listeners[i]);
    want_all(doors, WATCH_READ);
}

/* ---- opening and closing --------------------------------------------------------------------- */

void doors_init(struct doors *doors, struct watch_set *watches, struct crew *crew,
                struct ops_process *ops)
{
    *doors = (struct doors){.watches = watches, .crew = crew, .ops = ops};
    uv_timer_init(watch_set_loop(watches), &doors->resume_timer);
}

static void shut(struct door *door, bool handed_over)
{
    watch_close(door->watch);
    /* What was inherited is its former owner's until clients have come in by it. */
    if (handed_over || door->lent || (door->inherited && !door->doors->accepting))
        listen_leave(&door->socket);
    listen_close(&door->socket);
    free(door);
}

/* By the address as it is written, or else by what it comes to. */
static struct door *find(const struct doors *doors, const struct config_listener *config,
                         const char *key)
{
    for (size_t i = 0; i < doors->count; i++)
        if (!doors->list[i]->stays && strcmp(doors->list[i]->key, key) == 0)
            return doors->list[i];
    for (size_t i = 0; i < doors->count; i++)
        if (!doors->list[i]->stays && inherit_fits(doors->list[i]->socket.fd, &config->address))
            return doors->list[i];
    return NULL;
}

static bool bind_or_inherit(struct door *door, const struct config_listener *config,
                            struct inherit *inherit, char *error, size_t error_size)
{
    struct inherit_socket claimed;
    door->inherited = inherit && inherit_claim(inherit, config, &claimed);
    if (!door->inherited)
        return listen_open(&door->socket, config, error, error_size);
    door->lent = claimed.lent;
    return listen_adopt(&door->socket, config, claimed.fd, error, error_size);
}

static struct door *open_door(struct doors *doors, const struct config_listener *config,
                              const char *key, struct inherit *inherit, char *error,
                              size_t error_size)
{
    struct door *door = calloc(1, sizeof(*door));
    snprintf(error, error_size, "out of memory or descriptors while opening listeners");
    if (!door || !bind_or_inherit(door, config, inherit, error, error_size)) {
        free(door);
        return NULL;
    }
    door->doors = doors;
    snprintf(door->key, sizeof(door->key), "%s", key);
    door->watch = watch_open(doors->watches, door->socket.fd, 0, accept_cb, door);
    if (door->watch)
        return door;
    shut(door, false);
    return NULL;
}

/* Fills `list` with a door for each listener; false: those that are new are closed again. */
static bool collect(struct doors *doors, const struct config *config, struct door **list,
                    struct inherit *inherit, char *error, size_t error_size)
{
    size_t done = 0;
    for (size_t i = 0; i < doors->count; i++)
        doors->list[i]->stays = false;
    for (; done < config->listener_count; done++) {
        const struct config_listener *listener = &config->listeners[done];
        char key[INHERIT_NAME];
        addr_print_config(&listener->address, key, sizeof(key));
        list[done] = find(doors, listener, key);
        if (list[done])
            list[done]->stays = true;
        else
            list[done] = open_door(doors, listener, key, inherit, error, error_size);
        if (!list[done])
            break;
    }
    if (done == config->listener_count)
        return true;
    while (done-- > 0)
        if (!list[done]->stays)
            shut(list[done], false);
    return false;
}

static void limit_connections(struct doors *doors, const struct config *config)
{
    uint64_t descriptors = machine_descriptors();
    uint64_t reserved = DESCRIPTORS_RESERVED + config->listener_count +
                        DESCRIPTORS_PER_WORKER * (uint64_t)doors->crew->count;
    /* A session needs one descriptor for its client and one for its target. */
    doors->max_open = descriptors > reserved + 2 ? (descriptors - reserved) / 2 : 1;
}

/* Those that do not stay; nobody in their backlogs is left behind. */
static void close_others(struct doors *doors)
{
    for (size_t i = 0; i < doors->count; i++)
        if (!doors->list[i]->stays)
            accept_some(doors->list[i], ACCEPTS_AT_THE_END);
    for (size_t i = 0; i < doors->count; i++) {
        if (doors->list[i]->stays)
            continue;
        log_message(REASON_INFO, "no longer listening on %s", doors->list[i]->socket.name);
        shut(doors->list[i], false);
    }
}

static void renew(struct door *door, const struct config_listener *after)
{
    char error[LISTEN_NAME + 64];
    const struct config_listener *before = &door->doors->site->config->listeners[door->index];
    if (!listen_renew(&door->socket, before, after, error, sizeof(error)))
        log_message(REASON_WARN, "%s", error);
}

bool doors_change(struct doors *doors, struct site *site, struct inherit *inherit, char *error,
                  size_t error_size)
{
    const struct config *config = site->config;
    struct door **list = calloc(config->listener_count, sizeof(struct door *));
    if (!list || !collect(doors, config, list, inherit, error, error_size)) {
        free(list);
        return false;
    }
    close_others(doors);
    for (size_t i = 0; i < config->listener_count; i++) {
        if (list[i]->stays)
            renew(list[i], &config->listeners[i]);
        else if (doors->accepting)
            say_listening(list[i], &config->listeners[i]);
        list[i]->index = (uint32_t)i;
        site_name_listener(site, i, list[i]->socket.name);
    }
    free(doors->list);
    doors->list = list;
    doors->count = config->listener_count;
    site_release(doors->site);
    doors->site = site_retain(site);
    limit_connections(doors, config);
    if (doors->accepting)
        want_all(doors, WATCH_READ);
    return true;
}

void doors_close(struct doors *doors, bool handed_over)
{
    for (size_t i = 0; !handed_over && doors->accepting && i < doors->count; i++)
        accept_some(doors->list[i], ACCEPTS_AT_THE_END);
    uv_timer_stop(&doors->resume_timer);
    for (size_t i = 0; i < doors->count; i++)
        shut(doors->list[i], handed_over);
    free(doors->list);
    doors->list = NULL;
    doors->count = 0;
    doors->accepting = false;
    site_release(doors->site);
    doors->site = NULL;
}

void doors_free(struct doors *doors)
{
    doors_close(doors, false);
    uv_close((uv_handle_t *)&doors->resume_timer, NULL);
}

struct inherit_socket *doors_describe(const struct doors *doors)
{
    struct inherit_socket *sockets = calloc(doors->count + 1, sizeof(*sockets));
    for (size_t i = 0; sockets && i < doors->count; i++) {
        const struct door *door = doors->list[i];
        sockets[i].fd = door->socket.fd;
        sockets[i].lent = door->lent;
        snprintf(sockets[i].name, INHERIT_NAME, "%s", door->key);
    }
    return sockets;
}
