/*
 * How many connections an address has, and how fast it opens new ones: a bounded table by address,
 * IPv4 whole and IPv6 by /64, which is what one customer gets.
 *
 *      buckets (hash)            entries, a fixed number, used from the first on
 *      +---+     +------------------+     +------------------+
 *      | 3-+---->| address, active, |---->| ...              |    each bucket a chain
 *      | 0 |     | full_at          |     |                  |
 *      +---+     +------------------+     +------------------+
 *                  without a connection: in the list `idle` as well, the longest idle first
 *
 * The rate is a bucket of `burst` tokens that fills at `per_second`. An entry only keeps when it
 * will be full again. An entry without connections and without missing tokens is as good as none.
 *
 * When the table is full, the longest idle entry is reused, even with tokens missing: a client with
 * that many addresses gains nothing by one more fresh entry. Entries with connections stay. If all
 * have connections, a new address is admitted without being counted: a refusal would hit an honest
 * client, and the limits of listener and process still hold. `stats` counts both cases.
 *
 * Not base/hash_map: keys are two numbers, and entries are allocated once and are reused, so that
 * no client's connection allocates memory; links are 32-bit indexes, which keep an entry at 44
 * bytes.
 *
 * Every operation takes constant time. Pure except for malloc: time is a parameter, and may go
 * back a little, as the clocks of workers differ.
 *
 * Owns: its table. Thread: one at a time. Errors: NULL without memory; verdicts. Lifetime: until
 * limiter_destroy, with or without connections counted.
 */
#ifndef WSLUICE_CORE_ACCESS_LIMITER_H
#define WSLUICE_CORE_ACCESS_LIMITER_H

#include "base/base.h"
#include "base/siphash.h"
#include "codec/ip.h"

#define LIMITER_CAPACITY    65536 /* addresses, by default; 44 bytes each */
#define LIMITER_NOT_COUNTED UINT32_MAX

/* One client: an IPv4 address, or the /64 of an IPv6 address. */
struct limiter_key {
    uint64_t high, low;
};

/* May change from call to call: the counts do not depend on them. 0: off. */
struct limiter_limits {
    uint32_t connections;
    uint32_t per_second;
    uint32_t burst; /* 0: as 1 */
};

struct limiter_stats {
    uint64_t forgotten;   /* idle entries that were reused with tokens missing */
    uint64_t not_counted; /* admitted while all entries had connections */
};

enum limiter_verdict {
    LIMITER_ADMITTED,
    LIMITER_TOO_MANY,
    LIMITER_TOO_FAST, /* costs no token */
};

struct limiter;

/* At most `capacity` addresses, 1 to 2^24. */
WSL_MUST_CHECK struct limiter *limiter_create(uint32_t capacity, const struct siphash_seed *seed);
void limiter_destroy(struct limiter *limiter); /* NULL: nothing happens */

struct limiter_key limiter_key_of(const uint8_t address[static IP_BYTES]);

/* One more connection of this client; once admitted, `slot` goes to limiter_leave at its end. */
WSL_MUST_CHECK enum limiter_verdict limiter_enter(struct limiter *limiter,
                                                  const struct limiter_key *key,
                                                  const struct limiter_limits *limits,
                                                  uint64_t now_ms, uint32_t *slot);
void limiter_leave(struct limiter *limiter, uint32_t slot);

/* For observation. */
struct limiter_stats limiter_stats(const struct limiter *limiter);

#endif
