#include "run/process/loop.h"

/* Look-ups that had not begun come back at once as cancelled; they get this long for it. */
#define PATIENCE_NS (100 * (uint64_t)1000000)
#define NAP_MS      1

bool loop_finish(uv_loop_t *loop)
{
    uint64_t began = uv_hrtime();
    while (uv_run(loop, UV_RUN_NOWAIT) != 0) {
        if (uv_hrtime() - began > PATIENCE_NS)
            return false;
        uv_sleep(NAP_MS);
    }
    return uv_loop_close(loop) == 0;
}
