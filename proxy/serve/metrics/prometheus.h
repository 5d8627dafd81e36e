/*
 * The body of a scrape: all metrics of the process as Prometheus text (exposition format 0.0.4).
 *
 * Owns: nothing. Thread: any worker. Errors: NULL: out of memory. Lifetime: the text is the
 * caller's.
 */
#ifndef WSLUICE_SERVE_METRICS_PROMETHEUS_H
#define WSLUICE_SERVE_METRICS_PROMETHEUS_H

#include "serve/metrics/process_facts.h"

#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct prometheus_certificate {
    const char *name; /* its file */
    int64_t not_after;
};

struct prometheus_target {
    char name[160]; /* its address; no two are alike */
    bool up;
    uint32_t sessions;
};

/* Facts of the configuration in use. */
struct prometheus_site {
    const struct prometheus_certificate *certificates;
    size_t certificate_count;
    const struct prometheus_target *targets;
    size_t target_count;
};

/* malloc'd, without a NUL; `length` is set. */
WSL_MUST_CHECK char *prometheus_print(const struct process_facts *process,
                                      const struct prometheus_site *site, size_t *length);

#endif
