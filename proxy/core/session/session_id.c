#include "core/session/session_id.h"

#include "base/ascii.h"

const char *session_id_print(uint64_t id, char text[static SESSION_ID_TEXT])
{
    snprintf(text, SESSION_ID_TEXT, "%u-%llu", session_id_worker(id),
             (unsigned long long)(id & 0xFFFFFFFFFFFF));
    return text;
}

bool session_id_parse(struct slice text, uint64_t *id)
{
    uint64_t worker, number;
    const char *dash = text.len > 0 ? memchr(text.ptr, '-', text.len) : NULL;
    if (!dash)
        return false;
    size_t first = (size_t)(dash - text.ptr);
    if (!ascii_decimal((struct slice){text.ptr, first}, 0xFFFF, &worker) ||
        !ascii_decimal(slice_from(text, first + 1), 0xFFFFFFFFFFFF, &number) || number == 0)
        return false;
    *id = session_id((unsigned)worker, number);
    return true;
}
