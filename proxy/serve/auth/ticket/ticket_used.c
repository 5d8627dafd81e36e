#include "serve/auth/ticket/ticket_used.h"

#include <pthread.h>

struct ticket_used {
    pthread_mutex_t lock;
    struct ticket_once *once;
};

struct ticket_used *ticket_used_create(size_t capacity)
{
    struct ticket_used *used = calloc(1, sizeof(*used));
    if (used)
        used->once = ticket_once_create(capacity);
    if (!used || !used->once) {
        free(used);
        return NULL;
    }
    pthread_mutex_init(&used->lock, NULL);
    return used;
}

void ticket_used_free(struct ticket_used *used)
{
    if (!used)
        return;
    ticket_once_free(used->once);
    pthread_mutex_destroy(&used->lock);
    free(used);
}

enum ticket_verdict ticket_used_take(struct ticket_used *used, const struct ticket_use *use,
                                     int64_t now_ms)
{
    pthread_mutex_lock(&used->lock);
    enum ticket_verdict verdict = ticket_once_use(used->once, use, now_ms);
    pthread_mutex_unlock(&used->lock);
    return verdict;
}
