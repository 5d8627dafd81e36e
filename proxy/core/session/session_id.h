/*
 * The id of a session, in the log, in the status and in a request to end it: WORKER-NUMBER, both
 * decimal, such as 0-17.
 *
 * Pure. Owns: nothing. Thread: any. Errors: false. Lifetime: plain values.
 */
#ifndef WSLUICE_CORE_SESSION_SESSION_ID_H
#define WSLUICE_CORE_SESSION_SESSION_ID_H

#include "base/base.h"

#define SESSION_ID_TEXT 28

/* Unique in the process: the worker's number, and a count of its connections from 1. 0 is none. */
static inline uint64_t session_id(unsigned worker, uint64_t number)
{
    return (uint64_t)worker << 48 | (number & 0xFFFFFFFFFFFF);
}

static inline unsigned session_id_worker(uint64_t id)
{
    return (unsigned)(id >> 48);
}

const char *session_id_print(uint64_t id, char text[static SESSION_ID_TEXT]);

/* False: that is no id. */
WSL_MUST_CHECK bool session_id_parse(struct slice text, uint64_t *id);

#endif
