/*
 * The only way from one thread to another: post a function and its argument, and the loop of the
 * other thread runs it. Posts run in order; many posts cost one wake-up.
 *
 * A post is a member of the sender's struct, so that posting needs no memory: a process that is out
 * of memory can still be told to end.
 *
 * Owns: nothing; posts are linked in until they run. Thread: mailbox_post from any; the rest from
 * the loop's. Errors: none. Lifetime: mailbox_open to mailbox_close; later posts do not run.
 */
#ifndef WSLUICE_NET_MAILBOX_H
#define WSLUICE_NET_MAILBOX_H

#include <pthread.h>
#include <uv.h>

#include "base/base.h"

typedef void mailbox_fn(void *owner, void *argument);

/* Not to be changed or freed while it waits. Zeroed at first. */
struct mailbox_post {
    struct mailbox_post *next;
    mailbox_fn *run;
    void *argument;
    bool waiting;
};

struct mailbox {
    uv_async_t wake;
    pthread_mutex_t mutex;
    void *owner; /* the first argument of every function that runs */
    struct mailbox_post *first, **end;
    struct mailbox_post *due; /* those that the loop runs in this turn */
    bool open;
};

WSL_MUST_CHECK bool mailbox_open(struct mailbox *mailbox, uv_loop_t *loop, void *owner);

/* A post that already waits runs once, with its first argument. */
void mailbox_post(struct mailbox *mailbox, struct mailbox_post *post, mailbox_fn *run,
                  void *argument);

/*
 * Takes a post back. True: it will not run. False: it does not wait: it has run, runs now on the
 * loop's thread, or was never posted.
 */
bool mailbox_withdraw(struct mailbox *mailbox, struct mailbox_post *post);

void mailbox_close(struct mailbox *mailbox);

/* After the loop has ended. */
void mailbox_free(struct mailbox *mailbox);

#endif
