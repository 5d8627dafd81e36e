/*
 * What only few sessions have: a user, a target or terms that something beside the configuration
 * has named, details for the log. It has memory once a part of it is set, so that an idle session
 * stays small.
 *
 * Owns: see the fields. Thread: the session's. Errors: NULL: out of memory. Lifetime: from the
 * first session_extra_make to session_extra_free, at the session's end.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_EXTRA_H
#define WSLUICE_SERVE_SESSION_SESSION_EXTRA_H

#include "serve/session/session_priv.h"

struct session_extra {
    /* Of the latest request: */
    char *user;            /* owned; as the route's authentication found it. NULL: not known */
    const char *chosen_by; /* what has named the target, beside the configuration; NULL: nothing */
    int64_t expires_at; /* Unix time at which the user's identity ends, and the session; 0: never */
    /* Of the service that has named the target, beside the route's; 0: none. */
    uint32_t max_duration_ms, idle_timeout_ms;
    /* For the log: */
    char *target_address;            /* owned; if made from the request; NULL: as configured */
    char *detail;                    /* owned; an error text; NULL: none */
    struct session_refused *refused; /* owned; NULL: no request was refused */
};

/* Never NULL: if nothing is set, one of which all is empty. */
const struct session_extra *session_extra_of(const struct session *session);

/* To set a part of it. */
WSL_MUST_CHECK struct session_extra *session_extra_make(struct session *session);

/* Another request begins on the connection. */
void session_extra_forget_request(struct session *session);

/* Called again: nothing happens. */
void session_extra_free(struct session *session);

#endif
