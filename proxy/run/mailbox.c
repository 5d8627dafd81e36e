#include "run/mailbox.h"

/* Takes all posts at once, so that none is run while the lock is held. */
static void wake_cb(uv_async_t *wake)
{
    struct mailbox *mailbox = WSL_CONTAINER(wake, struct mailbox, wake);
    pthread_mutex_lock(&mailbox->mutex);
    struct mailbox_post *posts = mailbox->posts;
    size_t count = mailbox->count;
    mailbox->posts = NULL;
    mailbox->count = mailbox->capacity = 0;
    pthread_mutex_unlock(&mailbox->mutex);
    for (size_t i = 0; i < count; i++)
        posts[i].run(mailbox->owner, posts[i].argument);
    free(posts);
}

bool mailbox_open(struct mailbox *mailbox, uv_loop_t *loop, void *owner)
{
    *mailbox = (struct mailbox){.owner = owner};
    if (pthread_mutex_init(&mailbox->mutex, NULL) != 0)
        return false;
    mailbox->open = uv_async_init(loop, &mailbox->wake, wake_cb) == 0;
    return mailbox->open;
}

bool mailbox_post(struct mailbox *mailbox, mailbox_fn *run, void *argument)
{
    bool posted = false;
    pthread_mutex_lock(&mailbox->mutex);
    if (mailbox->open && mailbox->count == mailbox->capacity) {
        size_t capacity = mailbox->capacity ? mailbox->capacity * 2 : 8;
        struct mailbox_post *grown = realloc(mailbox->posts, capacity * sizeof(*grown));
        if (grown) {
            mailbox->posts = grown;
            mailbox->capacity = capacity;
        }
    }
    if (mailbox->open && mailbox->count < mailbox->capacity) {
        mailbox->posts[mailbox->count++] = (struct mailbox_post){run, argument};
        posted = true;
        uv_async_send(&mailbox->wake);
    }
    pthread_mutex_unlock(&mailbox->mutex);
    return posted;
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
    free(mailbox->posts);
    pthread_mutex_destroy(&mailbox->mutex);
}
