/*
 * When keys that a URL gives are fetched: before their first use, when their lifetime is over, and
 * when a ticket names a key that is not among them.
 *
 *      fresh, and the key is known           KEEP
 *      the last fetch began or ended         KEEP    what is there, also if that is nothing
 *        less than an interval ago
 *      a fetch is wanted                     WAIT    for its end
 *        and the last one failed             BEHIND  it begins, but the old keys serve meanwhile
 *
 * So however many tickets name unknown keys, there is one fetch in an interval; a service that is
 * down delays the clients of one fetch, and then only those whose key is unknown.
 *
 * Pure. Owns: nothing. Thread: any, behind its owner's lock. Errors: none. Lifetime: plain memory,
 * which begins as zero. Times are milliseconds of a monotonic clock.
 */
#ifndef WSLUICE_CORE_TICKET_TICKET_REFRESH_H
#define WSLUICE_CORE_TICKET_TICKET_REFRESH_H

#include "base/base.h"

#define TICKET_REFRESH_LEAST_MS 60000 /* the shortest lifetime, unless the longest is shorter */

struct ticket_refresh {
    uint64_t fresh_until, next_at;
    bool has_keys, is_failing, is_fetching;
};

enum ticket_refresh_step { TICKET_REFRESH_KEEP, TICKET_REFRESH_WAIT, TICKET_REFRESH_BEHIND };

/* `unknown`: a ticket names a key that is not there. */
enum ticket_refresh_step ticket_refresh_next(const struct ticket_refresh *refresh, uint64_t now,
                                             bool unknown);

/* A fetch begins; it ends with these keys' lifetime, or fails. */
void ticket_refresh_begin(struct ticket_refresh *refresh, uint64_t now, uint32_t interval_ms);
void ticket_refresh_end(struct ticket_refresh *refresh, uint64_t now, uint32_t interval_ms,
                        uint64_t lifetime_ms);
void ticket_refresh_fail(struct ticket_refresh *refresh, uint64_t now, uint32_t interval_ms);

/* `seconds`: what the answer allows; 0: nothing. */
uint64_t ticket_refresh_lifetime(uint32_t seconds, uint32_t longest_ms);

/* Seconds until the next fetch may begin; at least 1. */
uint32_t ticket_refresh_seconds(const struct ticket_refresh *refresh, uint64_t now);

#endif
