#include "net/reaper.h"

static void free_all(struct reaper *reaper)
{
    uv_mutex_lock(&reaper->lock);
    struct reaper_item *item = reaper->first, *next;
    reaper->first = NULL;
    uv_mutex_unlock(&reaper->lock);
    for (; item; item = next) {
        next = item->next;
        item->free(item);
    }
}

static void work_cb(struct work_task *task)
{
    free_all(WSL_CONTAINER(task, struct reaper, task));
}

/* Items that came while the pool was busy are freed in its next turn. */
static void begin_cb(void *owner, void *argument)
{
    struct reaper *reaper = argument;
    (void)owner;
    if (reaper->busy)
        return;
    reaper->busy = true;
    work_queue(reaper->lane, &reaper->task, WORK_reload, 0);
}

static void done_cb(struct work_task *task)
{
    struct reaper *reaper = WSL_CONTAINER(task, struct reaper, task);
    reaper->busy = false;
    uv_mutex_lock(&reaper->lock);
    bool more = reaper->first != NULL;
    uv_mutex_unlock(&reaper->lock);
    if (more)
        begin_cb(NULL, reaper);
}

bool reaper_open(struct reaper *reaper, const struct work_lane *lane)
{
    *reaper = (struct reaper){.lane = lane, .task = {.work = work_cb, .done = done_cb}};
    return uv_mutex_init(&reaper->lock) == 0;
}

void reaper_add(struct reaper *reaper, struct reaper_item *item,
                void (*free)(struct reaper_item *item))
{
    item->free = free;
    uv_mutex_lock(&reaper->lock);
    item->next = reaper->first;
    reaper->first = item;
    uv_mutex_unlock(&reaper->lock);
    mailbox_post(reaper->lane->mailbox, &reaper->post, begin_cb, reaper);
}

void reaper_close(struct reaper *reaper)
{
    free_all(reaper);
    uv_mutex_destroy(&reaper->lock);
}
