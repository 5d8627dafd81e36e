#include "serve/tap/tap.h"

#include "core/bridge/bridge.h"
#include "serve/tap/recorder.h"
#include "serve/tap/traffic.h"

struct tap {
    struct bridge_tap bridge;
    struct recorder *recorder; /* NULL: not recorded */
    bool traffic;
    void (*resume)(void *owner); /* the recording's */
    void *owner;
};

static void on_payload(struct bridge_tap *bridge, const struct bridge_payload *payload,
                       uint64_t now)
{
    struct tap *tap = WSL_CONTAINER(bridge, struct tap, bridge);
    if (tap->traffic)
        traffic_mark(payload);
    if (!tap->recorder || payload->bytes.len == 0)
        return;
    recorder_take(tap->recorder, payload->from_client, payload->bytes, now);
    bridge->full = recorder_is_full(tap->recorder);
}

static void resume_cb(void *owner)
{
    struct tap *tap = owner;
    tap->bridge.full = false;
    tap->resume(tap->owner);
}

static bool record(struct tap *tap, const struct recorder_request *recording)
{
    struct recorder_request request = *recording;
    tap->resume = request.resume;
    tap->owner = request.owner;
    request.resume = resume_cb;
    request.owner = tap;
    tap->recorder = recorder_start(&request);
    return tap->recorder != NULL;
}

struct tap *tap_begin(const struct recorder_request *recording, bool traffic)
{
    struct tap *tap = calloc(1, sizeof(*tap));
    if (!tap)
        return NULL;
    tap->bridge.on_payload = on_payload;
    tap->traffic = traffic;
    if (recording && !record(tap, recording)) {
        free(tap);
        return NULL;
    }
    if (traffic)
        traffic_legend();
    return tap;
}

struct bridge_tap *tap_for_bridge(struct tap *tap)
{
    return &tap->bridge;
}

void tap_end(struct tap *tap)
{
    if (!tap)
        return;
    if (tap->recorder)
        recorder_finish(tap->recorder);
    free(tap);
}
