#include "serve/metrics/process_facts.h"

#include <unistd.h>

#include "base/monotonic.h"

void process_facts_init(struct process_facts *process, const struct metrics *const *workers,
                        unsigned worker_count, struct route_stats_set *route_stats, int64_t now)
{
    *process = (struct process_facts){
        .workers = workers,
        .worker_count = worker_count,
        .route_stats = route_stats,
        .started_at = now,
    };
    atomic_init(&process->reloaded_at, now);
    atomic_init(&process->reload_tried_at, now);
}

bool process_facts_make_token(struct process_facts *process)
{
    uint8_t bytes[PROCESS_FACTS_KILL_TOKEN / 2];
    if (getentropy(bytes, sizeof(bytes)) != 0)
        return false;
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(process->token + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

const char *process_facts_state(const struct process_facts *process)
{
    if (!atomic_load(&process->draining))
        return "serving";
    return atomic_load(&process->retiring) ? "retiring" : "draining";
}

void process_facts_note_pause(struct process_facts *process, bool paused)
{
    if (paused && !atomic_load(&process->accepts_paused))
        metrics_add(&process->accept_pauses, 1);
    atomic_store(&process->accepts_paused, paused);
}

void process_facts_note_reload(struct process_facts *process, bool done, int64_t now)
{
    metrics_add(done ? &process->reloads : &process->failed_reloads, 1);
    atomic_store(&process->reload_failed, !done);
    atomic_store(&process->reload_tried_at, now);
    if (done)
        atomic_store(&process->reloaded_at, now);
}

void process_facts_note_history(const struct process_facts *process, uint64_t now)
{
    struct process_facts_totals totals = process_facts_totals(process);
    history_add(process->history, totals.bytes_up, totals.bytes_down, totals.sessions, now,
                wall_clock_ms());
}

struct process_facts_totals process_facts_totals(const struct process_facts *process)
{
    struct process_facts_totals totals = {0};
    for (unsigned i = 0; i < process->worker_count; i++) {
        const struct metrics *metrics = process->workers[i];
        totals.connections += metrics_read(&metrics->open);
        totals.sessions += metrics_read(&metrics->open_sessions);
        totals.connections_total += metrics_read(&metrics->counter[METRICS_connections]);
        totals.sessions_total += metrics_read(&metrics->counter[METRICS_sessions]);
        totals.bytes_up += metrics_read(&metrics->counter[METRICS_bytes_up]);
        totals.bytes_down += metrics_read(&metrics->counter[METRICS_bytes_down]);
    }
    return totals;
}
