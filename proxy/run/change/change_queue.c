#include "run/change/change_queue.h"

void change_queue_request(struct change_queue *queue, enum change change)
{
    if (change == CHANGE_UPGRADE && queue->current == CHANGE_UPGRADE)
        return;
    queue->pending[change] = true;
}

enum change change_queue_next(struct change_queue *queue)
{
    if (queue->current != CHANGE_NONE)
        return CHANGE_NONE;
    for (enum change change = CHANGE_NONE + 1; change < CHANGES; change++) {
        if (!queue->pending[change])
            continue;
        queue->pending[change] = false;
        queue->current = change;
        return change;
    }
    return CHANGE_NONE;
}

bool change_queue_finish(struct change_queue *queue, bool succeeded)
{
    enum change change = queue->current;
    queue->current = CHANGE_NONE;
    if (change == CHANGE_CONFIG)
        queue->config_refused = !succeeded;
    return change == CHANGE_CONFIG ||
           (change == CHANGE_CERTIFICATES && !(succeeded && queue->config_refused));
}

void change_queue_give_up(struct change_queue *queue)
{
    queue->current = CHANGE_NONE;
}

bool change_queue_has(const struct change_queue *queue, enum change change)
{
    return queue->pending[change];
}

bool change_queue_is_idle(const struct change_queue *queue)
{
    for (enum change change = CHANGE_NONE + 1; change < CHANGES; change++)
        if (queue->pending[change])
            return false;
    return queue->current == CHANGE_NONE;
}
