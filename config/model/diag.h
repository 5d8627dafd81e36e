/*
 * What is wrong with a configuration: a list of findings, so that everything is reported at once
 * and not only the first mistake; the source line of each, with a caret; and the search for the
 * name that was meant.
 *
 * Owns: the texts of its findings, and copies of its sources. Thread: one. Errors: a finding that
 * memory has no room for is counted all the same (diag.lost), so that it never looks like success.
 * Lifetime: from diag_init to diag_free.
 */
#ifndef WSLUICE_CONFIG_MODEL_DIAG_H
#define WSLUICE_CONFIG_MODEL_DIAG_H

#include <stdarg.h>

#include "base/text/text.h"

enum diag_level { DIAG_WARNING, DIAG_ERROR };

/* Where a text came from. line 0: the source has no lines, as the command line has none. */
struct diag_where {
    const char *source; /* static, or from diag_add_source */
    unsigned line, column;
};

struct diag_finding {
    enum diag_level level;
    struct diag_where where;
    char *option; /* its path in the file, or its flag; NULL: none in particular */
    char *message;
    char *remedy; /* NULL: the message says it already */
};

struct diag_source; /* a file's name and text, whose lines are shown below findings */

struct diag {
    struct diag_finding *findings;
    struct diag_source *sources;
    size_t count;
    size_t capacity;
    size_t errors; /* findings of DIAG_ERROR, the lost ones included */
    size_t lost;   /* findings that memory had no room for */
    bool starved;  /* memory was out: what was built meanwhile is not whole */
};

void diag_init(struct diag *diag);
void diag_free(struct diag *diag);

/* Adds a finding; the texts are copied. option and remedy may be NULL. */
void diag_add(struct diag *diag, enum diag_level level, struct diag_where where, const char *option,
              const char *remedy, const char *format, ...) WSL_PRINTF(6, 7);

void diag_add_args(struct diag *diag, enum diag_level level, struct diag_where where,
                   const char *option, const char *remedy, const char *format, va_list args)
    WSL_PRINTF(6, 0);

/* The error that memory is out, and starved; once is enough. */
void diag_out_of_memory(struct diag *diag);

/*
 * One finding on one line, without newline, as in "gateway.yaml:3:7: listeners[0].tls: message;
 * remedy". A source without lines is left out. As snprintf: returns the length of the whole text.
 */
int diag_format(const struct diag_finding *finding, char *buffer, size_t size);

/*
 * A file that findings will be about; the text is copied. Returns the name for diag_where.source,
 * which lives as long as the diag. NULL: memory is out.
 */
const char *diag_add_source(struct diag *diag, const char *name, const char *text, size_t length);

/* What stands between two places of a source, a secret, is not shown below findings any more. */
void diag_hide(struct diag *diag, struct diag_where from, struct diag_where to);

/*
 * The line of the finding and a caret below, as two lines of text with their newlines. Empty when
 * the source has no lines.
 */
void diag_excerpt(const struct diag *diag, const struct diag_finding *finding, struct text *out);

/* Findings in the order of their sources and lines; those without lines come first. */
void diag_sort(struct diag *diag);

/* Which of the names offered did the writer of `word` mean? best is NULL when none is near. */
struct diag_guess {
    const char *word;
    size_t word_length;
    const char *best;
    size_t distance; /* of best; before there is one: the first distance that is too far */
};

struct diag_guess diag_guess(const char *word, size_t length);
void diag_guess_offer(struct diag_guess *guess, const char *name);

#endif
