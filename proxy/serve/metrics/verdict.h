/*
 * How the last change of one kind went (a reload, an upgrade), for the status: changes are numbered
 * from 1, so that a client that asked for one knows when a verdict is its own.
 *
 * Owns: the text, in place. Thread: the main one notes, any reads. Errors: false: out of memory.
 * Lifetime: verdict_init to verdict_free.
 */
#ifndef WSLUICE_SERVE_METRICS_VERDICT_H
#define WSLUICE_SERVE_METRICS_VERDICT_H

#include <uv.h>

#include "base/base.h"

#define VERDICT_TEXT 4096

struct verdict_facts {
    uint64_t begun, ended;   /* changes so far; unlike while one is under way */
    bool failed;             /* the last one that has ended */
    char text[VERDICT_TEXT]; /* its findings, and a sentence last; lines; "": none has ended */
};

struct verdict {
    uv_mutex_t lock;
    struct verdict_facts facts;
};

WSL_MUST_CHECK bool verdict_init(struct verdict *verdict);
void verdict_free(struct verdict *verdict);

void verdict_note_begin(struct verdict *verdict);

/* A text that is too long loses its first lines. */
void verdict_note_end(struct verdict *verdict, bool failed, const char *text);

void verdict_read(struct verdict *verdict, struct verdict_facts *facts);

#endif
