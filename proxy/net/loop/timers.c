#include "net/loop/timers.h"

#include "net/loop/pieces.h"

static void wake_cb(uv_timer_t *timer);

/* An earlier time than needed is fine: it costs one turn of the loop. */
static void update(struct timers *timers, uint64_t soonest)
{
    uint64_t first = deadlines_first(&timers->deadlines), now = uv_now(timers->timer.loop);
    if (timers->running || (first >= timers->wakes_at && first != DEADLINES_NEVER))
        return;
    timers->wakes_at = first;
    if (first == DEADLINES_NEVER)
        uv_timer_stop(&timers->timer);
    else
        uv_timer_start(&timers->timer, wake_cb, first > now + soonest ? first - now : soonest, 0);
}

static void wake_cb(uv_timer_t *timer)
{
    struct timers *timers = WSL_CONTAINER(timer, struct timers, timer);
    uint64_t now = uv_now(timer->loop);
    struct deadline *due;
    timers->running = true;
    for (int i = 0; i < TIMERS_PER_TURN && (due = deadlines_take(&timers->deadlines, now)); i++)
        PIECES_RUN("timer", timers->callback, timers->callback(due));
    timers->running = false;
    timers->wakes_at = DEADLINES_NEVER;
    update(timers, 1); /* libuv calls back again in the same turn if a timer starts with 0 */
}

void timers_open(struct timers *timers, uv_loop_t *loop, timers_cb *callback)
{
    *timers = (struct timers){.wakes_at = DEADLINES_NEVER, .callback = callback};
    uv_timer_init(loop, &timers->timer);
}

void timers_close(struct timers *timers)
{
    uv_close((uv_handle_t *)&timers->timer, NULL);
    deadlines_free(&timers->deadlines);
}

void timers_withdraw(struct timers *timers, struct deadline *deadline)
{
    timers_stop(timers, deadline);
    deadlines_withdraw(&timers->deadlines, deadline);
}

void timers_start(struct timers *timers, struct deadline *deadline, uint64_t milliseconds)
{
    deadlines_set(&timers->deadlines, deadline, uv_now(timers->timer.loop) + milliseconds);
    update(timers, 0);
}

void timers_stop(struct timers *timers, struct deadline *deadline)
{
    deadlines_clear(&timers->deadlines, deadline);
    update(timers, 0);
}
