#include "net/mailbox.h"

#include "net/loop/pieces.h"

/* From here on the sender may post it again, and `run` may free it. */
static bool take_next(struct mailbox *mailbox, struct mailbox_post *out)
{
    pthread_mutex_lock(&mailbox->mutex);
    struct mailbox_post *post = mailbox->due;
    if (post) {
        mailbox->due = post->next;
        *out = *post;
        post->waiting = false;
    }
    pthread_mutex_unlock(&mailbox->mutex);
    return post != NULL;
}

/* Runs the posts that wait now; those that are added meanwhile wait for the next turn. */
static void wake_cb(uv_async_t *wake)
{
    struct mailbox *mailbox = WSL_CONTAINER(wake, struct mailbox, wake);
    struct mailbox_post post;
    pthread_mutex_lock(&mailbox->mutex);
    mailbox->due = mailbox->first;
    mailbox->first = NULL;
    mailbox->end = &mailbox->first;
    pthread_mutex_unlock(&mailbox->mutex);
    while (take_next(mailbox, &post))
        PIECES_RUN("post", post.run, post.run(mailbox->owner, post.argument));
}

bool mailbox_open(struct mailbox *mailbox, uv_loop_t *loop, void *owner)
{
    *mailbox = (struct mailbox){.owner = owner};
    if (pthread_mutex_init(&mailbox->mutex, NULL) != 0)
        return false;
    mailbox->end = &mailbox->first;
    mailbox->open = uv_async_init(loop, &mailbox->wake, wake_cb) == 0;
    return mailbox->open;
}

void mailbox_post(struct mailbox *mailbox, struct mailbox_post *post, mailbox_fn *run,
                  void *argument)
{
    pthread_mutex_lock(&mailbox->mutex);
    if (mailbox->open && !post->waiting) {
        *post = (struct mailbox_post){.run = run, .argument = argument, .waiting = true};
        *mailbox->end = post;
        mailbox->end = &post->next;
        uv_async_send(&mailbox->wake);
    }
    pthread_mutex_unlock(&mailbox->mutex);
}

/* True: it was in that list. */
static bool unlink_from(struct mailbox_post **at, const struct mailbox_post *post)
{
    while (*at && *at != post)
        at = &(*at)->next;
    if (!*at)
        return false;
    *at = post->next;
    return true;
}

bool mailbox_withdraw(struct mailbox *mailbox, struct mailbox_post *post)
{
    pthread_mutex_lock(&mailbox->mutex);
    bool found = unlink_from(&mailbox->due, post) || unlink_from(&mailbox->first, post);
    if (found)
        post->waiting = false;
    mailbox->end = &mailbox->first;
    while (*mailbox->end)
        mailbox->end = &(*mailbox->end)->next;
    pthread_mutex_unlock(&mailbox->mutex);
    return found;
}

void mailbox_close(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->mutex);
    mailbox->open = false;
    pthread_mutex_unlock(&mailbox->mutex);
    uv_close((uv_handle_t *)&mailbox->wake, NULL);
}

void mailbox_free(struct mailbox *mailbox)
{
    pthread_mutex_destroy(&mailbox->mutex);
}
