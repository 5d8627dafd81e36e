#include "serve/tap/traffic.h"

#include "base/log/log.h"
#include "core/bridge/bridge.h"

static const char legend[] = "\n"
                             "}  from the client    }. part of a frame    {  from the target\n"
                             ">  to the target      .> part of it         <  to the client      "
                             "<. part of it\n";

void traffic_legend(void)
{
    log_print(SLICE(legend));
}

void traffic_mark(const struct bridge_payload *payload)
{
    static const char *const sent[2][2] = {{"<.", "<"}, {".>", ">"}};
    char text[8];
    const char *received = "";
    if (payload->bytes.len > 0)
        received = !payload->from_client ? "{" : payload->partial ? "}." : "}";
    int length =
        snprintf(text, sizeof(text), "%s%s", received, sent[payload->from_client][payload->taken]);
    log_print((struct slice){text, (size_t)length});
}
