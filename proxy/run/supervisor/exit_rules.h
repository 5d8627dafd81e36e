/*
 * Rules by which a process ends by itself: after its first session, at an age, or after a time
 * without a connection. It then accepts no more clients and ends with its last session.
 *
 * Pure: time and facts are parameters.
 *
 * Owns: nothing. Thread: one. Errors: none. Lifetime: plain memory.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_EXIT_RULES_H
#define WSLUICE_RUN_SUPERVISOR_EXIT_RULES_H

#include "base/base.h"
#include "config/model/config.h"

struct exit_rules {
    struct config_exit config;
    uint64_t started_at;
    uint64_t busy_at;  /* the last time that a client was connected */
    uint64_t accepted; /* facts.accepted at the last check */
};

struct exit_facts {
    bool begun;        /* the first session has begun */
    uint64_t open;     /* connections, HTTP or WebSocket */
    uint64_t accepted; /* connections so far; shows those that came and went between two checks */
};

enum exit_verdict { EXIT_STAY, EXIT_ONCE, EXIT_AFTER, EXIT_IDLE };

void exit_rules_init(struct exit_rules *rules, const struct config_exit *config, uint64_t now);

WSL_MUST_CHECK enum exit_verdict exit_rules_decide(struct exit_rules *rules,
                                                   const struct exit_facts *facts, uint64_t now);

/* Milliseconds until the next check; 0: no rule is set. */
uint64_t exit_rules_wait(const struct exit_rules *rules, uint64_t now);

#endif
