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

/* Empty: there is no such field. False: there are several. */
static bool take_field(const struct http_answer *answer, const char *name, struct slice *value)
{
    unsigned count = 0;
    const struct http_field *field =
        name ? http_head_only(&answer->head, slice_of(name), &count) : NULL;
    *value = field ? field->value : (struct slice){0};
    return count <= 1;
}

struct forward_answer forward_answer_judge(const struct http_answer *answer, const char *user,
                                           const char *target)
{
    struct forward_answer passed = {.reason = REASON_none};
    if (answer->status >= 500 || answer->status < 200)
        return unavailable("has a status of its own failure");
    if (answer->status == 304)
        return unavailable("has status 304, which nobody asked for");
    if (answer->status >= 300)
        return (struct forward_answer){.reason = reason_of(answer->status), .relayed = true};
    if (!take_field(answer, user, &passed.user))
        return unavailable("names several users");
    if (!take_field(answer, target, &passed.target))
        return unavailable("names several targets");
    return passed;
}
