#include "run/process/loop.h"

/* Look-ups that have not begun are cancelled within this time. */
#define TIMEOUT_NS (100 * (uint64_t)1000000)
#define SLEEP_MS   1

bool loop_finish(uv_loop_t *loop)
{
    uint64_t began = uv_hrtime();
    while (uv_run(loop, UV_RUN_NOWAIT) != 0) {
        if (uv_hrtime() - began > TIMEOUT_NS)
            return false;
        uv_sleep(SLEEP_MS);
    }
    return uv_loop_close(loop) == 0;
}
