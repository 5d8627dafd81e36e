/*
 * What the answer of a service of `forward` means:
 *
 *     2xx          passed; fields name the user and the target, if there are any
 *     3xx, 4xx     the client gets this answer: a login page, a redirect to one, a challenge
 *     any other    the service is not available
 *
 * Pure. Owns: nothing. Thread: any. Errors: the reason. Lifetime: slices borrow the answer.
 */
#ifndef WSLUICE_CORE_AUTH_FORWARD_FORWARD_ANSWER_H
#define WSLUICE_CORE_AUTH_FORWARD_FORWARD_ANSWER_H

#include "codec/http/answer/http_answer.h"

struct forward_answer {
    enum reason reason;  /* none: passed */
    bool relayed;        /* the client gets the service's answer */
    struct slice user;   /* passed: empty: the service names none */
    struct slice target; /* likewise */
    const char *fault;   /* with auth_unavailable; static */
};

/* The fields that hold the user's name and the target; NULL: none does. */
struct forward_answer forward_answer_judge(const struct http_answer *answer, const char *user,
                                           const char *target);

#endif
