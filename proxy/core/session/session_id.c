#include "core/session/session_id.h"

#include "base/ascii.h"

const char *session_id_print(uint64_t id, char text[static SESSION_ID_TEXT])
{
    unsigned generation = session_id_generation(id);
    int used = generation > 0 ? snprintf(text, SESSION_ID_TEXT, "%u.", generation) : 0;
    snprintf(text + used, SESSION_ID_TEXT - (size_t)used, "%u-%llu", session_id_worker(id),
             (unsigned long long)(id & SESSION_ID_NUMBER_MAX));
    return text;
}

bool session_id_parse(struct slice text, uint64_t *id)
{
    uint64_t generation = 0, worker, number;
    struct slice part;
    if (slice_cut_to(&text, '.', &part) &&
        (!ascii_decimal(part, SESSION_ID_GENERATIONS - 1, &generation) || generation == 0))
        return false;
    if (!slice_cut_to(&text, '-', &part) || !ascii_decimal(part, SESSION_ID_WORKERS - 1, &worker) ||
        !ascii_decimal(text, SESSION_ID_NUMBER_MAX, &number) || number == 0)
        return false;
    *id = session_id((unsigned)generation, (unsigned)worker, number);
    return true;
}
