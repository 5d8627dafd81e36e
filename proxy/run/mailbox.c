#include "run/mailbox.h"

/* Takes all posts at once, so that none is run while the lock is held. */
static void wake_cb(uv_async_t *wake)
{
    struct mailbox *mailbox = WSL_CONTAINER(wake, struct mailbox, wake);
    pthread_mutex_lock(&mailbox->mutex);
    struct mailbox_post *post = mailbox->first;
    mailbox->first = NULL;
    mailbox->end = &mailbox->first;
    pthread_mutex_unlock(&mailbox->mutex);
    while (post) {
        struct mailbox_post now = *post;
        /* From here on the sender may post it again, or free it in what runs. */
        pthread_mutex_lock(&mailbox->mutex);
        post->waiting = false;
        pthread_mutex_unlock(&mailbox->mutex);
        now.run(mailbox->owner, now.argument);
        post = now.next;
    }
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
