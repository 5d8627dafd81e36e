#include "run/supervisor/exit_timer.h"

#include "serve/site/site.h"

static void check_cb(uv_timer_t *timer);

static void check_later(struct exit_timer *exit_timer)
{
    uint64_t wait = exit_rules_wait(&exit_timer->rules, uv_now(exit_timer->timer.loop));
    if (wait != 0)
        uv_timer_start(&exit_timer->timer, check_cb, wait, 0);
}

/* Without operators, whom `accepted` does not count either (listeners.c). */
static uint64_t count_clients(const struct listeners *listeners)
{
    uint64_t open, operators = 0;
    const struct config *config = listeners->site->config;
    (void)workers_choose(listeners->workers, &open);
    for (size_t i = 0; i < config->listener_count; i++)
        if (listeners->site->listeners[i].terms.operators)
            operators += limits_counter_count(listeners->site->listeners[i].counter);
    return open > operators ? open - operators : 0;
}

static void check_cb(uv_timer_t *timer)
{
    static const char *const why[] = {
        [EXIT_ONCE] = "the only session has begun",
        [EXIT_AFTER] = "this process has run for its time",
        [EXIT_IDLE] = "no client was connected for the idle time",
    };
    struct exit_timer *exit_timer = WSL_CONTAINER(timer, struct exit_timer, timer);
    struct exit_facts facts = {
        .begun = limits_has_had_session(exit_timer->limits),
        .open = count_clients(exit_timer->listeners),
        .accepted = exit_timer->listeners->accepted,
    };
    enum exit_verdict verdict = exit_rules_decide(&exit_timer->rules, &facts, uv_now(timer->loop));
    if (verdict == EXIT_STAY)
        check_later(exit_timer);
    else
        exit_timer->callback(exit_timer->owner, why[verdict]);
}

void exit_timer_init(struct exit_timer *exit_timer, uv_loop_t *loop)
{
    uv_timer_init(loop, &exit_timer->timer);
}

void exit_timer_start(struct exit_timer *exit_timer, const struct config_exit *config)
{
    exit_rules_init(&exit_timer->rules, config, uv_now(exit_timer->timer.loop));
    check_later(exit_timer);
}

void exit_timer_stop(struct exit_timer *exit_timer)
{
    uv_timer_stop(&exit_timer->timer);
}

void exit_timer_close(struct exit_timer *exit_timer)
{
    uv_close((uv_handle_t *)&exit_timer->timer, NULL);
}
