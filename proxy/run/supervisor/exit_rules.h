/*
 * When a process ends by itself: after its first session, so long after its start, or when nobody
 * has been connected for so long. It then accepts no more and ends with its last session.
 *
 * Pure: time and what has happened are parameters.
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
    uint64_t busy_at;  /* the last time that somebody was seen */
    uint64_t accepted; /* connections by then */
};

struct exit_facts {
    bool begun;        /* the first session has */
    uint64_t open;     /* connections, HTTP or WebSocket */
    uint64_t accepted; /* likewise, of all times: one that came and went between two looks counts */
};

enum exit_verdict { EXIT_STAY, EXIT_ONCE, EXIT_AFTER, EXIT_IDLE };

void exit_rules_init(struct exit_rules *rules, const struct config_exit *config, uint64_t now);

WSL_MUST_CHECK enum exit_verdict exit_rules_judge(struct exit_rules *rules,
                                                  const struct exit_facts *facts, uint64_t now);

/* Milliseconds until the next look; 0: nothing will ever come of it. */
uint64_t exit_rules_wait(const struct exit_rules *rules, uint64_t now);

#endif
