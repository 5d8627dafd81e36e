#include "serve/target/target_first.h"

#include "config/model/config.h"
#include "serve/target/target_upgrade.h"

/* Always true. */
static bool end(struct target_first *first, enum reason reason, const char *detail)
{
    first->awaited = false;
    first->reason = reason;
    first->detail = detail;
    return true;
}

static bool end_upgrade(struct target_first *first)
{
    return end(first, first->upgrade->reason, first->upgrade->detail);
}

static bool begin_upgrade(struct target_first *first, const struct target_first_request *request)
{
    static const struct config_texts none;
    const struct config_target *target = request->target;
    const struct config_texts *offered = request->offered ? request->offered : &none;
    first->upgrade = malloc(sizeof(*first->upgrade));
    if (!first->upgrade)
        return end(first, REASON_out_of_memory, "");
    first->client_offers = target->ws.subprotocols.count == 0 && offered->count > 0;
    if (target->ws.subprotocols.count > 0)
        offered = &target->ws.subprotocols;
    return !target_upgrade_begin(first->upgrade, target, request->address,
                                 request->path ? request->path : target->ws.path, offered,
                                 request->transport, request->watch) &&
           end_upgrade(first);
}

bool target_first_begin(struct target_first *first, const struct target_first_request *request)
{
    first->awaited = true;
    first->upgrade = NULL;
    if (request->target->ws.path)
        return begin_upgrade(first, request);
    if (!request->route->expect)
        return end(first, REASON_none, "");
    target_banner_begin(&first->banner, request->route->expect, request->transport, request->watch);
    return false;
}

bool target_first_proceed(struct target_first *first, uint8_t *buffer, size_t room, size_t *length)
{
    *length = 0;
    if (first->upgrade)
        return target_upgrade_proceed(first->upgrade, buffer, room, length) !=
                   TARGET_UPGRADE_WAITS &&
               end_upgrade(first);
    return target_banner_read(&first->banner, buffer, room, length) != BANNER_PARTIAL &&
           end(first, first->banner.reason, first->banner.detail);
}

void target_first_late(struct target_first *first)
{
    if (first->upgrade) {
        target_upgrade_late(first->upgrade);
        end_upgrade(first);
    } else {
        target_banner_late(&first->banner);
        end(first, first->banner.reason, first->banner.detail);
    }
}

const char *target_first_subprotocol(const struct target_first *first)
{
    return first->upgrade ? first->upgrade->subprotocol : NULL;
}

bool target_first_spares_target(const struct target_first *first)
{
    return first->upgrade && first->client_offers && first->upgrade->by_request;
}

void target_first_free(struct target_first *first)
{
    if (first->upgrade)
        target_upgrade_free(first->upgrade);
    free(first->upgrade);
    first->upgrade = NULL;
    first->awaited = false;
}
