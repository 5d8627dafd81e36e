/*
 * The only way from one thread to another: post a function and its argument, and the loop on the
 * other side runs it. Posts are run in order; many posts cost one wake-up.
 *
 * A post is a few words in a struct of the sender's, so that posting needs no memory: a process
 * that has run out of it can still be told to end.
 *
 * Owns: nothing; posts are linked in until they run. Thread: mailbox_post from any; the rest from
 * the loop's. Errors: none. Lifetime: mailbox_open to mailbox_close; posts that come after it are
 * not run.
 */
#ifndef WSLUICE_NET_MAILBOX_H
#define WSLUICE_NET_MAILBOX_H

#include <pthread.h>
#include <uv.h>

#include "base/base.h"

typedef void mailbox_fn(void *owner, void *argument);

/* Of the sender until it is posted, and again once it runs. All zero to begin with. */
struct mailbox_post {
    struct mailbox_post *next;
    mailbox_fn *run;
    void *argument;
    bool waiting;
};

struct mailbox {
    uv_async_t wake;
    pthread_mutex_t mutex;
    void *owner; /* first argument of every post that runs */
    struct mailbox_post *first, **end;
    struct mailbox_post *due; /* taken by the turn of the loop that runs them now */
    bool open;
};

WSL_MUST_CHECK bool mailbox_open(struct mailbox *mailbox, uv_loop_t *loop, void *owner);

/* One that waits already runs once, as it was posted first. */
void mailbox_post(struct mailbox *mailbox, struct mailbox_post *post, mailbox_fn *run,
                  void *argument);

/*
 * Takes a post back. True: it will not run. False: it does not wait here: it has run, runs now on
 * the loop's thread, or was never posted.
 */
bool mailbox_withdraw(struct mailbox *mailbox, struct mailbox_post *post);

void mailbox_close(struct mailbox *mailbox);

/* After the loop has ended. */
void mailbox_free(struct mailbox *mailbox);

#endif
