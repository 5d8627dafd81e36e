#include "core/auth/satisfy.h"

enum satisfy_step satisfy_begin(struct satisfy *satisfy, size_t count, bool any)
{
    *satisfy = (struct satisfy){.count = count, .any = any};
    return count > 0 ? SATISFY_ASK : SATISFY_PASSED;
}

enum satisfy_step satisfy_passed(struct satisfy *satisfy)
{
    satisfy->next++;
    return satisfy->any || satisfy->next == satisfy->count ? SATISFY_PASSED : SATISFY_ASK;
}

enum satisfy_step satisfy_failed(struct satisfy *satisfy, enum satisfy_help help, bool *keep)
{
    *keep = !satisfy->failed || help > satisfy->help;
    if (*keep)
        satisfy->help = (uint8_t)help;
    satisfy->failed = true;
    satisfy->next++;
    return satisfy->any && satisfy->next < satisfy->count ? SATISFY_ASK : SATISFY_FAILED;
}
