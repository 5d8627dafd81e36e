#include "run/workers/crew.h"

#include "base/log/log.h"
#include "run/process/machine.h"

bool crew_create(struct crew *crew, size_t count)
{
    if (count == 0)
        count = machine_cpus();
    *crew = (struct crew){.count = count};
    crew->workers = calloc(count, sizeof(*crew->workers));
    crew->metrics = calloc(count, sizeof(struct metrics *));
    for (size_t i = 0; crew->workers && crew->metrics && i < count; i++)
        crew->metrics[i] = &crew->workers[i].env.metrics;
    return crew->workers && crew->metrics;
}

bool crew_start(struct crew *crew, uv_loop_t *loop, const struct worker_terms *terms, char *error,
                size_t error_size)
{
    uv_loop_t *shared = crew->count == 1 ? loop : NULL;
    while (crew->started < crew->count &&
           worker_start(&crew->workers[crew->started], crew->started, shared, terms))
        crew->started++;
    if (crew->started == crew->count)
        return true;
    snprintf(error, error_size, "cannot start %zu workers; ask for fewer with --workers",
             crew->count);
    return false;
}

struct worker *crew_choose(struct crew *crew, uint64_t *open)
{
    struct worker *best = NULL;
    uint64_t best_load = 0;
    *open = 0;
    for (size_t i = 0; i < crew->count; i++) {
        uint64_t load = worker_load(&crew->workers[i]);
        *open += load;
        if (!best || load < best_load) {
            best = &crew->workers[i];
            best_load = load;
        }
    }
    return best;
}

void crew_post(void *crew, unsigned worker, struct ops_letter *letter)
{
    struct crew *own = crew;
    worker_post(&own->workers[worker], letter);
}

void crew_flush(struct crew *crew)
{
    for (size_t i = 0; i < crew->count; i++)
        worker_flush(&crew->workers[i]);
}

void crew_drain(struct crew *crew, uint64_t spread_ms)
{
    for (size_t i = 0; i < crew->count; i++)
        worker_drain(&crew->workers[i], spread_ms);
}

void crew_retire(struct crew *crew)
{
    for (size_t i = 0; i < crew->count; i++)
        worker_retire(&crew->workers[i]);
}

void crew_kill(struct crew *crew)
{
    for (size_t i = 0; i < crew->count; i++)
        worker_kill(&crew->workers[i]);
}

bool crew_note_empty(struct crew *crew)
{
    return ++crew->empty == crew->count;
}

void crew_stop(struct crew *crew)
{
    for (size_t i = 0; i < crew->started; i++)
        worker_stop(&crew->workers[i]);
}

bool crew_free(struct crew *crew)
{
    bool at_rest = true;
    for (size_t i = 0; i < crew->started; i++)
        at_rest = worker_free(&crew->workers[i]) && at_rest;
    if (!at_rest)
        return false;
    free(crew->workers);
    free(crew->metrics);
    return true;
}

void crew_log_sums(const struct crew *crew)
{
    struct log_line line;
    log_begin(&line, REASON_INFO, "stopped");
    for (int metric = 0; metric < METRICS_COUNT; metric++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < crew->count; i++)
            sum += metrics_read(&crew->metrics[i]->counter[metric]);
        log_number(&line, metrics_name((enum metric)metric), sum);
    }
    log_end(&line);
}
