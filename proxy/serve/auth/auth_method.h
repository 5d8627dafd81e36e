/*
 * A method of authentication: one element of the `auth` of a route or a listener. Each kind has a
 * module auth_KIND that fills in the operations; auth_list asks methods in turn.
 *
 *     ask --PASSED--> the client is let in, `answer` says who it is
 *         --FAILED--> it is not, `answer` says why and what the client is told
 *         --ANSWERED--> the request is the method's own, such as the form of a login: `answer` has
 *                       the reply, and nothing of the route is shown
 *         --WAITS---> one of these later: auth_waiter_done, or no more after `cancel`
 *
 * Owns: a method owns what its operations need. Thread: created on any; `ask` and `cancel` are
 * called by all workers, and the verdict comes back on the loop that asked. Errors: FAILED with a
 * reason: auth_required (nothing was offered), auth_failed (what was offered is wrong),
 * auth_refused (known, but not allowed), auth_throttled, auth_unavailable, out_of_memory.
 * Lifetime: its site's; what outlives a request holds a reference of its own.
 */
#ifndef WSLUICE_SERVE_AUTH_AUTH_METHOD_H
#define WSLUICE_SERVE_AUTH_AUTH_METHOD_H

#include "codec/http/http_head.h"
#include "config/model/config.h"
#include "core/access/client_address.h"
#include "serve/http/reply.h"

struct http_pool;
struct session_env;
struct work_lane;
struct tls_facts;

enum auth_outcome { AUTH_PASSED, AUTH_FAILED, AUTH_ANSWERED, AUTH_WAITS };

enum {
    AUTH_USER_MAX = 255,   /* bytes of a user's name */
    AUTH_TARGET_MAX = 255, /* bytes of a target */
};

/* The request. Everything is borrowed until the whole list has its verdict. */
struct auth_question {
    const struct http_head *head;
    const struct config_route *route;
    const struct config_listener *listener;
    const char *path;  /* in normal form, behind the base path */
    struct slice body; /* of a form, which may hold secrets; ptr NULL: none was sent */
    const struct client_address *client;
    const struct tls_facts *tls;  /* of the client's certificate; NULL: no TLS */
    struct session_env *env;      /* the worker's: its loop, thread pool, resolver */
    const struct work_lane *lane; /* of env */
    struct http_pool *http;       /* of env */
    bool is_secure;               /* the client came over TLS, as far as is known */
    bool is_upgrade;
    bool is_logout;  /* PATH/logout of the route, which has a login */
    bool from_proxy; /* a trusted proxy sent it, so that its fields about the client count */
};

/* An answer that the client gets instead of the status of the reason, such as a login page. */
struct auth_reply {
    struct reply reply;
    void (*release)(struct auth_reply *reply); /* the memory around it; the body is the sender's */
};

struct auth_answer {
    enum reason reason;           /* FAILED: why */
    char user[AUTH_USER_MAX + 1]; /* PASSED: the client's name; may be empty */
    /* PASSED: where the client is to go, HOST:PORT and the like, not checked; may be empty. */
    char target[AUTH_TARGET_MAX + 1];
    const char *chosen_by;    /* with a target: the method that has named it; static */
    int64_t expires_at;       /* PASSED: Unix time at which the session ends; 0: never */
    const char *challenge;    /* FAILED: a WWW-Authenticate value of the method; NULL: none */
    uint32_t retry_after;     /* FAILED: seconds; 0: not said */
    struct auth_reply *reply; /* FAILED, ANSWERED: owned; NULL: the status of the reason */
    bool ends_sessions;       /* ANSWERED: those of `user` that came by the same users file */
    char detail[160];         /* for the log; never a secret */
};

/* One question that waits. The method may keep its state in `pending`. */
struct auth_waiter {
    void (*done)(struct auth_waiter *waiter, enum auth_outcome outcome);
    void *pending;
};

struct auth_method;

struct auth_method_ops {
    /* With WAITS, question and answer stay valid until done or cancel. */
    enum auth_outcome (*ask)(struct auth_method *method, const struct auth_question *question,
                             struct auth_waiter *waiter, struct auth_answer *answer);
    void (*cancel)(struct auth_method *method, struct auth_waiter *waiter); /* NULL: never waits */
    /* NULL: false. True: with `any`, the other methods need not be asked; it does not pass. */
    bool (*owns)(const struct auth_method *method, const struct auth_question *question);
    void (*release)(struct auth_method *method);
};

struct auth_method {
    const struct auth_method_ops *ops;
};

/* The verdict of one that waits; not from within `ask`. */
static inline void auth_waiter_done(struct auth_waiter *waiter, enum auth_outcome outcome)
{
    waiter->done(waiter, outcome);
}

static inline enum auth_outcome auth_fail(struct auth_answer *answer, enum reason reason)
{
    answer->reason = reason;
    return AUTH_FAILED;
}

/* NULL: nothing happens. */
static inline void auth_reply_free(struct auth_reply *reply)
{
    if (!reply)
        return;
    reply_release(&reply->reply);
    reply->release(reply);
}

/* As long as it fits; a longer name is refused, as a part of it may be another user's. */
WSL_MUST_CHECK static inline bool auth_set_user(struct auth_answer *answer, struct slice name)
{
    if (name.len > AUTH_USER_MAX)
        return false;
    if (name.len > 0)
        memcpy(answer->user, name.ptr, name.len);
    answer->user[name.len] = '\0';
    return true;
}

/* As auth_set_user. `method`: its name in the configuration. */
WSL_MUST_CHECK static inline bool auth_set_target(struct auth_answer *answer, struct slice target,
                                                  const char *method)
{
    if (target.len > AUTH_TARGET_MAX)
        return false;
    if (target.len > 0)
        memcpy(answer->target, target.ptr, target.len);
    answer->target[target.len] = '\0';
    answer->chosen_by = target.len > 0 ? method : NULL;
    return true;
}

#endif
