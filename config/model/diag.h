/*
 * The findings about a configuration: a list of errors and warnings, so that all are reported at
 * once; the source line of each, with a caret; and the search for the name nearest to a wrong one.
 *
 * Owns: the texts of its findings, and copies of its sources. Thread: one. Errors: without memory a
 * finding is counted in diag.lost, so that an error never looks like success. Lifetime: from
 * diag_init to diag_free.
 */
#ifndef WSLUICE_CONFIG_MODEL_DIAG_H
#define WSLUICE_CONFIG_MODEL_DIAG_H

#include <stdarg.h>

#include "base/text/text.h"
#include "config/model/section/config_place.h"

enum diag_level { DIAG_WARNING, DIAG_ERROR };

struct diag_finding {
    enum diag_level level;
    struct config_place where; /* its file: static, or from diag_add_source */
    char *option;              /* its path in the file, or its flag; NULL: none in particular */
    char *message;
    char *remedy; /* what to do; NULL: the message says it */
};

struct diag_source; /* a file's name and text, for excerpts */

struct diag {
    struct diag_finding *findings;
    struct diag_source *sources;
    size_t count;
    size_t capacity;
    size_t errors; /* findings of DIAG_ERROR, including lost ones */
    size_t lost;   /* findings dropped for want of memory */
    bool starved;  /* memory was out: the result is incomplete */
};

void diag_init(struct diag *diag);
void diag_free(struct diag *diag);

/* Adds a finding; the texts are copied. option and remedy may be NULL. */
void diag_add(struct diag *diag, enum diag_level level, struct config_place where,
              const char *option, const char *remedy, const char *format, ...) WSL_PRINTF(6, 7);

void diag_add_args(struct diag *diag, enum diag_level level, struct config_place where,
                   const char *option, const char *remedy, const char *format, va_list args)
    WSL_PRINTF(6, 0);

/* The error "out of memory", once; sets `starved`. */
void diag_out_of_memory(struct diag *diag);

/*
 * One finding on one line, without newline, as in "gateway.yaml:3:7: listeners[0].tls: message;
 * remedy". A source without lines is left out. As snprintf: returns the length of the whole text.
 */
int diag_format(const struct diag_finding *finding, char *buffer, size_t size);

/*
 * A file for findings to refer to; the text is copied. Returns the name for config_place.file,
 * which lives as long as the diag. NULL: memory is out.
 */
const char *diag_add_source(struct diag *diag, const char *name, const char *text, size_t length);

/* Masks a secret between two places of a source in excerpts. */
void diag_hide(struct diag *diag, struct config_place from, struct config_place to);

/*
 * The line of the finding and a caret below, as two lines of text with their newlines. Empty when
 * the source has no lines.
 */
void diag_excerpt(const struct diag *diag, const struct diag_finding *finding, struct text *out);

/* Findings in the order of their sources and lines; those without lines come first. */
void diag_sort(struct diag *diag);

/* The offered name that is nearest to `word`; best is NULL if none is near. */
struct diag_guess {
    const char *word;
    size_t word_length;
    const char *best;
    size_t distance; /* of best; before there is one: the first that is too large */
};

struct diag_guess diag_guess(const char *word, size_t length);
void diag_guess_offer(struct diag_guess *guess, const char *name);

#endif
