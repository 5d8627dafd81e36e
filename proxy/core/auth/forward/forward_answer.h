/*
 * What the answer of a service of `forward` means:
 *
 *     2xx          passed; a field names the user, if there is one
 *     3xx, 4xx     the client gets this answer: a login page, a redirect to one, a challenge
 *     any other    the service is not available
 *
 * Pure. Owns: nothing. Thread: any. Errors: the reason. Lifetime: slices borrow the answer.
 */
#ifndef WSLUICE_CORE_AUTH_FORWARD_FORWARD_ANSWER_H
#define WSLUICE_CORE_AUTH_FORWARD_FORWARD_ANSWER_H

#include "codec/http/answer/http_answer.h"

struct forward_answer {
    enum reason reason; /* none: passed */
    bool relayed;       /* the client gets the service's answer */
    struct slice user;  /* passed: empty: the service names none */
    const char *fault;  /* with auth_unavailable; static */
};

/* `field`: that holds the user's name. */
struct forward_answer forward_answer_judge(const struct http_answer *answer, struct slice field);

#endif
