/*
 * A session's row as a line of a link (core/status/link_message.h).
 *
 * Owns: nothing; a parsed row borrows its storage. Thread: any. Errors: false: the line has no id.
 * Lifetime: plain values.
 */
#ifndef WSLUICE_SERVE_STATUS_LINK_ROW_H
#define WSLUICE_SERVE_STATUS_LINK_ROW_H

#include "core/status/link_message.h"
#include "serve/status/session_row.h"

enum { LINK_ROW_TEXTS = 7, LINK_ROW_TEXT = 512 };

struct link_row_storage {
    char texts[LINK_ROW_TEXTS][LINK_ROW_TEXT];
};

void link_row_print(const struct session_row *row, struct text *text);

/* `process`: the pid of the sender. */
WSL_MUST_CHECK bool link_row_parse(struct slice line, uint64_t process, struct session_row *row,
                                   struct link_row_storage *storage);

#endif
