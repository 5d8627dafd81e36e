#include "core/bridge/pace.h"

/* So often within a timeout the kernel is asked what its sockets still hold. */
#define CHECKS 4

/*
 * The first step of a reader may be the rest of a window, and the next one a whole buffer, four
 * times as much; the rest is margin.
 */
#define STEP_FACTOR 8

bool pace_has_moved(struct pipe *pipe, uint64_t unsent, uint64_t now)
{
    uint64_t left = unsent + pipe_carried(pipe);
    bool first = pipe->still_since == 0, moved = !first && left < pipe->left;
    pipe->left = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
    if (first || moved)
        pipe->still_since = now;
    return moved;
}

uint64_t pace_next_check(uint32_t timeout, uint64_t now)
{
    return now + (timeout + CHECKS - 1) / CHECKS;
}

uint64_t pace_close_wait(uint64_t longest_step, uint32_t close_timeout, uint32_t stall_timeout)
{
    uint64_t steps = longest_step * STEP_FACTOR;
    if (steps > stall_timeout)
        steps = stall_timeout;
    return close_timeout > steps ? close_timeout : steps;
}
