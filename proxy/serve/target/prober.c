#include "serve/target/prober.h"

#include "core/resources/descriptors.h"

#include "base/log/log.h"
#include "net/addr.h"

/* The first probes of many targets are spread over so long, or an interval if that is shorter. */
#define SPREAD_MS 1000

struct watched {
    struct prober *prober;
    struct pool_target *target;
    uv_timer_t timer;
    struct probe *probe; /* NULL: none is under way */
    enum balance_probe verdict;
    uint32_t fails; /* in a row */
};

struct prober {
    struct watch_set *watches;
    struct resolver *names;
    struct tls_scratch *scratch;
    uint32_t attempts;
    size_t count, open; /* timers */
    struct watched watched[];
};

static void note(struct watched *watched, enum balance_probe verdict, const char *detail)
{
    char where[128];
    if (watched->verdict == verdict)
        return;
    addr_print_config(&watched->target->config->address, where, sizeof(where));
    if (verdict == BALANCE_PROBED_DOWN)
        log_message(REASON_WARN, "target %s is down: %s", where, detail);
    else if (watched->verdict == BALANCE_PROBED_DOWN)
        log_message(REASON_INFO, "target %s is up again", where);
    watched->verdict = verdict;
}

static void probed_cb(void *owner, const struct probe_result *result)
{
    struct watched *watched = owner;
    struct pool_target *target = watched->target;
    uint64_t now = uv_now(watch_set_loop(watched->prober->watches));
    watched->probe = NULL;
    if (result->reason == REASON_none) {
        watched->fails = 0;
        note(watched, BALANCE_PROBED_UP, "");
        pool_note(target, BALANCE_PROBE_UP, now);
        return;
    }
    if (result->reason == REASON_out_of_memory || result->reason == REASON_out_of_descriptors)
        return;
    watched->fails++;
    if (watched->verdict == BALANCE_PROBED_UP && watched->fails < target->route->fail_after)
        return;
    note(watched, BALANCE_PROBED_DOWN, result->detail);
    pool_note(target, BALANCE_PROBE_DOWN, now);
}

static void timer_cb(uv_timer_t *timer)
{
    struct watched *watched = WSL_CONTAINER(timer, struct watched, timer);
    const struct config_target *target = watched->target->config;
    if (watched->probe) /* longer than an interval: one at a time */
        return;
    struct probe_request request = {
        .watches = watched->prober->watches,
        .names = watched->prober->names,
        .scratch = &watched->prober->scratch,
        .attempts = &watched->prober->attempts,
        .target = target,
        .banner = target->probe == CONFIG_PROBE_BANNER ? target->banner : NULL,
        .tls = watched->target->tls,
        .timeout_ms = target->probe_timeout_ms,
        .callback = probed_cb,
        .owner = watched,
    };
    pool_plan_probe(watched->target, uv_now(timer->loop) + target->probe_interval_ms);
    watched->probe = probe_start(&request);
}

static bool wants_probes(const struct pool_target *target)
{
    return target->config->probe != CONFIG_PROBE_OFF && !target->varies;
}

/* What the prober before a reload was to ask next is asked when it was to be asked. */
static uint64_t first_delay(const struct prober *prober, struct pool_target *target, size_t wanted)
{
    uint64_t now = uv_now(watch_set_loop(prober->watches)), due = pool_probe_due(target);
    uint64_t interval = target->config->probe_interval_ms;
    uint64_t spread = interval < SPREAD_MS ? interval : SPREAD_MS;
    if (due == 0) {
        due = now + spread * prober->count / wanted;
        pool_plan_probe(target, due);
    }
    return due > now ? due - now : 0;
}

static void watch_over(struct prober *prober, struct pool_target *target, size_t wanted)
{
    struct watched *watched = &prober->watched[prober->count];
    watched->prober = prober;
    watched->target = target;
    watched->verdict = pool_target_probe(target);
    uv_timer_init(watch_set_loop(prober->watches), &watched->timer);
    uv_timer_start(&watched->timer, timer_cb, first_delay(prober, target, wanted),
                   target->config->probe_interval_ms);
    prober->count++;
}

struct prober *prober_create(struct watch_set *watches, struct resolver *names, struct pool *pool)
{
    size_t count, wanted = 0;
    struct pool_target *targets = pool_targets(pool, &count);
    for (size_t i = 0; i < count; i++)
        wanted += wants_probes(&targets[i]);
    struct prober *prober = calloc(1, sizeof(*prober) + wanted * sizeof(prober->watched[0]));
    if (!prober)
        return NULL;
    prober->watches = watches;
    prober->names = names;
    prober->attempts = DESCRIPTORS_PROBE_ATTEMPTS;
    for (size_t i = 0; i < count; i++)
        if (wants_probes(&targets[i]))
            watch_over(prober, &targets[i], wanted);
    prober->open = prober->count;
    return prober;
}

static void dispose(struct prober *prober)
{
    tls_scratch_free(prober->scratch);
    free(prober);
}

static void timer_closed_cb(uv_handle_t *handle)
{
    struct prober *prober = WSL_CONTAINER(handle, struct watched, timer)->prober;
    if (--prober->open == 0)
        dispose(prober);
}

void prober_close(struct prober *prober)
{
    if (!prober)
        return;
    for (size_t i = 0; i < prober->count; i++) {
        probe_cancel(prober->watched[i].probe);
        uv_close((uv_handle_t *)&prober->watched[i].timer, timer_closed_cb);
    }
    if (prober->count == 0)
        dispose(prober);
}
