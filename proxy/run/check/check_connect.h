/*
 * `wsluice check --connect`: connects to every target once, several at a time, with TLS and a
 * banner where these are configured. A line for each that answers, a finding for each that does
 * not.
 *
 *     target 10.0.0.5:5900: connected in 3 ms
 *     target desk.example.com:443: connected in 12 ms, TLSv1.3; certificate of desk.example.com,
 *         89 days left, verified
 *     target {name}.desks:5900: depends on the request; not tried
 *
 * Owns: a loop of its own. Thread: the caller's, which blocks until all is known.
 * Errors: findings. Lifetime: one call.
 */
#ifndef WSLUICE_RUN_CHECK_CHECK_CONNECT_H
#define WSLUICE_RUN_CHECK_CHECK_CONNECT_H

#include "run/check/check_path.h"

struct target_pool;

/* Targets in `pool` that need TLS and have no context are left out: there is a finding already. */
void check_connect_run(const struct check *check, struct target_pool *pool);

#endif
