#include "run/listeners/listeners.h"

#include <errno.h>

#include "base/log/log.h"
#include "serve/site/site.h"

#define ACCEPT_PAUSE_MS    50
#define ACCEPTS_PER_TURN   32 /* some 10 us each, while sessions of the same loop wait */
#define PAUSE_LOG_EVERY_MS 10000

/* A closing listener accepts its backlog; clients that keep connecting cannot prolong that. */
#define ACCEPTS_BEFORE_CLOSE 65536

struct listener {
    struct listeners *listeners;
    struct listen_socket socket;
    struct watch *watch;
    uint32_t index;         /* of this listener in the site's configuration */
    char key[INHERIT_NAME]; /* the address as written in the configuration */
    bool paused;
    bool stays; /* set by collect: the next configuration has it, too */
    bool inherited;
    bool lent; /* see inherit.h */
};

/* ---- accepting ---- */

static void accept_on_all(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        listeners->list[i]->paused = false;
        watch_want(listeners->list[i]->watch, WATCH_READ);
    }
}

static void resume_cb(uv_timer_t *timer)
{
    struct listeners *listeners = WSL_CONTAINER(timer, struct listeners, resume_timer);
    process_facts_note_pause(listeners->process, false);
    for (size_t i = 0; i < listeners->count; i++) {
        if (!listeners->list[i]->paused)
            continue;
        listeners->list[i]->paused = false;
        watch_want(listeners->list[i]->watch, WATCH_READ);
    }
}

static const struct site_listener *listener_of(const struct listener *listener)
{
    return &listener->listeners->site->listeners[listener->index];
}

static void resume_later(struct listeners *listeners)
{
    if (!uv_is_active((uv_handle_t *)&listeners->resume_timer))
        uv_timer_start(&listeners->resume_timer, resume_cb, ACCEPT_PAUSE_MS, 0);
}

/* Pauses this listener only: the others have reserves of their own, or fail on their own. */
static void pause_accepting(struct listener *listener, const char *why)
{
    struct listeners *listeners = listener->listeners;
    uint64_t now = uv_now(watch_set_loop(listeners->watches));
    watch_want(listener->watch, 0);
    listener->paused = true;
    resume_later(listeners);
    if (!listener_of(listener)->terms.operators)
        process_facts_note_pause(listeners->process, true);
    if (listeners->pause_logged_at != 0 && now - listeners->pause_logged_at < PAUSE_LOG_EVERY_MS)
        return;
    listeners->pause_logged_at = now;
    log_message(REASON_WARN, "accepting on %s pauses, new clients wait: %s", listener->socket.name,
                why);
}

static void pause_for(struct listener *listener, int error)
{
    bool scarce = error == EMFILE || error == ENFILE;
    pause_accepting(listener, scarce ? "no descriptor is left; raise the limit of open files"
                                     : strerror(error));
}

/* Reserves the descriptors of one more client. False: too few are free. */
static bool reserve(struct listener *listener, struct limits_usage *usage)
{
    const struct site *site = listener->listeners->site;
    const struct site_listener *own = listener_of(listener);
    struct limits *limits = site->shared.limits;
    uint64_t each = site->plan.operators_each;
    if (own->terms.operators)
        return limits_enter_operators(limits, usage, own->counter,
                                      own->terms.connections < each ? own->terms.connections
                                                                    : each);
    if (limits_reserve(limits, usage, own->terms.connection, site->plan.clients))
        return true;
    if (!own->terms.over_limit || !limits_enter_over_limit(limits, usage, site->plan.over_limit))
        return false;
    /* Such a connection gets liveness or a refusal: for clients, accepting is paused. */
    process_facts_note_pause(listener->listeners->process, true);
    resume_later(listener->listeners);
    return true;
}

/* False: nothing more to accept for now. */
static bool accept_one(struct listener *listener)
{
    struct listeners *listeners = listener->listeners;
    struct session_client client = {.listener = listener->index};
    uint64_t open;
    if (!reserve(listener, &client.usage)) {
        pause_accepting(listener, listener_of(listener)->terms.operators
                                      ? "all its connections for operators are open"
                                      : "all descriptors for clients are in use or reserved");
        return false;
    }
    client.fd = listen_accept(&listener->socket, &client.peer);
    if (client.fd >= 0) {
        client.site = site_retain(listeners->site);
        /* Operators are not counted: health checks must not keep an idle process alive. */
        client.number = listener_of(listener)->terms.operators ? 0 : ++listeners->accepted;
        worker_add_client(workers_choose(listeners->workers, &open), &client);
        return true;
    }
    int error = errno;
    limits_leave(&client.usage);
    if (error != EAGAIN)
        pause_for(listener, error);
    return false;
}

static void accept_up_to(struct listener *listener, int most)
{
    for (int i = 0; i < most && accept_one(listener); i++)
        ;
    workers_flush(listener->listeners->workers);
}

static void accept_cb(void *owner, unsigned ready)
{
    (void)ready;
    accept_up_to(owner, ACCEPTS_PER_TURN);
}

/* Says whether TLS is on: a self.pem in the start directory may have turned it on. */
static void log_listening(const struct listener *listener, const struct config_listener *config)
{
    static const char *const tls[] = {[CONFIG_TLS_OFF] = "",
                                      [CONFIG_TLS_OPTIONAL] = " (TLS and plain)",
                                      [CONFIG_TLS_REQUIRED] = " (TLS)"};
    log_message(REASON_INFO, "listening on %s%s", listener->socket.name, tls[config->tls.mode]);
}

void listeners_accept(struct listeners *listeners)
{
    listeners->accepting = true;
    for (size_t i = 0; i < listeners->count; i++)
        log_listening(listeners->list[i], &listeners->site->config->listeners[i]);
    accept_on_all(listeners);
}

/* ---- opening and closing ---- */

void listeners_init(struct listeners *listeners, struct watch_set *watches, struct workers *workers,
                    struct process_facts *process)
{
    *listeners = (struct listeners){.watches = watches, .workers = workers, .process = process};
    uv_timer_init(watch_set_loop(watches), &listeners->resume_timer);
}

static void shut(struct listener *listener, bool handed_over)
{
    watch_close(listener->watch);
    /* Until this process accepts, an inherited socket's file is the predecessor's. */
    if (listener->lent || (listener->inherited && !listener->listeners->accepting))
        listen_disown(&listener->socket);
    if (handed_over)
        listen_hand_over(&listener->socket);
    listen_close(&listener->socket);
    free(listener);
}

/* By the address as written, or else by the address that the socket is bound to. */
static struct listener *find(const struct listeners *listeners,
                             const struct config_listener *config, const char *key)
{
    for (size_t i = 0; i < listeners->count; i++)
        if (!listeners->list[i]->stays && strcmp(listeners->list[i]->key, key) == 0)
            return listeners->list[i];
    for (size_t i = 0; i < listeners->count; i++)
        if (!listeners->list[i]->stays &&
            inherit_fits(listeners->list[i]->socket.fd, &config->address))
            return listeners->list[i];
    return NULL;
}

static bool bind_or_inherit(struct listener *listener, const struct config_listener *config,
                            struct inherit *inherit, char *error, size_t error_size)
{
    struct inherit_socket claimed;
    listener->inherited = inherit && inherit_claim(inherit, config, &claimed);
    if (!listener->inherited)
        return listen_open(&listener->socket, config, error, error_size);
    listener->lent = claimed.lent;
    return listen_adopt(&listener->socket, config, claimed.fd, error, error_size);
}

static struct listener *open_listener(struct listeners *listeners,
                                      const struct config_listener *config, const char *key,
                                      struct inherit *inherit, char *error, size_t error_size)
{
    struct listener *listener = calloc(1, sizeof(*listener));
    snprintf(error, error_size, "out of memory or descriptors while opening listeners");
    if (!listener || !bind_or_inherit(listener, config, inherit, error, error_size)) {
        free(listener);
        return NULL;
    }
    listener->listeners = listeners;
    snprintf(listener->key, sizeof(listener->key), "%s", key);
    listener->watch = watch_open(listeners->watches, listener->socket.fd, 0, accept_cb, listener);
    if (listener->watch)
        return listener;
    shut(listener, false);
    return NULL;
}

/* Fills `list`, one entry per configured listener. False: the new ones are closed again. */
static bool collect(struct listeners *listeners, const struct config *config,
                    struct listener **list, struct inherit *inherit, char *error, size_t error_size)
{
    size_t done = 0;
    for (size_t i = 0; i < listeners->count; i++)
        listeners->list[i]->stays = false;
    for (; done < config->listener_count; done++) {
        const struct config_listener *listener = &config->listeners[done];
        char key[INHERIT_NAME];
        config_address_print(&listener->address, key, sizeof(key));
        list[done] = find(listeners, listener, key);
        if (list[done])
            list[done]->stays = true;
        else
            list[done] = open_listener(listeners, listener, key, inherit, error, error_size);
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

/* Closes those that do not stay, after accepting their backlogs. */
static void close_others(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++)
        if (!listeners->list[i]->stays)
            accept_up_to(listeners->list[i], ACCEPTS_BEFORE_CLOSE);
    for (size_t i = 0; i < listeners->count; i++) {
        if (listeners->list[i]->stays)
            continue;
        log_message(REASON_INFO, "no longer listening on %s", listeners->list[i]->socket.name);
        shut(listeners->list[i], false);
    }
}

static void renew(struct listener *listener, const struct config_listener *after)
{
    char error[LISTEN_NAME + 64];
    const struct config_listener *before =
        &listener->listeners->site->config->listeners[listener->index];
    if (!listen_renew(&listener->socket, before, after, error, sizeof(error)))
        log_message(REASON_WARN, "%s", error);
}

bool listeners_change(struct listeners *listeners, struct site *site, struct inherit *inherit,
                      char *error, size_t error_size)
{
    const struct config *config = site->config;
    struct listener **list = calloc(config->listener_count, sizeof(struct listener *));
    if (!list || !collect(listeners, config, list, inherit, error, error_size)) {
        free(list);
        return false;
    }
    close_others(listeners);
    for (size_t i = 0; i < config->listener_count; i++) {
        if (list[i]->stays)
            renew(list[i], &config->listeners[i]);
        else if (listeners->accepting)
            log_listening(list[i], &config->listeners[i]);
        list[i]->index = (uint32_t)i;
        site_name_listener(site, i, list[i]->socket.name);
    }
    free(listeners->list);
    listeners->list = list;
    listeners->count = config->listener_count;
    site_release(listeners->site);
    listeners->site = site_retain(site);
    if (listeners->accepting)
        accept_on_all(listeners);
    return true;
}

void listeners_close(struct listeners *listeners, bool handed_over)
{
    for (size_t i = 0; !handed_over && listeners->accepting && i < listeners->count; i++)
        accept_up_to(listeners->list[i], ACCEPTS_BEFORE_CLOSE);
    uv_timer_stop(&listeners->resume_timer);
    for (size_t i = 0; i < listeners->count; i++)
        shut(listeners->list[i], handed_over);
    free(listeners->list);
    listeners->list = NULL;
    listeners->count = 0;
    listeners->accepting = false;
    site_release(listeners->site);
    listeners->site = NULL;
}

static bool is_admin(const struct listener *listener)
{
    return listener->listeners->site->config->listeners[listener->index].admin;
}

void listeners_close_clients(struct listeners *listeners)
{
    size_t kept = 0;
    for (size_t i = 0; i < listeners->count; i++)
        if (!is_admin(listeners->list[i]))
            accept_up_to(listeners->list[i], ACCEPTS_BEFORE_CLOSE);
    for (size_t i = 0; i < listeners->count; i++) {
        struct listener *listener = listeners->list[i];
        if (is_admin(listener)) {
            if (!listener->lent)
                listen_yield(&listener->socket);
            listeners->list[kept++] = listener;
        } else {
            shut(listener, false);
        }
    }
    listeners->count = kept;
}

void listeners_free(struct listeners *listeners)
{
    listeners_close(listeners, false);
    uv_close((uv_handle_t *)&listeners->resume_timer, NULL);
}

struct inherit_socket *listeners_describe(const struct listeners *listeners)
{
    struct inherit_socket *sockets = calloc(listeners->count + 1, sizeof(*sockets));
    for (size_t i = 0; sockets && i < listeners->count; i++) {
        const struct listener *listener = listeners->list[i];
        sockets[i].fd = listener->socket.fd;
        sockets[i].lent = listener->lent;
        snprintf(sockets[i].name, INHERIT_NAME, "%s", listener->key);
    }
    return sockets;
}
