#include "run/listeners/doors.h"

#include <errno.h>

#include "base/log/log.h"

#define ACCEPT_PAUSE_MS    50
#define ACCEPTS_PER_TURN   64
#define PAUSE_LOG_EVERY_MS 10000

/* Nobody in a backlog is left behind, and nobody who keeps knocking can hold up the end. */
#define ACCEPTS_AT_THE_END 65536

struct door {
    struct doors *doors;
    struct listen_socket socket;
    struct watch *watch;
    uint32_t index;         /* of its listener in the site's configuration */
    char key[INHERIT_NAME]; /* the address as it is written */
    bool paused;
    bool stays;
    bool inherited;
    bool lent; /* see inherit.h */
};

/* ---- accepting ------------------------------------------------------------------------------- */

static void want_all(struct doors *doors)
{
    for (size_t i = 0; i < doors->count; i++) {
        doors->list[i]->paused = false;
        watch_want(doors->list[i]->watch, WATCH_READ);
    }
}

static void resume_cb(uv_timer_t *timer)
{
    struct doors *doors = WSL_CONTAINER(timer, struct doors, resume_timer);
    ops_note_pause(doors->ops, false);
    for (size_t i = 0; i < doors->count; i++) {
        if (!doors->list[i]->paused)
            continue;
        doors->list[i]->paused = false;
        watch_want(doors->list[i]->watch, WATCH_READ);
    }
}

static const struct site_listener *listener_of(const struct door *door)
{
    return &door->doors->site->listeners[door->index];
}

static void resume_later(struct doors *doors)
{
    if (!uv_is_active((uv_handle_t *)&doors->resume_timer))
        uv_timer_start(&doors->resume_timer, resume_cb, ACCEPT_PAUSE_MS, 0);
}

/* Only this one: the others have reserves of their own, or will find out by themselves. */
static void pause_accepting(struct door *door, const char *why)
{
    struct doors *doors = door->doors;
    uint64_t now = uv_now(watch_set_loop(doors->watches));
    watch_want(door->watch, 0);
    door->paused = true;
    resume_later(doors);
    if (!listener_of(door)->terms.operators)
        ops_note_pause(doors->ops, true);
    if (doors->pause_logged_at != 0 && now - doors->pause_logged_at < PAUSE_LOG_EVERY_MS)
        return;
    doors->pause_logged_at = now;
    log_message(REASON_WARN, "accepting on %s pauses, new clients wait: %s", door->socket.name,
                why);
}

static void pause_for(struct door *door, int error)
{
    bool scarce = error == EMFILE || error == ENFILE;
    pause_accepting(door, scarce ? "no descriptor is left; raise the limit of open files"
                                 : strerror(error));
}

/* False: there is no room for one more client of this listener. */
static bool reserve(struct door *door, struct guard_pass *pass)
{
    const struct site *site = door->doors->site;
    const struct site_listener *own = listener_of(door);
    struct guard *guard = site->shared.guard;
    uint64_t each = site->plan.operators_each;
    if (own->terms.operators)
        return guard_enter_operators(guard, pass, own->tally,
                                     own->terms.connections < each ? own->terms.connections : each);
    if (guard_reserve(guard, pass, own->terms.connection, site->plan.clients))
        return true;
    if (!own->terms.late || !guard_enter_late(guard, pass, site->plan.late))
        return false;
    /* It may ask for liveness, and is refused anything else: no client is taken here either. */
    ops_note_pause(door->doors->ops, true);
    resume_later(door->doors);
    return true;
}

/* False when there is nothing more to accept for now. */
static bool accept_one(struct door *door)
{
    struct doors *doors = door->doors;
    struct session_client client = {.listener = door->index};
    uint64_t open;
    if (!reserve(door, &client.pass)) {
        pause_accepting(door, listener_of(door)->terms.operators
                                  ? "as many connections are open as one for operators takes"
                                  : "as many connections are open as the descriptors allow");
        return false;
    }
    client.fd = listen_accept(&door->socket, &client.peer);
    if (client.fd >= 0) {
        client.site = site_retain(doors->site);
        /* Operators are no clients: health checks must not keep an idle process alive. */
        client.number = listener_of(door)->terms.operators ? 0 : ++doors->accepted;
        worker_give(crew_choose(doors->crew, &open), &client);
        return true;
    }
    int error = errno;
    guard_leave(&client.pass);
    if (error != EAGAIN)
        pause_for(door, error);
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
    want_all(doors);
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
    if (door->lent || (door->inherited && !door->doors->accepting))
        listen_leave(&door->socket);
    if (handed_over)
        listen_hand_over(&door->socket);
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
    if (doors->accepting)
        want_all(doors);
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
