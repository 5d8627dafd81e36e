#include "core/bridge/bridge_splice.h"

#include "core/bridge/bridge_sink.h"

bool bridge_splice_fits(const struct bridge *bridge, const struct bridge_end *end,
                        const struct bridge_scratch *scratch)
{
    const struct bridge_end *client = &bridge->client;
    return scratch->ducts && end == &bridge->target && !end->framed && client->framed &&
           !bridge->tap && bridge->down.state == PIPE_FLOWING &&
           transport_takes_ducts(end->transport) && transport_takes_ducts(client->transport);
}

struct io bridge_splice_read(struct bridge *bridge, struct bridge_end *end,
                             struct bridge_scratch *scratch, uint64_t now)
{
    struct duct *duct = duct_take(scratch->ducts);
    if (!duct)
        return io_status(IO_WANT_WRITE);
    struct io io = transport_fill(end->transport, duct, BRIDGE_BUFFER - scratch->spared);
    if (io.status != IO_OK) {
        duct_give(duct);
        return io;
    }
    uint8_t *header = bridge_frames_before(&bridge->frames, scratch->buffer, io.n);
    bridge->moved_at = now;
    bridge->down.bytes += io.n;
    const struct slice bytes = {(const char *)header, (size_t)(scratch->buffer - header)};
    bridge_sink_send_duct(bridge, &bridge->down, bytes, duct, now);
    return io;
}
