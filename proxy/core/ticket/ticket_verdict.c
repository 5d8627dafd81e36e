#include "core/ticket/ticket_verdict.h"

#include "base/base.h"

#define TICKET_VERDICT_PHRASE(name, phrase) phrase,
static const char *const phrases[] = {TICKET_VERDICT_TABLE(TICKET_VERDICT_PHRASE)};
#undef TICKET_VERDICT_PHRASE

const char *ticket_verdict_phrase(enum ticket_verdict verdict)
{
    return (unsigned)verdict < WSL_COUNT(phrases) ? phrases[verdict] : "";
}
