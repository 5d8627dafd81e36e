#include "core/session/session_id.h"

const char *session_id_print(uint64_t id, char text[static SESSION_ID_TEXT])
{
    snprintf(text, SESSION_ID_TEXT, "%u-%llu", session_id_worker(id),
             (unsigned long long)(id & 0xFFFFFFFFFFFF));
    return text;
}

/* All digits of it, no more than `most`. */
static bool parse_number(struct slice text, uint64_t most, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(text.ptr[i] - '0');
        if (*number > most)
            return false;
    }
    return text.len > 0;
}

bool session_id_parse(struct slice text, uint64_t *id)
{
    uint64_t worker, number;
    const char *dash = text.len > 0 ? memchr(text.ptr, '-', text.len) : NULL;
    if (!dash)
        return false;
    size_t first = (size_t)(dash - text.ptr);
    if (!parse_number((struct slice){text.ptr, first}, 0xFFFF, &worker) ||
        !parse_number(slice_from(text, first + 1), 0xFFFFFFFFFFFF, &number) || number == 0)
        return false;
    *id = session_id((unsigned)worker, number);
    return true;
}
