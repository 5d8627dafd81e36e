#include "base/reason.h"

#include "base/base.h"

#define REASON_ROW(name, level, http, ws, text) {#name, REASON_##level, http, ws, text},
static const struct reason_row rows[] = {REASON_TABLE(REASON_ROW)};
#undef REASON_ROW

#define REASON_FITS(name, level, http, ws, text)                                                   \
    _Static_assert(sizeof(text) - 1 <= 123, "text of " #name " does not fit a Close frame");
REASON_TABLE(REASON_FITS)
#undef REASON_FITS

const struct reason_row *reason_row(enum reason reason)
{
    wsl_assert((unsigned)reason < REASON_COUNT);
    return &rows[reason];
}
