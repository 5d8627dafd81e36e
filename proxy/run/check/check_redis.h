/*
 * The Redis servers of `wsluice check --connect`: each is asked once for a PING, after its login.
 *
 *     redis 10.0.0.5:6379: answers
 *
 * Owns: sources, until check_redis_end. Thread: its loop's. Errors: findings. Lifetime:
 * check_redis_begin to check_redis_end; the loop runs in between, until nothing is left to do.
 */
#ifndef WSLUICE_RUN_CHECK_CHECK_REDIS_H
#define WSLUICE_RUN_CHECK_CHECK_REDIS_H

#include "run/check/check_path.h"
#include "serve/tokens/token_source.h"

struct check_redis;

/* NULL: out of memory. */
WSL_MUST_CHECK struct check_redis *check_redis_begin(const struct check *check,
                                                     const struct token_loop *loop);

/* Prints what was found. NULL is fine. */
void check_redis_end(struct check_redis *redis);

#endif
