#include "base/metrics.h"

const uint32_t metrics_bounds[][METRICS_BOUNDS] = {
    [METRICS_LATENCY] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 60000},
    [METRICS_LIFETIME] = {100, 1000, 5000, 15000, 60000, 300000, 900000, 1800000, 3600000, 7200000,
                          14400000, 28800000, 86400000, 604800000},
};

#define METRICS_ROW(id, name, labels, help) {name, labels, help, METRICS_LATENCY},
const struct metrics_row metrics_rows[METRICS_COUNT] = {METRICS_TABLE(METRICS_ROW)};
#undef METRICS_ROW

#define METRICS_HISTOGRAM_ROW(id, name, labels, bounds, help) {name, labels, help, bounds},
const struct metrics_row metrics_histogram_rows[METRICS_HISTOGRAM_COUNT] = {
    METRICS_HISTOGRAM_TABLE(METRICS_HISTOGRAM_ROW)};
#undef METRICS_HISTOGRAM_ROW

const char *metrics_name(enum metric metric)
{
#define METRICS_NAME(id, name, labels, help) #id,
    static const char *const names[] = {METRICS_TABLE(METRICS_NAME)};
#undef METRICS_NAME
    wsl_assert((unsigned)metric < METRICS_COUNT);
    return names[metric];
}

void metrics_observe(struct metrics *metrics, enum metrics_histogram histogram,
                     uint64_t milliseconds)
{
    wsl_assert((unsigned)histogram < METRICS_HISTOGRAM_COUNT);
    const uint32_t *bounds = metrics_bounds[metrics_histogram_rows[histogram].bounds];
    struct metrics_buckets *buckets = &metrics->histogram[histogram];
    size_t i = 0;
    while (i < METRICS_BOUNDS && milliseconds > bounds[i])
        i++;
    metrics_add(&buckets->count[i], 1);
    metrics_add(&buckets->sum, milliseconds);
}

void metrics_count_handshake(struct metrics *metrics, enum reason result, enum metrics_tls tls)
{
    wsl_assert((unsigned)result < REASON_COUNT && (unsigned)tls < METRICS_TLS_COUNT);
    metrics_add(&metrics->handshakes[result][tls], 1);
}

enum metrics_tls metrics_tls_of(int protocol)
{
    switch (protocol) {
    case 0x0302:
        return METRICS_TLS_1_1;
    case 0x0303:
        return METRICS_TLS_1_2;
    case 0x0304:
        return METRICS_TLS_1_3;
    default:
        return METRICS_TLS_NONE;
    }
}

const char *metrics_tls_name(enum metrics_tls tls)
{
    static const char *const names[] = {"none", "1.1", "1.2", "1.3"};
    _Static_assert(WSL_COUNT(names) == METRICS_TLS_COUNT, "each version has a name");
    wsl_assert((unsigned)tls < METRICS_TLS_COUNT);
    return names[tls];
}
