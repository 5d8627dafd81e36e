/*
 * Looks from time to time whether the process is to end by itself (exit_rules), and says so once.
 *
 * Owns: its timer. Thread: the main one. Errors: none. Lifetime: exit_watch_init to
 * exit_watch_close; the memory may go when the loop has run once more.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_EXIT_WATCH_H
#define WSLUICE_RUN_SUPERVISOR_EXIT_WATCH_H

#include "run/listeners/listeners.h"
#include "run/supervisor/exit_rules.h"
#include "serve/site/limits.h"

struct exit_watch {
    uv_timer_t timer;
    struct exit_rules rules;
    const struct listeners *listeners;
    const struct limits *limits;
    void (*over)(void *owner, const char *why);
    void *owner;
};

void exit_watch_init(struct exit_watch *watch, uv_loop_t *loop);

/* The clock runs from here. The members but timer and rules are the caller's to set. */
void exit_watch_start(struct exit_watch *watch, const struct config_exit *config);

void exit_watch_close(struct exit_watch *watch);

#endif
