#include "serve/target/prober.h"

#include "base/log/log.h"
#include "core/resources/descriptors.h"
#include "core/route/balance.h"
#include "net/addr.h"
#include "net/tls/tls_scratch.h"
#include "net/watch.h"
#include "serve/target/probe.h"
#include "serve/target/target_pool.h"

/* First probes are spread over this time, or over an interval if that is shorter. */
#define SPREAD_MS 1000

struct probed_target {
    struct prober *prober;
    struct pool_target *target;
    uv_timer_t timer;
    struct probe *probe; /* NULL: none runs */
    enum balance_probe verdict;
};

struct prober {
    struct watch_set *watches;
    struct resolver *resolver;
    struct tls_scratch *scratch;
    uint32_t attempts;
    size_t count, open; /* open: timers that are not yet closed */
    struct probed_target targets[];
};

static void log_change(struct probed_target *probed, enum balance_probe verdict, const char *detail)
{
    char where[128];
    if (probed->verdict == verdict)
        return;
    config_address_print(&probed->target->config->address, where, sizeof(where));
    if (verdict == BALANCE_PROBED_DOWN)
        log_message(REASON_WARN, "target %s is down: %s", where, detail);
    else if (probed->verdict == BALANCE_PROBED_DOWN)
        log_message(REASON_INFO, "target %s is up again", where);
    probed->verdict = verdict;
}

static void probed_cb(void *owner, const struct probe_result *result)
{
    struct probed_target *probed = owner;
    struct pool_target *target = probed->target;
    uint64_t now = uv_now(watch_set_loop(probed->prober->watches));
    probed->probe = NULL;
    if (result->reason == REASON_none) {
        (void)target_pool_count_probe(target, true);
        log_change(probed, BALANCE_PROBED_UP, "");
        target_pool_note(target, BALANCE_PROBE_UP, now);
        return;
    }
    if (result->reason == REASON_out_of_memory || result->reason == REASON_out_of_descriptors)
        return;
    uint32_t failed = target_pool_count_probe(target, false);
    if (probed->verdict == BALANCE_PROBED_UP && failed < target->route->fail_after)
        return;
    log_change(probed, BALANCE_PROBED_DOWN, result->detail);
    target_pool_note(target, BALANCE_PROBE_DOWN, now);
}

static void timer_cb(uv_timer_t *timer)
{
    struct probed_target *probed = WSL_CONTAINER(timer, struct probed_target, timer);
    const struct config_target *target = probed->target->config;
    if (probed->probe) /* it takes longer than an interval: one at a time */
        return;
    struct probe_request request = {
        .watches = probed->prober->watches,
        .resolver = probed->prober->resolver,
        .scratch = &probed->prober->scratch,
        .attempts = &probed->prober->attempts,
        .target = target,
        .banner = target->probe == CONFIG_PROBE_BANNER ? target_pool_banner(probed->target) : NULL,
        .tls = probed->target->tls,
        .proxy = probed->target->proxy,
        .timeout_ms = target->probe_timeout_ms,
        .callback = probed_cb,
        .owner = probed,
    };
    target_pool_plan_probe(probed->target, uv_now(timer->loop) + target->probe_interval_ms);
    probed->probe = probe_start(&request);
}

static bool wants_probes(const struct pool_target *target)
{
    return target->config->probe != CONFIG_PROBE_OFF && !target->varies;
}

/* A probe that was planned before a reload keeps its time. */
static uint64_t first_delay(const struct prober *prober, struct pool_target *target, size_t wanted)
{
    uint64_t now = uv_now(watch_set_loop(prober->watches)), due = target_pool_probe_due(target);
    uint64_t interval = target->config->probe_interval_ms;
    uint64_t spread = interval < SPREAD_MS ? interval : SPREAD_MS;
    if (due == 0) {
        due = now + spread * prober->count / wanted;
        target_pool_plan_probe(target, due);
    }
    return due > now ? due - now : 0;
}

static void add(struct prober *prober, struct pool_target *target, size_t wanted)
{
    struct probed_target *probed = &prober->targets[prober->count];
    probed->prober = prober;
    probed->target = target;
    probed->verdict = target_pool_target_probe(target);
    uv_timer_init(watch_set_loop(prober->watches), &probed->timer);
    uv_timer_start(&probed->timer, timer_cb, first_delay(prober, target, wanted),
                   target->config->probe_interval_ms);
    prober->count++;
}

struct prober *prober_create(struct watch_set *watches, struct resolver *resolver,
                             struct target_pool *pool)
{
    size_t count, wanted = 0;
    struct pool_target *targets = target_pool_targets(pool, &count);
    for (size_t i = 0; i < count; i++)
        wanted += wants_probes(&targets[i]);
    struct prober *prober = calloc(1, sizeof(*prober) + wanted * sizeof(prober->targets[0]));
    if (!prober)
        return NULL;
    prober->watches = watches;
    prober->resolver = resolver;
    prober->attempts = DESCRIPTORS_PROBE_ATTEMPTS;
    for (size_t i = 0; i < count; i++)
        if (wants_probes(&targets[i]))
            add(prober, &targets[i], wanted);
    prober->open = prober->count;
    return prober;
}

static void destroy(struct prober *prober)
{
    tls_scratch_free(prober->scratch);
    free(prober);
}

static void timer_closed_cb(uv_handle_t *handle)
{
    struct prober *prober = WSL_CONTAINER(handle, struct probed_target, timer)->prober;
    if (--prober->open == 0)
        destroy(prober);
}

void prober_close(struct prober *prober)
{
    if (!prober)
        return;
    for (size_t i = 0; i < prober->count; i++) {
        probe_cancel(prober->targets[i].probe);
        uv_close((uv_handle_t *)&prober->targets[i].timer, timer_closed_cb);
    }
    if (prober->count == 0)
        destroy(prober);
}
