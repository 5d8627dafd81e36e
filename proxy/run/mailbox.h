/*
 * The only way from one thread to another: post a function and its argument, and the loop on the
 * other side runs it. Posts are run in order; many posts cost one wake-up.
 *
 * Owns: posts that have not run yet. Thread: mailbox_post from any; the rest from the loop's.
 * Errors: mailbox_post returns false when memory is out; nothing was posted then.
 * Lifetime: mailbox_open to mailbox_close; posts that come after it are not run.
 */
#ifndef WSLUICE_RUN_MAILBOX_H
#define WSLUICE_RUN_MAILBOX_H

#include <pthread.h>
#include <uv.h>

#include "base/base.h"

typedef void mailbox_fn(void *owner, void *argument);

struct mailbox_post {
    mailbox_fn *run;
    void *argument;
};

struct mailbox {
    uv_async_t wake;
    pthread_mutex_t mutex;
    void *owner; /* first argument of every post that runs */
    struct mailbox_post *posts;
    size_t count, capacity;
    bool open;
};

bool mailbox_open(struct mailbox *mailbox, uv_loop_t *loop, void *owner) WSL_MUST_CHECK;
bool mailbox_post(struct mailbox *mailbox, mailbox_fn *run, void *argument) WSL_MUST_CHECK;
void mailbox_close(struct mailbox *mailbox);

/* After the loop has ended. */
void mailbox_free(struct mailbox *mailbox);

#endif
