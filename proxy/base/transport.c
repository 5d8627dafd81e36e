#include "base/transport.h"

#include <errno.h>

const struct transport_side transport_client = {REASON_client_reset, REASON_client_io};
const struct transport_side transport_target = {REASON_target_reset, REASON_target_io};

struct io transport_send(struct transport *t, struct slice bytes, size_t *sent, bool *blocked)
{
    struct io io = *blocked ? transport_flush(t) : io_status(IO_OK);
    *blocked = io.status == IO_WANT_WRITE;
    while (io.status == IO_OK && *sent < bytes.len) {
        struct slice rest = slice_from(bytes, *sent);
        io = transport_write(t, (const uint8_t *)rest.ptr, rest.len);
        if (io.status != IO_OK)
            return io;
        *sent += io.n;
        *blocked = io.blocked && *sent == bytes.len;
        if (io.blocked)
            return io_status(IO_WANT_WRITE);
    }
    return io;
}

enum reason transport_reason(const struct transport_side *side, int error)
{
    /* EPIPE follows a reset that an earlier call reported. */
    return error == ECONNRESET || error == EPIPE ? (enum reason)side->reset : (enum reason)side->io;
}
