/*
 * Checks from time to time whether an exit rule holds (exit_rules), and reports the first that
 * does.
 *
 * Owns: its timer. Thread: the main one. Errors: none. Lifetime: exit_timer_init to
 * exit_timer_close; the memory may go when the loop has run once more.
 */
#ifndef WSLUICE_RUN_SUPERVISOR_EXIT_TIMER_H
#define WSLUICE_RUN_SUPERVISOR_EXIT_TIMER_H

#include "run/listeners/listeners.h"
#include "run/supervisor/exit_rules.h"
#include "serve/site/limits.h"

struct exit_timer {
    uv_timer_t timer;
    struct exit_rules rules;
    const struct listeners *listeners;
    const struct limits *limits;
    void (*callback)(void *owner, const char *why); /* called once at most */
    void *owner;
};

void exit_timer_init(struct exit_timer *exit_timer, uv_loop_t *loop);

/* Ages count from this call. The caller has set all members but `timer` and `rules`. */
void exit_timer_start(struct exit_timer *exit_timer, const struct config_exit *config);

/* No further check; before the listeners close, whose site it reads. */
void exit_timer_stop(struct exit_timer *exit_timer);

void exit_timer_close(struct exit_timer *exit_timer);

#endif
