/*
 * Answers of health routes: whether the process lives, and whether it may get clients.
 *
 * Owns: nothing; bodies are constants. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_METRICS_HEALTH_H
#define WSLUICE_SERVE_METRICS_HEALTH_H

#include "serve/metrics/process_facts.h"

#define HEALTH_TYPE "application/json"

enum health_targets {
    HEALTH_TARGETS_NOT_NEEDED, /* the health route names no routes */
    HEALTH_TARGETS_UP,         /* each route that it names has a usable target */
    HEALTH_TARGETS_DOWN,
};

struct health_reply {
    unsigned status;
    const char *body; /* JSON */
};

/* Liveness: answering at all proves that the event loop runs. */
struct health_reply health_live(void);
struct health_reply health_ready(const struct process_facts *process, enum health_targets targets);

#endif
