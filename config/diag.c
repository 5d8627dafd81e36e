#include "config/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 40 };

void diag_init(struct diag *diag)
{
    *diag = (struct diag){0};
}

static void finding_free(struct diag_finding *finding)
{
    free(finding->subject);
    free(finding->message);
    free(finding->remedy);
}

void diag_free(struct diag *diag)
{
    for (size_t i = 0; i < diag->count; i++)
        finding_free(&diag->findings[i]);
    free(diag->findings);
    diag_init(diag);
}

static bool reserve(struct diag *diag)
{
    if (diag->count < diag->capacity)
        return true;
    size_t capacity = diag->capacity ? 2 * diag->capacity : 8;
    struct diag_finding *more = realloc(diag->findings, capacity * sizeof(*more));
    if (!more)
        return false;
    diag->findings = more;
    diag->capacity = capacity;
    return true;
}

void diag_add(struct diag *diag, enum diag_level level, struct diag_where where,
              const char *subject, const char *remedy, const char *format, ...)
{
    struct diag_finding finding = {.level = level, .where = where};
    if (subject)
        finding.subject = strdup(subject);
    if (remedy)
        finding.remedy = strdup(remedy);
    va_list args;
    va_start(args, format);
    if (vasprintf(&finding.message, format, args) < 0)
        finding.message = NULL;
    va_end(args);

    if (level == DIAG_ERROR)
        diag->errors++;
    if (!finding.message || (subject && !finding.subject) || (remedy && !finding.remedy) ||
        !reserve(diag)) {
        finding_free(&finding);
        diag->lost++;
        return;
    }
    diag->findings[diag->count++] = finding;
}

int diag_format(const struct diag_finding *finding, char *buffer, size_t size)
{
    char where[64] = "";
    const char *source = "";
    if (finding->where.line > 0) {
        source = finding->where.source;
        snprintf(where, sizeof(where), ":%u:%u: ", finding->where.line, finding->where.column);
    }
    return snprintf(buffer, size, "%s%s%s%s%s%s%s", source, where,
                    finding->subject ? finding->subject : "", finding->subject ? ": " : "",
                    finding->message, finding->remedy ? "; " : "",
                    finding->remedy ? finding->remedy : "");
}

struct diag_guess diag_guess(const char *word, size_t length)
{
    /* A third of the letters may be wrong; more than that is another word. */
    return (struct diag_guess){
        .word = word, .word_length = length, .best = NULL, .distance = length / 3 + 1};
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/*
 * Edits that turn a into b: a letter inserted, deleted, replaced, or two neighbours swapped
 * (optimal string alignment). Three rows of the table suffice: a swap looks back two.
 */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][NAME_MAX_LENGTH + 1];
    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

void diag_guess_offer(struct diag_guess *guess, const char *name)
{
    size_t length = strlen(name);
    if (length > NAME_MAX_LENGTH || guess->word_length > NAME_MAX_LENGTH)
        return;
    size_t distance = edit_distance(guess->word, guess->word_length, name, length);
    if (distance < guess->distance) {
        guess->best = name;
        guess->distance = distance;
    }
}
