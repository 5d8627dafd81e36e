#include "core/access/client_address.h"

#include "codec/http/forwarded.h"
#include "core/access/access.h"

bool client_address_trusts(const struct config_cidrs *trusted, const struct client_address *peer)
{
    return peer->known ? access_is_in_ranges(trusted, peer->ip.address) : trusted->count > 0;
}

/* Follows the hops of one field; false: the head does not have it. */
static bool follow_hops(const struct http_head *head, enum forwarded_kind kind,
                        const struct config_cidrs *trusted, struct client_address *client)
{
    struct forwarded_walk walk = forwarded_begin(head, kind);
    struct client_address next = {.known = true};
    enum forwarded_hop hop = forwarded_next(&walk, &next.ip);
    bool any = hop != FORWARDED_END;
    while (hop == FORWARDED_ADDRESS) {
        *client = next;
        if (!client_address_trusts(trusted, client))
            break;
        hop = forwarded_next(&walk, &next.ip);
    }
    return any;
}

bool client_address_is_same(const struct client_address *a, const struct client_address *b)
{
    return a->known == b->known &&
           (!a->known || memcmp(a->ip.address, b->ip.address, IP_BYTES) == 0);
}

enum reason client_address_find(const struct http_head *head, const struct config_cidrs *trusted,
                                const struct client_address *peer, struct client_address *client)
{
    *client = *peer;
    if (!client_address_trusts(trusted, peer))
        return REASON_none;
    struct client_address other = *peer;
    bool standard = follow_hops(head, FORWARDED_STANDARD, trusted, client);
    bool x_for = follow_hops(head, FORWARDED_X_FOR, trusted, &other);
    if (standard && x_for)
        return client_address_is_same(client, &other) ? REASON_none : REASON_http_forwarded;
    if (x_for)
        *client = other;
    return REASON_none;
}
