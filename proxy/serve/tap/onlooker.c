#include "serve/tap/onlooker.h"

#include "serve/tap/traffic.h"

static void see(struct bridge_tap *tap, const struct bridge_sight *sight, uint64_t now)
{
    struct onlooker *onlooker = WSL_CONTAINER(tap, struct onlooker, tap);
    if (onlooker->traffic)
        traffic_mark(sight);
    if (!onlooker->recorder || sight->payload.len == 0)
        return;
    recorder_take(onlooker->recorder, sight->from_client, sight->payload, now);
    tap->full = recorder_full(onlooker->recorder);
}

static void moved_cb(void *owner)
{
    struct onlooker *onlooker = owner;
    onlooker->tap.full = false;
    onlooker->moved(onlooker->owner);
}

struct onlooker *onlooker_begin(const struct recorder_request *recording, bool traffic)
{
    struct onlooker *onlooker = calloc(1, sizeof(*onlooker));
    if (!onlooker)
        return NULL;
    onlooker->tap.see = see;
    onlooker->traffic = traffic;
    if (recording) {
        struct recorder_request request = *recording;
        onlooker->moved = request.moved;
        onlooker->owner = request.owner;
        request.moved = moved_cb;
        request.owner = onlooker;
        onlooker->recorder = recorder_start(&request);
        if (!onlooker->recorder) {
            free(onlooker);
            return NULL;
        }
    }
    if (traffic)
        traffic_legend();
    return onlooker;
}

void onlooker_end(struct onlooker *onlooker)
{
    if (!onlooker)
        return;
    if (onlooker->recorder)
        recorder_finish(onlooker->recorder);
    free(onlooker);
}
