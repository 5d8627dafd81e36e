#include "serve/tap/tap.h"

#include "codec/rfb/rfb_watch.h"
#include "core/bridge/bridge.h"
#include "serve/tap/recorder.h"
#include "serve/tap/traffic.h"

struct tap {
    struct bridge_tap bridge;
    struct recorder *recorder; /* NULL: not recorded */
    bool traffic, rfb;
    struct rfb_watch watch;      /* with rfb */
    void (*resume)(void *owner); /* the recording's */
    void *resume_owner;
    void (*opaque)(void *owner, const char *why);
    void *opaque_owner;
};

/* ---- input ---- */

static void report_opaque(struct tap *tap)
{
    char why[64];
    rfb_watch_explain(&tap->watch, why, sizeof(why));
    tap->opaque(tap->opaque_owner, why);
}

static bool has_input(struct tap *tap, const struct bridge_payload *payload)
{
    if (!tap->rfb)
        return payload->from_client;
    if (!payload->from_client) {
        rfb_watch_server(&tap->watch, payload->bytes);
        return false;
    }
    bool was_opaque = tap->watch.opaque, input = rfb_watch_client(&tap->watch, payload->bytes);
    if (tap->watch.opaque && !was_opaque)
        report_opaque(tap);
    return input;
}

/* ---- payload ---- */

static bool on_payload(struct bridge_tap *bridge, const struct bridge_payload *payload,
                       uint64_t now)
{
    struct tap *tap = WSL_CONTAINER(bridge, struct tap, bridge);
    if (tap->traffic)
        traffic_mark(payload);
    if (payload->bytes.len == 0)
        return false;
    if (tap->recorder) {
        recorder_take(tap->recorder, payload->from_client, payload->bytes, now);
        bridge->full = recorder_is_full(tap->recorder);
    }
    return has_input(tap, payload);
}

/* ---- life ---- */

static void resume_cb(void *owner)
{
    struct tap *tap = owner;
    tap->bridge.full = false;
    tap->resume(tap->resume_owner);
}

static bool record(struct tap *tap, const struct recorder_request *recording)
{
    struct recorder_request request = *recording;
    tap->resume = request.resume;
    tap->resume_owner = request.owner;
    request.resume = resume_cb;
    request.owner = tap;
    tap->recorder = recorder_start(&request);
    return tap->recorder != NULL;
}

struct tap *tap_begin(const struct tap_request *request)
{
    struct tap *tap = calloc(1, sizeof(*tap));
    if (!tap)
        return NULL;
    tap->bridge.on_payload = on_payload;
    tap->traffic = request->traffic;
    tap->rfb = request->rfb;
    tap->opaque = request->opaque;
    tap->opaque_owner = request->owner;
    rfb_watch_init(&tap->watch);
    if (request->recording && !record(tap, request->recording)) {
        free(tap);
        return NULL;
    }
    if (request->traffic)
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
