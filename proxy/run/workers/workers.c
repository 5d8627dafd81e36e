#include "run/workers/workers.h"

#include "base/log/log.h"
#include "run/process/system_limits.h"

bool workers_create(struct workers *workers, size_t count)
{
    if (count == 0)
        count = system_limits_cpus();
    *workers = (struct workers){.count = count};
    workers->list = calloc(count, sizeof(*workers->list));
    workers->envs = calloc(count, sizeof(struct session_env *));
    workers->metrics = calloc(count, sizeof(struct metrics *));
    if (!workers->list || !workers->envs || !workers->metrics)
        return false;
    for (size_t i = 0; i < count; i++) {
        workers->envs[i] = &workers->list[i].env;
        workers->metrics[i] = &workers->list[i].env.metrics;
    }
    return true;
}

bool workers_start(struct workers *workers, uv_loop_t *loop, const struct worker_shared *shared,
                   char *error, size_t error_size)
{
    uv_loop_t *main_loop = workers->count == 1 ? loop : NULL;
    while (workers->started < workers->count &&
           worker_start(&workers->list[workers->started], workers->started, main_loop, shared))
        workers->started++;
    if (workers->started == workers->count)
        return true;
    snprintf(error, error_size, "cannot start %zu workers; ask for fewer with --workers",
             workers->count);
    return false;
}

struct worker *workers_choose(struct workers *workers, uint64_t *open)
{
    struct worker *best = NULL;
    uint64_t best_load = 0;
    *open = 0;
    for (size_t i = 0; i < workers->count; i++) {
        uint64_t load = worker_load(&workers->list[i]);
        *open += load;
        if (!best || load < best_load) {
            best = &workers->list[i];
            best_load = load;
        }
    }
    return best;
}

void workers_flush(struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        worker_flush(&workers->list[i]);
}

void workers_drain(struct workers *workers, uint64_t spread_ms)
{
    for (size_t i = 0; i < workers->count; i++)
        worker_drain(&workers->list[i], spread_ms);
}

void workers_retire(struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        worker_retire(&workers->list[i]);
}

void workers_kill(struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        worker_kill(&workers->list[i]);
}

bool workers_note_empty(struct workers *workers)
{
    return ++workers->empty == workers->count;
}

void workers_clear(struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        worker_clear(&workers->list[i]);
}

bool workers_note_cleared(struct workers *workers)
{
    return ++workers->cleared == workers->count;
}

void workers_stop(struct workers *workers)
{
    for (size_t i = 0; i < workers->started; i++)
        worker_stop(&workers->list[i]);
}

bool workers_free(struct workers *workers)
{
    bool at_rest = true;
    for (size_t i = 0; i < workers->started; i++)
        at_rest = worker_free(&workers->list[i]) && at_rest;
    if (!at_rest)
        return false;
    free(workers->list);
    free(workers->envs);
    free(workers->metrics);
    return true;
}

void workers_log_sums(const struct workers *workers)
{
    struct log_line line;
    log_begin(&line, REASON_INFO, "stopped");
    for (int metric = 0; metric < METRICS_COUNT; metric++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < workers->count; i++)
            sum += metrics_read(&workers->metrics[i]->counter[metric]);
        log_number(&line, metrics_name((enum metric)metric), sum);
    }
    log_end(&line);
}
