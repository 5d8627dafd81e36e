/*
 * A look at the status of a running process, by a status route of its configuration file that a
 * local client reaches without TLS.
 *
 * Owns: nothing. Thread: one; it blocks, up to a deadline (base/monotonic.h). Errors: false.
 * Lifetime: a place borrows the configuration.
 */
#ifndef WSLUICE_RUN_CLIENT_STATUS_LOOK_H
#define WSLUICE_RUN_CLIENT_STATUS_LOOK_H

#include "base/base.h"
#include "config/rules/local_place.h"

/* What it says about the changes of one kind (serve/metrics/verdict.h). */
struct status_look_facts {
    uint64_t pid, begun, ended;
    bool failed;
    char version[64];
    char text[8192]; /* findings, and a sentence last; "": this client may not see them */
};

/* `key`: the kind of change, in the status. It gives up after five seconds, or at the deadline. */
WSL_MUST_CHECK bool status_look_at(const struct local_place *place, const char *key,
                                   uint64_t deadline_ms, struct status_look_facts *facts);

/* The first place that answers. */
WSL_MUST_CHECK bool status_look_find(const struct config *config, const char *key,
                                     uint64_t deadline_ms, struct local_place *place,
                                     struct status_look_facts *facts);

#endif
