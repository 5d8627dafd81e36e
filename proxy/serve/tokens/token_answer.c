#include "serve/tokens/token_answer.h"

#include "core/tokens/resolver_answer.h"
#include "serve/tokens/file/token_table.h"

static enum reason fail(struct token_destination *destination, const char *who, const char *fault)
{
    snprintf(destination->detail, sizeof(destination->detail), "%s %s", who, fault);
    token_destination_clear(destination);
    return REASON_token_source;
}

typedef const char *parse_fn(struct slice text, struct resolver_answer *answer);

static enum reason take(struct slice text, parse_fn *parse, const char *who,
                        struct token_destination *destination)
{
    token_destination_clear(destination);
    destination->answer = malloc(sizeof(*destination->answer));
    if (!destination->answer)
        return REASON_out_of_memory;
    const char *fault = parse(text, destination->answer);
    if (fault)
        return fail(destination, who, fault);
    const struct token_target *target = &destination->answer->target;
    uint16_t port = token_table_port(target);
    if (!target->is_unix && port == 0)
        return fail(destination, who, "names a port that is no service of this machine");
    token_destination_set(destination, target->is_unix, target->host, port);
    return REASON_none;
}

enum reason token_answer_take(struct slice body, const char *where,
                              struct token_destination *destination)
{
    char who[sizeof(destination->detail) / 2];
    snprintf(who, sizeof(who), "%.100s: the answer", where);
    return take(body, resolver_answer_parse, who, destination);
}

static const char *parse_target(struct slice text, struct resolver_answer *answer)
{
    return resolver_answer_parse_target(text, answer) ? "names no valid target" : NULL;
}

enum reason token_answer_take_target(struct slice target, const char *where,
                                     struct token_destination *destination)
{
    return take(target, parse_target, where, destination);
}
