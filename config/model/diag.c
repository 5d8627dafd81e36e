#include "config/model/diag.h"

#include "base/ascii.h"

enum {
    NAME_MAX_LENGTH = 40,
    EXCERPT_COLUMNS = 100, /* of a long line, around the caret */
    TAIL_COLUMNS = 40,     /* of those behind the caret */
};

struct diag_source {
    struct diag_source *older;
    char *name;
    size_t number; /* in the order of diag_add_source */
    char *text;
    size_t *lines; /* where each line begins; one more for the end of the text */
    size_t line_count;
};

void diag_init(struct diag *diag)
{
    *diag = (struct diag){0};
}

static void finding_free(struct diag_finding *finding)
{
    free(finding->option);
    free(finding->message);
    free(finding->remedy);
}

static void source_free(struct diag_source *source)
{
    if (source->text)
        explicit_bzero(source->text, strlen(source->text));
    free(source->text);
    free(source->lines);
    free(source->name);
    free(source);
}

void diag_free(struct diag *diag)
{
    for (size_t i = 0; i < diag->count; i++)
        finding_free(&diag->findings[i]);
    free(diag->findings);
    while (diag->sources) {
        struct diag_source *source = diag->sources;
        diag->sources = source->older;
        source_free(source);
    }
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

/* Names and values may contain any byte; a finding is one line. */
static void make_printable(char *text)
{
    for (; text && *text; text++)
        if (ascii_is_control(*text))
            *text = '?';
}

void diag_add_args(struct diag *diag, enum diag_level level, struct config_place where,
                   const char *option, const char *remedy, const char *format, va_list args)
{
    struct diag_finding finding = {.level = level, .where = where};
    if (option)
        finding.option = strdup(option);
    if (remedy)
        finding.remedy = strdup(remedy);
    if (vasprintf(&finding.message, format, args) < 0)
        finding.message = NULL;

    make_printable(finding.option);
    make_printable(finding.message);
    if (level == DIAG_ERROR)
        diag->errors++;
    if (!finding.message || (option && !finding.option) || (remedy && !finding.remedy) ||
        !reserve(diag)) {
        finding_free(&finding);
        diag->lost++;
        diag->errors += level != DIAG_ERROR; /* not everything is known: that is an error */
        diag->starved = true;
        return;
    }
    diag->findings[diag->count++] = finding;
}

void diag_add(struct diag *diag, enum diag_level level, struct config_place where,
              const char *option, const char *remedy, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_add_args(diag, level, where, option, remedy, format, args);
    va_end(args);
}

void diag_out_of_memory(struct diag *diag)
{
    if (diag->starved)
        return;
    diag->starved = true;
    diag_add(diag, DIAG_ERROR, config_place_none, NULL, NULL, "%s", "out of memory");
}

int diag_format(const struct diag_finding *finding, char *buffer, size_t size)
{
    return config_place_format(&finding->where, buffer, size, "%s%s%s%s%s",
                               finding->option ? finding->option : "", finding->option ? ": " : "",
                               finding->message, finding->remedy ? "; " : "",
                               finding->remedy ? finding->remedy : "");
}

/* ---- sources ---- */

static bool find_lines(struct diag_source *source, size_t length)
{
    size_t count = 1;
    for (size_t i = 0; i < length; i++)
        count += source->text[i] == '\n';
    source->lines = calloc(count + 1, sizeof(*source->lines));
    if (!source->lines)
        return false;
    for (size_t i = 0; i < length; i++)
        if (source->text[i] == '\n')
            source->lines[++source->line_count] = i + 1;
    source->lines[++source->line_count] = length;
    return true;
}

const char *diag_add_source(struct diag *diag, const char *name, const char *text, size_t length)
{
    struct diag_source *source = calloc(1, sizeof(*source));
    if (!source)
        return NULL;
    source->name = strdup(name);
    source->text = slice_copy((struct slice){text, length});
    /* A NUL would end the text; libyaml refuses it anyway. */
    for (size_t i = 0; source->text && i < length; i++)
        if (source->text[i] == '\0')
            source->text[i] = ' ';
    if (!source->name || !source->text || !find_lines(source, length)) {
        source_free(source);
        return NULL;
    }
    source->older = diag->sources;
    source->number = source->older ? source->older->number + 1 : 0;
    diag->sources = source;
    return source->name;
}

static const struct diag_source *source_of(const struct diag *diag, struct config_place where)
{
    const struct diag_source *source = diag->sources;
    while (source && source->name != where.file)
        source = source->older;
    return source;
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The offset of a place; columns count characters of UTF-8. */
static size_t offset_of(const struct diag_source *source, unsigned line, unsigned column)
{
    if (line == 0 || line > source->line_count)
        return source->lines[source->line_count];
    size_t at = source->lines[line - 1], end = source->lines[line];
    for (unsigned i = 1; i < column && at < end; i++)
        do
            at++;
        while (at < end && is_continuation(source->text[at]));
    return at;
}

void diag_hide(struct diag *diag, struct config_place from, struct config_place to)
{
    const struct diag_source *source = source_of(diag, from);
    if (!source)
        return;
    size_t end = offset_of(source, to.line, to.column);
    for (size_t i = offset_of(source, from.line, from.column); i < end; i++)
        if ((unsigned char)source->text[i] > ' ')
            source->text[i] = '*';
}

/* How many bytes the carets mark: a quoted text, or a word. */
static size_t marked_length(const char *text, size_t length)
{
    size_t i = 1;
    if (length == 0)
        return 1;
    if (*text == '"' || *text == '\'') {
        while (i < length && text[i] != *text)
            i++;
        return i < length ? i + 1 : i;
    }
    if (*text == '{' || *text == '[' || *text == '-')
        return 1;
    while (i < length && !strchr(" \t,]}", text[i]) &&
           !(text[i] == ':' && (i + 1 == length || text[i + 1] == ' ')))
        i++;
    return i;
}

/* Offsets into a source: a line without its newline, the part of it that is shown, the caret. */
struct excerpt {
    size_t begin, end;
    size_t start, stop;
    size_t caret;
};

/* A long line is cut on both sides of the caret, between characters. */
static struct excerpt find_excerpt(const struct diag_source *source, struct config_place where)
{
    struct excerpt part = {.begin = source->lines[where.line - 1],
                           .end = source->lines[where.line]};
    while (part.end > part.begin &&
           (source->text[part.end - 1] == '\n' || source->text[part.end - 1] == '\r'))
        part.end--;
    part.caret = size_min(offset_of(source, where.line, where.column), part.end);
    size_t whole = part.begin + EXCERPT_COLUMNS, tail = part.caret + TAIL_COLUMNS;
    part.stop = whole < tail ? tail : whole;
    while (part.stop < part.end && is_continuation(source->text[part.stop]))
        part.stop++;
    part.stop = size_min(part.stop, part.end);
    part.start = part.begin;
    if (part.stop - part.begin > EXCERPT_COLUMNS &&
        part.caret - part.begin > EXCERPT_COLUMNS - TAIL_COLUMNS)
        part.start = part.caret - (EXCERPT_COLUMNS - TAIL_COLUMNS);
    while (part.start < part.caret && is_continuation(source->text[part.start]))
        part.start++;
    return part;
}

void diag_excerpt(const struct diag *diag, const struct diag_finding *finding, struct text *out)
{
    struct config_place where = finding->where;
    const struct diag_source *source = where.line ? source_of(diag, where) : NULL;
    if (!source || where.line > source->line_count)
        return;
    struct excerpt part = find_excerpt(source, where);
    bool cut = part.start > part.begin;
    text_add_format(out, "%6u | %s", where.line, cut ? "..." : "");
    for (size_t i = part.start; i < part.stop; i++)
        text_add_byte(out, ascii_is_control(source->text[i]) ? ' ' : source->text[i]);
    text_add_format(out, "%s\n%6s | %s", part.stop < part.end ? "..." : "", "", cut ? "   " : "");
    for (size_t i = part.start; i < part.caret; i++)
        if (!is_continuation(source->text[i]))
            text_add_byte(out, ' ');
    size_t length = marked_length(source->text + part.caret, part.stop - part.caret);
    for (size_t i = 0; i < length; i++)
        if (i == 0 || !is_continuation(source->text[part.caret + i]))
            text_add_byte(out, '^');
    text_add_byte(out, '\n');
}

/* qsort is not stable; equal findings keep the order in which they were added. */
struct ranked {
    struct diag_finding finding;
    size_t source, index;
};

static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    if (x->finding.where.line != y->finding.where.line)
        return x->finding.where.line < y->finding.where.line ? -1 : 1;
    if (x->finding.where.column != y->finding.where.column)
        return x->finding.where.column < y->finding.where.column ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

void diag_sort(struct diag *diag)
{
    struct ranked *ranked = diag->count ? calloc(diag->count, sizeof(*ranked)) : NULL;
    if (!ranked)
        return; /* without memory they stay in the order in which they were added */
    for (size_t i = 0; i < diag->count; i++) {
        const struct diag_source *source = source_of(diag, diag->findings[i].where);
        ranked[i] = (struct ranked){diag->findings[i], source ? source->number + 1 : 0, i};
    }
    qsort(ranked, diag->count, sizeof(*ranked), compare);
    for (size_t i = 0; i < diag->count; i++)
        diag->findings[i] = ranked[i].finding;
    free(ranked);
}

/* ---- names ---- */

struct diag_guess diag_guess(const char *word, size_t length)
{
    /* At most a third of the letters may differ. */
    return (struct diag_guess){
        .word = word, .word_length = length, .best = NULL, .distance = length / 3 + 1};
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
            row[j] = size_min(replaced, size_min(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = size_min(row[j], above2[j - 2] + 1);
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
