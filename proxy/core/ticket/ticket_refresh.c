#include "core/ticket/ticket_refresh.h"

enum ticket_refresh_step ticket_refresh_next(const struct ticket_refresh *refresh, uint64_t now,
                                             bool unknown)
{
    bool wanted = unknown || !refresh->has_keys || now >= refresh->fresh_until;
    if (!wanted || (!refresh->is_fetching && now < refresh->next_at))
        return TICKET_REFRESH_KEEP;
    return refresh->has_keys && refresh->is_failing && !unknown ? TICKET_REFRESH_BEHIND
                                                                : TICKET_REFRESH_WAIT;
}

void ticket_refresh_begin(struct ticket_refresh *refresh, uint64_t now, uint32_t interval_ms)
{
    refresh->is_fetching = true;
    refresh->next_at = now + interval_ms;
}

void ticket_refresh_end(struct ticket_refresh *refresh, uint64_t now, uint32_t interval_ms,
                        uint64_t lifetime_ms)
{
    *refresh = (struct ticket_refresh){
        .fresh_until = now + lifetime_ms, .next_at = now + interval_ms, .has_keys = true};
}

void ticket_refresh_fail(struct ticket_refresh *refresh, uint64_t now, uint32_t interval_ms)
{
    refresh->is_fetching = false;
    refresh->is_failing = true;
    refresh->next_at = now + interval_ms;
}

uint64_t ticket_refresh_lifetime(uint32_t seconds, uint32_t longest_ms)
{
    uint64_t lifetime = (uint64_t)seconds * 1000;
    if (lifetime < TICKET_REFRESH_LEAST_MS)
        lifetime = TICKET_REFRESH_LEAST_MS;
    return lifetime < longest_ms ? lifetime : longest_ms;
}

uint32_t ticket_refresh_seconds(const struct ticket_refresh *refresh, uint64_t now)
{
    uint64_t wait = refresh->next_at > now ? refresh->next_at - now : 0;
    uint64_t seconds = (wait + 999) / 1000;
    return seconds == 0 ? 1 : seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}
