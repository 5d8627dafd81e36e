#include "core/auth/backoff.h"

#include "core/access/limiter.h"

#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define DAY    (24 * 60 * MINUTE)

struct terms {
    uint32_t free;    /* failures without a wait */
    uint64_t most;    /* the longest wait */
    uint64_t forgets; /* after so long without a failure */
};

static const struct terms of_addresses = {5, 300 * SECOND, 15 * MINUTE};
static const struct terms of_users = {10, 60 * SECOND, 15 * MINUTE};
static const struct terms of_pairs = {10, 60 * SECOND, 7 * DAY};

const struct backoff_sizes backoff_usual_sizes = {1u << 19, 1u << 16, 1u << 16};

struct backoff {
    struct siphash_seed seeds[2];
    struct recent *addresses, *users, *pairs;
};

struct backoff *backoff_create(const struct backoff_sizes *sizes, const struct siphash_seed *seed)
{
    struct backoff *backoff = calloc(1, sizeof(*backoff));
    if (!backoff)
        return NULL;
    backoff->seeds[0] = *seed;
    backoff->seeds[1] = (struct siphash_seed){~seed->low, ~seed->high};
    backoff->addresses = recent_create(sizes->addresses);
    backoff->users = recent_create(sizes->users);
    backoff->pairs = recent_create(sizes->pairs);
    if (backoff->addresses && backoff->users && backoff->pairs)
        return backoff;
    backoff_destroy(backoff);
    return NULL;
}

void backoff_destroy(struct backoff *backoff)
{
    if (!backoff)
        return;
    recent_destroy(backoff->addresses);
    recent_destroy(backoff->users);
    recent_destroy(backoff->pairs);
    free(backoff);
}

/* ---- subjects ---- */

static struct recent_digest digest_of(const struct backoff *backoff, const void *bytes, size_t size)
{
    return (struct recent_digest){siphash_of(&backoff->seeds[0], bytes, size),
                                  siphash_of(&backoff->seeds[1], bytes, size)};
}

struct backoff_subject backoff_subject_of(const struct backoff *backoff, const uint8_t *address,
                                          struct slice realm, struct slice user)
{
    struct backoff_subject subject = {.has_address = address != NULL};
    struct limiter_key client = {0};
    if (address)
        client = limiter_key_of(address);
    struct recent_digest names[2] = {digest_of(backoff, realm.ptr, realm.len),
                                     digest_of(backoff, user.ptr, user.len)};
    subject.address = digest_of(backoff, &client, sizeof(client));
    subject.user = digest_of(backoff, names, sizeof(names));
    struct recent_digest pair[2] = {subject.address, subject.user};
    subject.pair = digest_of(backoff, pair, sizeof(pair));
    return subject;
}

/* ---- waits ---- */

static const struct recent_entry *find(struct recent *table, const struct recent_digest *digest,
                                       const struct terms *terms, uint64_t now)
{
    const struct recent_entry *entry = recent_find(table, digest);
    return entry && recent_age(entry, now) < terms->forgets ? entry : NULL;
}

/* Since the last failure, for so many of them. */
static uint64_t wait_after(uint32_t failures, const struct terms *terms)
{
    if (failures <= terms->free)
        return 0;
    uint32_t doublings = failures - terms->free - 1;
    uint64_t wait = doublings < 32 ? SECOND << doublings : terms->most;
    return wait < terms->most ? wait : terms->most;
}

static uint64_t wait_of(struct recent *table, const struct recent_digest *digest,
                        const struct terms *terms, uint64_t now)
{
    const struct recent_entry *entry = find(table, digest, terms, now);
    if (!entry)
        return 0;
    uint64_t wait = wait_after(entry->count, terms), age = recent_age(entry, now);
    return wait > age ? wait - age : 0;
}

bool backoff_is_known(struct backoff *backoff, const struct backoff_subject *subject, uint64_t now)
{
    return find(backoff->pairs, &subject->pair, &of_pairs, now) != NULL;
}

uint64_t backoff_wait(struct backoff *backoff, const struct backoff_subject *subject, uint64_t now)
{
    if (backoff_is_known(backoff, subject, now))
        return wait_of(backoff->pairs, &subject->pair, &of_pairs, now);
    uint64_t user = wait_of(backoff->users, &subject->user, &of_users, now), address = 0;
    if (subject->has_address)
        address = wait_of(backoff->addresses, &subject->address, &of_addresses, now);
    return user > address ? user : address;
}

static void count(struct recent *table, const struct recent_digest *digest,
                  const struct terms *terms, uint64_t now)
{
    const struct recent_entry *before = find(table, digest, terms, now);
    uint32_t failures = before ? before->count : 0;
    recent_add(table, digest, now)->count = failures < UINT32_MAX ? failures + 1 : failures;
}

void backoff_failed(struct backoff *backoff, const struct backoff_subject *subject, uint64_t now)
{
    if (backoff_is_known(backoff, subject, now)) {
        count(backoff->pairs, &subject->pair, &of_pairs, now);
        return;
    }
    count(backoff->users, &subject->user, &of_users, now);
    if (subject->has_address)
        count(backoff->addresses, &subject->address, &of_addresses, now);
}

void backoff_passed(struct backoff *backoff, const struct backoff_subject *subject, uint64_t now)
{
    recent_add(backoff->pairs, &subject->pair, now)->count = 0;
}
