/*
 * The end of a libuv loop.
 *
 * A running name look-up cannot be cancelled: a resolver that does not answer keeps the loop of the
 * look-up alive for half a minute or more. A process that ends does not wait for that.
 *
 * Owns: nothing. Thread: the loop's, or any once that has ended. Errors: false.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_PROCESS_LOOP_H
#define WSLUICE_RUN_PROCESS_LOOP_H

#include <uv.h>

#include "base/base.h"

/*
 * After uv_close was called for every handle: runs their callbacks and closes the loop. False: a
 * look-up hangs. libuv will then still access the loop, so its memory has to stay, and only _exit
 * ends the process in time (exit waits for libuv's threads).
 */
WSL_MUST_CHECK bool loop_finish(uv_loop_t *loop);

#endif
