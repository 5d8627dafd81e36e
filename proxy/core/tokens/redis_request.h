/*
 * Commands to a Redis server, as a list of words of any bytes. hiredis formats them.
 *
 * Pure. Owns: nothing; what it allocates meanwhile is wiped, as commands hold tokens and passwords.
 * Thread: any. Errors: 0. Lifetime: none.
 */
#ifndef WSLUICE_CORE_TOKENS_REDIS_REQUEST_H
#define WSLUICE_CORE_TOKENS_REDIS_REQUEST_H

#include "base/base.h"

#define REDIS_REQUEST_WORDS 4 /* of one command, at most */

/* Bytes around a command and each of its words. */
#define REDIS_REQUEST_FRAMING 64

/* The bytes written; 0: they do not fit, or memory is out. */
WSL_MUST_CHECK size_t redis_request_format(const struct slice *words, size_t count, char *out,
                                           size_t room);

#endif
