/*
 * Arrivals, departures and time. A table with room for all addresses agrees with a simple model. A
 * small table counts the addresses that it holds correctly, and reports those that it admits
 * uncounted.
 *
 * Input: a script of these steps.
 */
#include "core/access/limiter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ADDRESSES 16
#define OPEN_MAX  256

static const struct siphash_seed seed = {3, 4};

/* A token bucket in billionths of a token, refilled on access. */
struct model {
    unsigned active;
    uint64_t tokens, seen_ms;
};

struct open {
    unsigned address;
    uint32_t slot;
};

struct world {
    struct limiter_limits limits;
    uint64_t now_ms;
    struct limiter *limiter;
    struct model models[ADDRESSES];
    struct open open[OPEN_MAX];
    unsigned open_count;
    bool small;
};

#define TOKEN UINT64_C(1000000000)

static enum limiter_verdict model_enter(struct world *w, struct model *model)
{
    uint64_t interval = w->limits.per_second ? TOKEN / w->limits.per_second : 0;
    uint64_t whole = interval * (w->limits.burst ? w->limits.burst : 1);
    uint64_t gained = (w->now_ms - model->seen_ms) * 1000000;
    model->tokens = model->tokens + gained < whole ? model->tokens + gained : whole;
    model->seen_ms = w->now_ms;
    if (w->limits.connections > 0 && model->active >= w->limits.connections)
        return LIMITER_TOO_MANY;
    if (w->limits.per_second > 0) {
        if (model->tokens < interval)
            return LIMITER_TOO_FAST;
        model->tokens -= interval;
    }
    model->active++;
    return LIMITER_ADMITTED;
}

static struct limiter_key key_of(unsigned address)
{
    uint8_t bytes[IP_BYTES] = {0x20, 0x01, [7] = (uint8_t)(address / 2), [15] = 1};
    if (address % 2)
        ip_from_v4((const uint8_t[4]){192, 0, 2, (uint8_t)address}, bytes);
    return limiter_key_of(bytes);
}

static void arrive(struct world *w, unsigned address)
{
    struct limiter_key key = key_of(address);
    struct limiter_stats before = limiter_stats(w->limiter), after;
    uint32_t slot;
    if (w->open_count == OPEN_MAX)
        return;
    enum limiter_verdict verdict = limiter_enter(w->limiter, &key, &w->limits, w->now_ms, &slot);
    after = limiter_stats(w->limiter);
    wsl_assert((after.not_counted > before.not_counted) ==
               (verdict == LIMITER_ADMITTED && slot == LIMITER_NOT_COUNTED));
    if (w->small) {
        unsigned active = 0;
        for (unsigned i = 0; i < w->open_count; i++)
            active += w->open[i].address == address && w->open[i].slot != LIMITER_NOT_COUNTED;
        wsl_assert(verdict != LIMITER_TOO_MANY || active >= w->limits.connections);
        wsl_assert(verdict != LIMITER_ADMITTED || slot == LIMITER_NOT_COUNTED ||
                   w->limits.connections == 0 || active < w->limits.connections);
    } else {
        wsl_assert(verdict == model_enter(w, &w->models[address]));
        wsl_assert(after.not_counted == 0 && after.forgotten == 0);
    }
    if (verdict == LIMITER_ADMITTED)
        w->open[w->open_count++] = (struct open){address, slot};
}

static void depart(struct world *w, unsigned which)
{
    if (w->open_count == 0)
        return;
    struct open *gone = &w->open[which % w->open_count];
    limiter_leave(w->limiter, gone->slot);
    if (!w->small)
        w->models[gone->address].active--;
    *gone = w->open[--w->open_count];
}

static void run(const uint8_t *data, size_t size, bool small)
{
    /* Rates that divide a billion, so that the model's arithmetic is exact as well. */
    static const uint32_t rates[] = {0, 1, 2, 5, 10, 100, 1000, 1000000};
    struct world w = {.now_ms = 1000, .small = small};
    w.limits.connections = data[0] % 5;
    w.limits.per_second = rates[data[1] % WSL_COUNT(rates)];
    w.limits.burst = data[2] % 8;
    w.limiter = limiter_create(small ? 1 + data[3] % (ADDRESSES / 2) : ADDRESSES, &seed);
    wsl_assert(w.limiter);
    for (size_t i = 0; i < ADDRESSES; i++)
        w.models[i].tokens = TOKEN * 8;
    for (size_t i = 4; i < size; i++) {
        if (data[i] < 0x80)
            arrive(&w, data[i] % ADDRESSES);
        else if (data[i] < 0xE0)
            depart(&w, data[i]);
        else
            w.now_ms += (uint64_t)1 << (data[i] % 14);
    }
    while (w.open_count > 0)
        depart(&w, 0);
    limiter_destroy(w.limiter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    run(data, size, false);
    run(data, size, true);
    return 0;
}
