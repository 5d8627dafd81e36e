#include "core/auth/forward/forward_answer.h"

static enum reason reason_of(unsigned status)
{
    switch (status) {
    case 403:
    case 404:
        return REASON_auth_refused;
    case 429:
        return REASON_auth_throttled;
    default:
        return REASON_auth_required;
    }
}

static struct forward_answer unavailable(const char *fault)
{
    return (struct forward_answer){.reason = REASON_auth_unavailable, .fault = fault};
}

struct forward_answer forward_answer_judge(const struct http_answer *answer, struct slice field)
{
    unsigned count;
    const struct http_field *user = http_head_only(&answer->head, field, &count);
    if (answer->status >= 500 || answer->status < 200)
        return unavailable("has a status of its own failure");
    if (answer->status == 304)
        return unavailable("has status 304, which nobody asked for");
    if (answer->status >= 300)
        return (struct forward_answer){.reason = reason_of(answer->status), .relayed = true};
    if (count > 1)
        return unavailable("names several users");
    return (struct forward_answer){.user = user ? user->value : (struct slice){0}};
}
