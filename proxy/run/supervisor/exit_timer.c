#include "run/supervisor/exit_timer.h"

#include "serve/site/site.h"

static void check_cb(uv_timer_t *timer);

static void check_later(struct exit_timer *watch)
{
    uint64_t wait = exit_rules_wait(&watch->rules, uv_now(watch->timer.loop));
    if (wait != 0)
        uv_timer_start(&watch->timer, check_cb, wait, 0);
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
    struct exit_timer *watch = WSL_CONTAINER(timer, struct exit_timer, timer);
    struct exit_facts facts = {
        .begun = limits_has_had_session(watch->limits),
        .open = count_clients(watch->listeners),
        .accepted = watch->listeners->accepted,
    };
    enum exit_verdict verdict = exit_rules_decide(&watch->rules, &facts, uv_now(timer->loop));
    if (verdict == EXIT_STAY)
        check_later(watch);
    else
        watch->callback(watch->owner, why[verdict]);
}

void exit_timer_init(struct exit_timer *watch, uv_loop_t *loop)
{
    uv_timer_init(loop, &watch->timer);
}

void exit_timer_start(struct exit_timer *watch, const struct config_exit *config)
{
    exit_rules_init(&watch->rules, config, uv_now(watch->timer.loop));
    check_later(watch);
}

void exit_timer_close(struct exit_timer *watch)
{
    uv_close((uv_handle_t *)&watch->timer, NULL);
}
