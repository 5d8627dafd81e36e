#include "run/connect/connect_stdio.h"

#include <unistd.h>

#include "core/bridge/bridge.h"

/* The end of a pipe's writer is a hang-up, behind its last bytes. */
static void in_cb(void *owner, unsigned ready)
{
    struct connect_stdio *stdio = owner;
    (void)ready;
    if (stdio->want & BRIDGE_CLIENT_READ)
        stdio->callback(stdio->owner, BRIDGE_CLIENT_READ);
}

/*
 * Before anything is wanted, a socket that has ended in both directions has lost its reader. Later,
 * reading and writing find that.
 */
static void out_cb(void *owner, unsigned ready)
{
    struct connect_stdio *stdio = owner;
    if (ready & WATCH_HUNG_UP)
        ready |= BRIDGE_CLIENT_BROKEN;
    stdio->callback(stdio->owner, ready & (BRIDGE_CLIENT_WRITE | BRIDGE_CLIENT_BROKEN));
}

/* What is wanted of files. */
static unsigned of_files(const struct connect_stdio *stdio)
{
    unsigned watched =
        (stdio->in ? BRIDGE_CLIENT_READ : 0U) | (stdio->out ? BRIDGE_CLIENT_WRITE : 0U);
    return stdio->want & ~watched;
}

static void files_cb(uv_idle_t *idle)
{
    struct connect_stdio *stdio = WSL_CONTAINER(idle, struct connect_stdio, files);
    stdio->callback(stdio->owner, of_files(stdio));
}

void connect_stdio_open(struct connect_stdio *stdio, struct watch_set *watches,
                        void (*callback)(void *owner, unsigned ready), void *owner)
{
    *stdio = (struct connect_stdio){.callback = callback, .owner = owner};
    stdio->transport = stdio_open(&stdio->stdio, STDIN_FILENO, STDOUT_FILENO);
    stdio->in = watch_open(watches, stdio->stdio.in.fd, 0, in_cb, stdio);
    stdio->out = watch_open(watches, stdio->stdio.out.fd, WATCH_HUNG_UP, out_cb, stdio);
    uv_idle_init(watch_set_loop(watches), &stdio->files);
}

void connect_stdio_want(struct connect_stdio *stdio, unsigned want)
{
    stdio->want = want & (BRIDGE_CLIENT_READ | BRIDGE_CLIENT_WRITE);
    if (stdio->in)
        watch_want(stdio->in, want & BRIDGE_CLIENT_READ);
    if (stdio->out)
        watch_want(stdio->out, want & BRIDGE_CLIENT_WRITE);
    if (of_files(stdio) != 0)
        uv_idle_start(&stdio->files, files_cb);
    else
        uv_idle_stop(&stdio->files);
}

void connect_stdio_close(struct connect_stdio *stdio)
{
    watch_close(stdio->in);
    watch_close(stdio->out);
    uv_close((uv_handle_t *)&stdio->files, NULL);
    transport_close(stdio->transport);
}
