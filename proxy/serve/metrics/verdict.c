#include "serve/metrics/verdict.h"

bool verdict_init(struct verdict *verdict)
{
    verdict->facts = (struct verdict_facts){0};
    return uv_mutex_init(&verdict->lock) == 0;
}

void verdict_free(struct verdict *verdict)
{
    uv_mutex_destroy(&verdict->lock);
}

void verdict_note_begin(struct verdict *verdict)
{
    uv_mutex_lock(&verdict->lock);
    verdict->facts.begun++;
    uv_mutex_unlock(&verdict->lock);
}

/* The end of a text, from the beginning of a line: the sentence that says how it went is last. */
static const char *tail(const char *text)
{
    size_t length = strlen(text);
    if (length < VERDICT_TEXT)
        return text;
    const char *from = text + length - VERDICT_TEXT + 1, *end = strchr(from, '\n');
    return end ? end + 1 : from;
}

void verdict_note_end(struct verdict *verdict, bool failed, const char *text)
{
    uv_mutex_lock(&verdict->lock);
    verdict->facts.ended++;
    verdict->facts.failed = failed;
    snprintf(verdict->facts.text, VERDICT_TEXT, "%s", tail(text));
    uv_mutex_unlock(&verdict->lock);
}

void verdict_read(struct verdict *verdict, struct verdict_facts *facts)
{
    uv_mutex_lock(&verdict->lock);
    *facts = verdict->facts;
    uv_mutex_unlock(&verdict->lock);
}
