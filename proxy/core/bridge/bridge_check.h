/*
 * The invariants of a bridge and of its pipes, as functions that name the first broken one.
 *
 * Builds with WSLUICE_CHECKS (Debug, sanitizers, fuzzers) check them after every turn and tick and
 * abort at the first violation; a release does not. Unit tests check them in every build.
 *
 * Owns: nothing. Thread: the bridge's worker. Errors: each function returns NULL if all invariants
 * hold, otherwise the text of the first that does not. Lifetime: texts are constants.
 */
#ifndef WSLUICE_CORE_BRIDGE_BRIDGE_CHECK_H
#define WSLUICE_CORE_BRIDGE_BRIDGE_CHECK_H

#include "core/bridge/bridge.h"

/* One pipe on its own. */
WSL_MUST_CHECK const char *bridge_check_pipe(const struct pipe *pipe);

/* The bridge and both pipes, after any call. */
WSL_MUST_CHECK const char *bridge_check_state(const struct bridge *bridge);

/* After a turn: each step that follows from the state alone was taken. */
WSL_MUST_CHECK const char *bridge_check_settled(const struct bridge *bridge);

/* One turn or tick: states, flags, counters and times only move forward. */
WSL_MUST_CHECK const char *bridge_check_change(const struct bridge *before,
                                               const struct bridge *after);

#endif
