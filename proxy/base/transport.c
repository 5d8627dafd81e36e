#include "base/transport.h"

#include <errno.h>

const struct transport_side transport_client = {REASON_client_reset, REASON_client_io};
const struct transport_side transport_target = {REASON_target_reset, REASON_target_io};

enum reason transport_reason(const struct transport_side *side, int error)
{
    /* EPIPE follows a reset that an earlier call reported. */
    return error == ECONNRESET || error == EPIPE ? side->reset : side->io;
}
