#include "run/exit_watch.h"

static void look_cb(uv_timer_t *timer);

static void look_later(struct exit_watch *watch)
{
    uint64_t wait = exit_rules_wait(&watch->rules, uv_now(watch->timer.loop));
    if (wait != 0)
        uv_timer_start(&watch->timer, look_cb, wait, 0);
}

/* Operators' connections are not counted as clients (doors.c), neither while they last. */
static uint64_t count_clients(const struct doors *doors)
{
    uint64_t open, operators = 0;
    const struct config *config = doors->site->config;
    (void)crew_choose(doors->crew, &open);
    for (size_t i = 0; i < config->listener_count; i++)
        if (doors->site->listeners[i].terms.operators)
            operators += guard_tally_count(doors->site->listeners[i].tally);
    return open > operators ? open - operators : 0;
}

static void look_cb(uv_timer_t *timer)
{
    static const char *const why[] = {
        [EXIT_ONCE] = "the one session has begun",
        [EXIT_AFTER] = "the time of this process is over",
        [EXIT_IDLE] = "nobody has been connected for long enough",
    };
    struct exit_watch *watch = WSL_CONTAINER(timer, struct exit_watch, timer);
    struct exit_facts facts = {
        .begun = guard_one_has_begun(watch->guard),
        .open = count_clients(watch->doors),
        .accepted = watch->doors->accepted,
    };
    enum exit_verdict verdict = exit_rules_judge(&watch->rules, &facts, uv_now(timer->loop));
    if (verdict == EXIT_STAY)
        look_later(watch);
    else
        watch->over(watch->owner, why[verdict]);
}

void exit_watch_init(struct exit_watch *watch, uv_loop_t *loop)
{
    uv_timer_init(loop, &watch->timer);
}

void exit_watch_start(struct exit_watch *watch, const struct config_exit *config)
{
    exit_rules_init(&watch->rules, config, uv_now(watch->timer.loop));
    look_later(watch);
}

void exit_watch_close(struct exit_watch *watch)
{
    uv_close((uv_handle_t *)&watch->timer, NULL);
}
