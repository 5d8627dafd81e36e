#include "net/loop/loop_meter.h"

void loop_meter_note(struct loop_meter *meter, uint64_t busy, uint64_t now)
{
    if (WSL_UNLIKELY(now >= meter->window_end)) {
        bool next = now < meter->window_end + LOOP_METER_WINDOW_MS;
        meter->in_last_window = next ? meter->in_window : 0;
        meter->in_window = 0;
        meter->window_end = now + LOOP_METER_WINDOW_MS;
    } else if (WSL_LIKELY(busy <= meter->in_window)) {
        return;
    }
    if (busy > meter->in_window)
        meter->in_window = busy;
    uint64_t longest =
        meter->in_window > meter->in_last_window ? meter->in_window : meter->in_last_window;
    atomic_store_explicit(meter->longest, longest, memory_order_relaxed);
}

/* libuv reads its clock when events have come, and again before the next turn. */
static void woke_cb(uv_check_t *woke)
{
    WSL_CONTAINER(woke, struct loop_meter, woke)->woke_at = uv_now(woke->loop);
}

static void waits_cb(uv_prepare_t *waits)
{
    struct loop_meter *meter = WSL_CONTAINER(waits, struct loop_meter, waits);
    uint64_t now = uv_now(waits->loop);
    if (meter->woke_at != 0)
        loop_meter_note(meter, now - meter->woke_at, now);
}

void loop_meter_open(struct loop_meter *meter, uv_loop_t *loop, atomic_uint_fast64_t *longest)
{
    *meter = (struct loop_meter){.longest = longest};
    uv_check_init(loop, &meter->woke);
    uv_prepare_init(loop, &meter->waits);
    uv_check_start(&meter->woke, woke_cb);
    uv_prepare_start(&meter->waits, waits_cb);
    uv_unref((uv_handle_t *)&meter->woke);
    uv_unref((uv_handle_t *)&meter->waits);
}

void loop_meter_close(struct loop_meter *meter)
{
    uv_close((uv_handle_t *)&meter->woke, NULL);
    uv_close((uv_handle_t *)&meter->waits, NULL);
}
