/*
 * Which of a route's methods is asked next, and what their verdicts come to.
 *
 *     all    each must let the client in; the first that does not decides
 *     any    the first that lets the client in decides; if none does, one failure is reported: the
 *            first of those that tell the client most
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: plain memory.
 */
#ifndef WSLUICE_CORE_AUTH_SATISFY_H
#define WSLUICE_CORE_AUTH_SATISFY_H

#include "base/base.h"

enum satisfy_step {
    SATISFY_ASK, /* the method number `next` */
    SATISFY_PASSED,
    SATISFY_FAILED,
};

/* How much a failure helps the client. */
enum satisfy_help {
    SATISFY_NO_HELP,   /* a status alone */
    SATISFY_CHALLENGE, /* it says how to authenticate */
    SATISFY_ANSWER,    /* it leads to a page where users log in */
};

struct satisfy {
    size_t count, next;
    bool any, failed;
    uint8_t help; /* enum satisfy_help: of the failure that is kept */
};

/* A list without methods lets everybody in. */
WSL_MUST_CHECK enum satisfy_step satisfy_begin(struct satisfy *satisfy, size_t count, bool any);

/* The method number `next` lets the client in. */
WSL_MUST_CHECK enum satisfy_step satisfy_passed(struct satisfy *satisfy);

/* It does not. *keep: this failure is the one to report, so far. */
WSL_MUST_CHECK enum satisfy_step satisfy_failed(struct satisfy *satisfy, enum satisfy_help help,
                                                bool *keep);

#endif
