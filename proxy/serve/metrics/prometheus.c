#include "serve/metrics/prometheus.h"

#include <inttypes.h>

#include <openssl/crypto.h>
#include <uv.h>

#include "base/text/text.h"
#include "base/text/utf8.h"

/*
 * A label's value is UTF-8 with three escapes. Names may be other bytes (a path on the command
 * line): those become question marks, so that the scrape stays valid.
 */
static void put_label(struct text *text, const char *value)
{
    bool valid = utf8_is_valid(slice_of(value));
    text_add_string(text, "\"");
    for (const char *c = value; *c; c++) {
        if (*c == '\\')
            text_add_string(text, "\\\\");
        else if (*c == '"')
            text_add_string(text, "\\\"");
        else if (*c == '\n')
            text_add_string(text, "\\n");
        else
            text_add_byte(text, valid || (unsigned char)*c < 0x80 ? *c : '?');
    }
    text_add_string(text, "\"");
}

/* ---- samples ---- */

/* The families of a route's statistics, and those of its targets. */
enum by_route { ROUTE_OPEN, ROUTE_SESSIONS, ROUTE_BYTES, ROUTE_ENDED, BY_ROUTE };

struct scrape {
    const struct process_facts *process;
    const struct prometheus_site *site;
    /* Filled together, in one pass over the route statistics. */
    struct text by_route[BY_ROUTE], by_target[BY_ROUTE];
    struct text out;
};

static void put_sample(struct text *text, const char *name, const char *labels, uint64_t value)
{
    const char *open = *labels ? "{" : "", *close = *labels ? "}" : "";
    text_add_format(text, "wsluice_%s%s%s%s %" PRIu64 "\n", name, open, labels, close, value);
}

struct route_family {
    const char *name, *type, *help;
};

static const struct route_family by_route[BY_ROUTE] = {
    [ROUTE_OPEN] = {"route_sessions", "gauge", "Sessions open right now, by route."},
    [ROUTE_SESSIONS] = {"route_sessions_total", "counter",
                        "Sessions that connected to their target, by route."},
    [ROUTE_BYTES] = {"route_payload_bytes_total", "counter",
                     "Payload bytes by route; up is from clients to targets."},
    [ROUTE_ENDED] = {"route_ended_total", "counter",
                     "Ended connections of a route, with or without a session, by reason."},
};

_Static_assert(TARGET_STATS_MAX == 64, "the bound that the texts name");
static const struct route_family by_target[BY_ROUTE] = {
    [ROUTE_OPEN] = {"token_target_sessions", "gauge",
                    "Sessions open right now, by target, of routes with tokens; the first 64 "
                    "targets of a route have their names, all others are counted as other."},
    [ROUTE_SESSIONS] = {"token_target_sessions_total", "counter",
                        "Sessions that connected to their target, by target, of routes with "
                        "tokens."},
    [ROUTE_BYTES] = {"token_target_payload_bytes_total", "counter",
                     "Payload bytes by target, of routes with tokens; up is to the target."},
    [ROUTE_ENDED] = {"token_target_ended_total", "counter",
                     "Ended sessions and attempts, by target and reason, of routes with tokens."},
};

/* Whose statistics a sample belongs to. `target` NULL: to all of the route. */
struct place {
    struct text *texts;
    const struct route_family *families;
    const char *route, *target;
};

static void put_place(const struct place *place, enum by_route family, const char *labels,
                      uint64_t value)
{
    struct text *text = &place->texts[family];
    text_add_format(text, "wsluice_%s{route=", place->families[family].name);
    put_label(text, place->route);
    if (place->target) {
        text_add_string(text, ",target=");
        put_label(text, place->target);
    }
    text_add_format(text, "%s} %" PRIu64 "\n", labels, value);
}

static void put_sums(const struct place *place, const struct route_stats_sums *sums)
{
    put_place(place, ROUTE_OPEN, "", sums->open);
    put_place(place, ROUTE_SESSIONS, "", sums->sessions);
    put_place(place, ROUTE_BYTES, ",direction=\"up\"", sums->bytes_up);
    put_place(place, ROUTE_BYTES, ",direction=\"down\"", sums->bytes_down);
    for (int i = 0; i < REASON_COUNT; i++) {
        char labels[64];
        if (sums->ended[i] == 0)
            continue;
        snprintf(labels, sizeof(labels), ",reason=\"%s\"", reason_row((enum reason)i)->name);
        put_place(place, ROUTE_ENDED, labels, sums->ended[i]);
    }
}

static void read_route(void *owner, const char *name, const struct route_stats_sums *sums)
{
    struct scrape *scrape = owner;
    put_sums(&(struct place){scrape->by_route, by_route, name, NULL}, sums);
}

static void read_target(void *owner, const char *name, const char *target,
                        const struct route_stats_sums *sums)
{
    struct scrape *scrape = owner;
    put_sums(&(struct place){scrape->by_target, by_target, name, target}, sums);
}

/* ---- families ---- */

static void write_build(struct scrape *scrape, const char *name)
{
    text_add_format(&scrape->out, "wsluice_%s{version=\"%s\",openssl=\"%s\",libuv=\"%s\"} 1\n",
                    name, WSLUICE_VERSION, OpenSSL_version(OPENSSL_VERSION_STRING),
                    uv_version_string());
}

static void write_started(struct scrape *scrape, const char *name)
{
    put_sample(&scrape->out, name, "", (uint64_t)scrape->process->started_at);
}

static void write_worker_connections(struct scrape *scrape, const char *name)
{
    for (unsigned i = 0; i < scrape->process->worker_count; i++)
        text_add_format(&scrape->out, "wsluice_%s{worker=\"%u\"} %" PRIu64 "\n", name, i,
                        metrics_read(&scrape->process->workers[i]->open));
}

static void write_worker_sessions(struct scrape *scrape, const char *name)
{
    for (unsigned i = 0; i < scrape->process->worker_count; i++)
        text_add_format(&scrape->out, "wsluice_%s{worker=\"%u\"} %" PRIu64 "\n", name, i,
                        metrics_read(&scrape->process->workers[i]->open_sessions));
}

static void write_loop_longest(struct scrape *scrape, const char *name)
{
    for (unsigned i = 0; i < scrape->process->worker_count; i++) {
        uint64_t longest = metrics_read(&scrape->process->workers[i]->loop_longest);
        text_add_format(&scrape->out, "wsluice_%s{worker=\"%u\"} %" PRIu64 ".%03u\n", name, i,
                        longest / 1000, (unsigned)(longest % 1000));
    }
}

static void write_ended(struct scrape *scrape, const char *name)
{
    for (int reason = 0; reason < REASON_COUNT; reason++) {
        uint64_t sum = 0;
        for (unsigned i = 0; i < scrape->process->worker_count; i++)
            sum += metrics_read(&scrape->process->workers[i]->ended[reason]);
        if (sum > 0)
            text_add_format(&scrape->out, "wsluice_%s{reason=\"%s\"} %" PRIu64 "\n", name,
                            reason_row((enum reason)reason)->name, sum);
    }
}

/* Result "ok" is written from the start, so that rate() sees its first increase. */
static void write_handshakes(struct scrape *scrape, const char *name)
{
    for (int reason = 0; reason < REASON_COUNT; reason++)
        for (int tls = 0; tls < METRICS_TLS_COUNT; tls++) {
            uint64_t sum = 0;
            for (unsigned i = 0; i < scrape->process->worker_count; i++)
                sum += metrics_read(&scrape->process->workers[i]->handshakes[reason][tls]);
            bool good = reason == REASON_none;
            if (sum > 0 || good)
                text_add_format(&scrape->out, "wsluice_%s{result=\"%s\",tls=\"%s\"} %" PRIu64 "\n",
                                name, good ? "ok" : reason_row((enum reason)reason)->name,
                                metrics_tls_name((enum metrics_tls)tls), sum);
        }
}

static void write_pauses(struct scrape *scrape, const char *name)
{
    put_sample(&scrape->out, name, "", metrics_read(&scrape->process->accept_pauses));
}

static void write_paused(struct scrape *scrape, const char *name)
{
    put_sample(&scrape->out, name, "", atomic_load(&scrape->process->accepts_paused));
}

static void write_draining(struct scrape *scrape, const char *name)
{
    put_sample(&scrape->out, name, "", atomic_load(&scrape->process->draining));
}

static void write_predecessors(struct scrape *scrape, const char *name)
{
    put_sample(&scrape->out, name, "", atomic_load(&scrape->process->predecessor_count));
}

/* As they last answered: a scrape waits for no other process. */
static void write_predecessor_sessions(struct scrape *scrape, const char *name)
{
    uint32_t count = (uint32_t)atomic_load(&scrape->process->predecessor_count);
    for (uint32_t i = 0; i < count && i < PROCESS_FACTS_PREDECESSORS; i++) {
        const struct process_facts_predecessor *facts = &scrape->process->predecessors[i];
        char labels[40];
        snprintf(labels, sizeof(labels), "pid=\"%llu\"",
                 (unsigned long long)atomic_load(&facts->pid));
        put_sample(&scrape->out, name, labels, atomic_load(&facts->sessions));
    }
}

static void write_reloads(struct scrape *scrape, const char *name)
{
    put_sample(&scrape->out, name, "result=\"ok\"", metrics_read(&scrape->process->reloads));
    put_sample(&scrape->out, name, "result=\"failed\"",
               metrics_read(&scrape->process->failed_reloads));
}

static void write_reload_good(struct scrape *scrape, const char *name)
{
    put_sample(&scrape->out, name, "", !atomic_load(&scrape->process->reload_failed));
}

static void write_reload_tried(struct scrape *scrape, const char *name)
{
    put_sample(&scrape->out, name, "", (uint64_t)atomic_load(&scrape->process->reload_tried_at));
}

static void write_reloaded(struct scrape *scrape, const char *name)
{
    put_sample(&scrape->out, name, "", (uint64_t)atomic_load(&scrape->process->reloaded_at));
}

static void write_certificates(struct scrape *scrape, const char *name)
{
    for (size_t i = 0; i < scrape->site->certificate_count; i++) {
        text_add_format(&scrape->out, "wsluice_%s{certificate=", name);
        put_label(&scrape->out, scrape->site->certificates[i].name);
        text_add_format(&scrape->out, "} %" PRId64 "\n", scrape->site->certificates[i].not_after);
    }
}

static void put_target(struct scrape *scrape, const char *name,
                       const struct prometheus_target *target, uint64_t value)
{
    text_add_format(&scrape->out, "wsluice_%s{target=", name);
    put_label(&scrape->out, target->name);
    text_add_format(&scrape->out, "} %" PRIu64 "\n", value);
}

static void write_targets_up(struct scrape *scrape, const char *name)
{
    for (size_t i = 0; i < scrape->site->target_count; i++)
        put_target(scrape, name, &scrape->site->targets[i], scrape->site->targets[i].up);
}

static void write_target_sessions(struct scrape *scrape, const char *name)
{
    for (size_t i = 0; i < scrape->site->target_count; i++)
        put_target(scrape, name, &scrape->site->targets[i], scrape->site->targets[i].sessions);
}

static const struct family {
    const char *name, *type, *help;
    void (*write)(struct scrape *scrape, const char *name);
} families[] = {
    {"build_info", "gauge", "Versions of this process and its libraries; always 1.", write_build},
    {"start_timestamp_seconds", "gauge", "When the process started.", write_started},
    {"draining", "gauge", "1 while the process ends and accepts no new clients.", write_draining},
    {"accepts_paused", "gauge", "1 while accepting is paused: out of file descriptors.",
     write_paused},
    {"accept_pauses_total", "counter", "Times that accepting was paused.", write_pauses},
    {"predecessors", "gauge", "Processes that upgrades have replaced and that have sessions.",
     write_predecessors},
    {"predecessor_sessions", "gauge", "Sessions of such a process, as it last said.",
     write_predecessor_sessions},
    {"reloads_total", "counter", "Attempts to reload the configuration.", write_reloads},
    {"last_reload_successful", "gauge", "1 unless the last attempt to reload failed.",
     write_reload_good},
    {"last_reload_timestamp_seconds", "gauge", "When the last reload was tried.",
     write_reload_tried},
    {"last_reload_success_timestamp_seconds", "gauge", "When the configuration in use was loaded.",
     write_reloaded},
    {"certificate_not_after_timestamp_seconds", "gauge", "When a certificate expires.",
     write_certificates},
    {"target_up", "gauge", "1 if the target is used, 0 if it is marked down.", write_targets_up},
    {"target_sessions", "gauge", "Sessions open right now, by target.", write_target_sessions},
    {"worker_connections", "gauge", "Connections open right now.", write_worker_connections},
    {"worker_sessions", "gauge", "Sessions open right now.", write_worker_sessions},
    {"loop_longest_seconds", "gauge",
     "The longest time in the last minutes that a worker was busy without looking for events.",
     write_loop_longest},
    {"connections_ended_total", "counter", "Ended connections, by reason.", write_ended},
    {"handshakes_total", "counter", "Handshakes, from the first byte to the upgrade, by result.",
     write_handshakes},
};

static void put_family(struct text *out, const char *name, const char *type, const char *help)
{
    text_add_format(out, "# HELP wsluice_%s %s\n", name, help);
    text_add_format(out, "# TYPE wsluice_%s %s\n", name, type);
}

/* Rows of one name share HELP and TYPE. */
static bool begins_family(const struct metrics_row *rows, int i)
{
    return i == 0 || strcmp(rows[i].name, rows[i - 1].name) != 0;
}

static void write_counters(struct scrape *scrape)
{
    for (int metric = 0; metric < METRICS_COUNT; metric++) {
        const struct metrics_row *row = &metrics_rows[metric];
        uint64_t sum = 0;
        for (unsigned i = 0; i < scrape->process->worker_count; i++)
            sum += metrics_read(&scrape->process->workers[i]->counter[metric]);
        if (begins_family(metrics_rows, metric))
            put_family(&scrape->out, row->name, "counter", row->help);
        put_sample(&scrape->out, row->name, row->labels, sum);
    }
}

/*
 * The count is the sum of the buckets, so the two agree while other threads count. Bounds are whole
 * milliseconds, written as seconds without a rounding error.
 */
static void write_histogram(struct scrape *scrape, int histogram)
{
    const struct metrics_row *row = &metrics_histogram_rows[histogram];
    const char *comma = *row->labels ? "," : "";
    uint64_t count = 0, sum = 0;
    for (int bucket = 0; bucket <= METRICS_BOUNDS; bucket++) {
        for (unsigned i = 0; i < scrape->process->worker_count; i++)
            count += metrics_read(&scrape->process->workers[i]->histogram[histogram].count[bucket]);
        text_add_format(&scrape->out, "wsluice_%s_bucket{%s%sle=\"", row->name, row->labels, comma);
        if (bucket == METRICS_BOUNDS)
            text_add_string(&scrape->out, "+Inf");
        else
            text_add_format(&scrape->out, "%g", metrics_bounds[row->bounds][bucket] / 1000.0);
        text_add_format(&scrape->out, "\"} %" PRIu64 "\n", count);
    }
    for (unsigned i = 0; i < scrape->process->worker_count; i++)
        sum += metrics_read(&scrape->process->workers[i]->histogram[histogram].sum);
    const char *open = *row->labels ? "{" : "", *close = *row->labels ? "}" : "";
    text_add_format(&scrape->out, "wsluice_%s_sum%s%s%s %" PRIu64 ".%03u\n", row->name, open,
                    row->labels, close, sum / 1000, (unsigned)(sum % 1000));
    text_add_format(&scrape->out, "wsluice_%s_count%s%s%s %" PRIu64 "\n", row->name, open,
                    row->labels, close, count);
}

static void write_histograms(struct scrape *scrape)
{
    for (int histogram = 0; histogram < METRICS_HISTOGRAM_COUNT; histogram++) {
        const struct metrics_row *row = &metrics_histogram_rows[histogram];
        if (begins_family(metrics_histogram_rows, histogram))
            put_family(&scrape->out, row->name, "histogram", row->help);
        write_histogram(scrape, histogram);
    }
}

static void write_texts(struct scrape *scrape, struct text *texts, const struct route_family *names)
{
    for (int i = 0; i < BY_ROUTE; i++) {
        struct text *text = &texts[i];
        put_family(&scrape->out, names[i].name, names[i].type, names[i].help);
        text_add(&scrape->out, text_slice(text));
        scrape->out.failed |= text->failed;
        text_free(text);
    }
}

/* The samples of a family must be adjacent, and routes are read one by one: a text per family. */
static void write_routes(struct scrape *scrape)
{
    const struct route_stats_reader reader = {read_route, read_target, scrape};
    route_stats_each(scrape->process->route_stats, &reader);
    write_texts(scrape, scrape->by_route, by_route);
    write_texts(scrape, scrape->by_target, by_target);
}

char *prometheus_print(const struct process_facts *process, const struct prometheus_site *site,
                       size_t *length)
{
    struct scrape scrape = {.process = process, .site = site};
    for (size_t i = 0; i < WSL_COUNT(families); i++) {
        const struct family *family = &families[i];
        put_family(&scrape.out, family->name, family->type, family->help);
        family->write(&scrape, family->name);
    }
    write_counters(&scrape);
    write_histograms(&scrape);
    write_routes(&scrape);
    return text_take(&scrape.out, length);
}
