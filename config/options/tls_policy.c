#include "config/options/tls_policy.h"

#include <string.h>

#include "config/options/options.h"

static bool take_option(const struct options_row *row, const void *field, tls_policy_take *take,
                        void *owner)
{
    if (row->list)
        return false;
    if (row->value.type != VALUE_TEXT && row->value.type != VALUE_PATH)
        return take(owner, field, row->size);
    const char *text;
    memcpy(&text, field, sizeof(text));
    return text ? take(owner, text, strlen(text) + 1) : take(owner, "", 0);
}

bool tls_policy_walk(const struct config_tls *tls, tls_policy_take *take, void *owner)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)) != NULL; i++) {
        if (row->section != OPTIONS_TLS || row->resumes)
            continue;
        if (!take_option(row, (const char *)tls + row->offset, take, owner))
            return false;
    }
    return true;
}
