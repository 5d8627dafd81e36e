/*
 * The end of a libuv loop.
 *
 * A name that is being looked up cannot be taken back: a resolver that does not answer holds the
 * loop that asked for half a minute or more. A process that is to end does not wait for that.
 *
 * Owns: nothing. Thread: the loop's, or any once that has ended. Errors: false.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_PROCESS_LOOP_H
#define WSLUICE_RUN_PROCESS_LOOP_H

#include <uv.h>

#include "base/base.h"

/*
 * After uv_close was called for every handle: waits for their callbacks and closes the loop. False:
 * a look-up hangs. libuv will then still touch the loop, so its memory has to stay, and only _exit
 * ends the process in time (exit waits for libuv's threads).
 */
WSL_MUST_CHECK bool loop_finish(uv_loop_t *loop);

#endif
