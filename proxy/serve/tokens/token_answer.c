#include "serve/tokens/token_answer.h"

#include "core/tokens/resolver_answer.h"
#include "serve/tokens/file/token_table.h"

static enum reason fail(struct token_destination *destination, const char *where, const char *fault)
{
    snprintf(destination->detail, sizeof(destination->detail), "%s: the answer %s", where, fault);
    token_destination_clear(destination);
    return REASON_token_source;
}

enum reason token_answer_take(struct slice body, const char *where,
                              struct token_destination *destination)
{
    token_destination_clear(destination);
    destination->answer = malloc(sizeof(*destination->answer));
    if (!destination->answer)
        return REASON_out_of_memory;
    const char *fault = resolver_answer_parse(body, destination->answer);
    if (fault)
        return fail(destination, where, fault);
    const struct token_target *target = &destination->answer->target;
    uint16_t port = token_table_port(target);
    if (!target->is_unix && port == 0)
        return fail(destination, where, "names a port that is no service of this machine");
    token_destination_set(destination, target->is_unix, target->host, port);
    return REASON_none;
}
