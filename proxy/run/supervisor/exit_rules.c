#include "run/supervisor/exit_rules.h"

/* Sessions and idle time are polled this often. */
#define CHECK_MS 100

void exit_rules_init(struct exit_rules *rules, const struct config_exit *config, uint64_t now)
{
    *rules = (struct exit_rules){.config = *config, .started_at = now, .busy_at = now};
}

enum exit_verdict exit_rules_decide(struct exit_rules *rules, const struct exit_facts *facts,
                                    uint64_t now)
{
    const struct config_exit *config = &rules->config;
    if (facts->open > 0 || facts->accepted != rules->accepted)
        rules->busy_at = now;
    rules->accepted = facts->accepted;
    if (config->once && facts->begun)
        return EXIT_ONCE;
    if (config->after_ms != 0 && now - rules->started_at >= config->after_ms)
        return EXIT_AFTER;
    if (config->idle_ms != 0 && now - rules->busy_at >= config->idle_ms)
        return EXIT_IDLE;
    return EXIT_STAY;
}

uint64_t exit_rules_wait(const struct exit_rules *rules, uint64_t now)
{
    const struct config_exit *config = &rules->config;
    uint64_t wait = config->once || config->idle_ms != 0 ? CHECK_MS : 0;
    uint64_t passed = now - rules->started_at;
    if (config->after_ms == 0)
        return wait;
    uint64_t left = passed < config->after_ms ? config->after_ms - passed : 1;
    return wait != 0 && wait < left ? wait : left;
}
