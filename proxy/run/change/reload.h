/*
 * Makes a new site from files, in libuv's thread pool, so that a large configuration or a slow disk
 * does not block the main loop.
 *
 * Owns: the work until it is done. Thread: the main one starts it and gets the callback. Errors: a
 * site of NULL and one line; findings of the configuration have been logged by then.
 * Lifetime: reload_start to the callback.
 */
#ifndef WSLUICE_RUN_CHANGE_RELOAD_H
#define WSLUICE_RUN_CHANGE_RELOAD_H

#include <uv.h>

#include "config/model/diag.h"
#include "net/work.h"
#include "serve/site/site.h"

struct reload_outcome {
    struct site *site;    /* NULL: it failed */
    const char *failure;  /* one line, if it failed */
    const char *findings; /* errors and warnings about the configuration, each a line; "": none */
};

struct reload_request {
    const struct work_lane *lane;
    struct site *current;
    const struct site_shared *shared;
    const struct config *(*load)(const void *owner, struct diag *diag); /* NULL: keep it */
    const void *load_owner;
    /* May this process use it? False: findings. NULL: any. */
    bool (*admit)(const void *owner, const struct config *config, struct diag *diag);
    const void *admit_owner;
    bool confined; /* this process reads only a part of what its user may */
    void (*callback)(void *owner, const struct reload_outcome *outcome); /* borrows all of it */
    void *owner;
};

/* False: out of memory. */
WSL_MUST_CHECK bool reload_start(const struct reload_request *request);

#endif
