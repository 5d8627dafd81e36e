/*
 * How long a client waits before its next guess at a password. Failures are counted by address
 * (IPv6 by /64) and by user, so that neither many guesses from one place nor one guess each from
 * many places get far.
 *
 *     failures of      free    then waits of       at most    forgotten after
 *     an address        5      1 s, 2 s, 4 s ...     300 s      15 min without failure
 *     a user           10      1 s, 2 s, 4 s ...      60 s      15 min
 *     a known pair     10      1 s, 2 s, 4 s ...      60 s       7 days
 *
 * A pair of user and address that has passed lately is known. It is counted by itself and does not
 * wait for others: guesses at a user from elsewhere, or at other users from the same network, do
 * not lock that user out. A success erases the failures of the pair alone: a client with a password
 * of its own could else go on guessing at others.
 *
 * A try while a wait lasts is refused and counts for nothing. Names that no user has are counted
 * like the others, so that the answers do not tell them apart.
 *
 * All is in tables of fixed size (recent.h), 20 MiB if they are full.
 *
 * Pure except for calloc: time is a parameter. Owns: the tables. Thread: one at a time. Errors:
 * NULL without memory. Lifetime: until backoff_destroy.
 */
#ifndef WSLUICE_CORE_AUTH_BACKOFF_H
#define WSLUICE_CORE_AUTH_BACKOFF_H

#include "base/siphash.h"
#include "codec/ip.h"
#include "core/auth/recent.h"

struct backoff;

/* The numbers of entries, powers of two from 8 on. */
struct backoff_sizes {
    uint32_t addresses, users, pairs;
};
extern const struct backoff_sizes backoff_usual_sizes;

/* One client that tries to be one user. */
struct backoff_subject {
    struct recent_digest address, user, pair;
    bool has_address;
};

WSL_MUST_CHECK struct backoff *backoff_create(const struct backoff_sizes *sizes,
                                              const struct siphash_seed *seed);
void backoff_destroy(struct backoff *backoff); /* NULL: nothing happens */

/*
 * `address` is IP_BYTES long, or NULL: a client without one, as over a Unix socket, is counted by
 * user alone. Users of one name in several realms are several users.
 */
struct backoff_subject backoff_subject_of(const struct backoff *backoff, const uint8_t *address,
                                          struct slice realm, struct slice user);

/* 0: it may try now; else in so many milliseconds. */
WSL_MUST_CHECK uint64_t backoff_wait(struct backoff *backoff, const struct backoff_subject *subject,
                                     uint64_t now);

/* The pair has passed lately. */
WSL_MUST_CHECK bool backoff_is_known(struct backoff *backoff, const struct backoff_subject *subject,
                                     uint64_t now);

void backoff_failed(struct backoff *backoff, const struct backoff_subject *subject, uint64_t now);
void backoff_passed(struct backoff *backoff, const struct backoff_subject *subject, uint64_t now);

#endif
