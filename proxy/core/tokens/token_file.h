/*
 * The text of a token file: one "TOKEN: HOST:PORT" per line.
 *
 * - Token and target are parted by a colon and one white space (SP or HTAB), which a line has
 *   exactly once. So a token may hold colons, and every other byte of it counts, spaces included.
 * - White space around the target does not count. It is HOST:PORT, parted at the last colon, so
 *   that ::1:5900 is understood as well as [::1]:5900; PORT is a number or the name of a service.
 *   Or it is unix:/PATH, unix:@NAME, or unix_socket:/PATH as websockify has it.
 * - A line that begins with "#", or holds nothing but white space, says nothing. Lines end with LF
 *   or CR LF; a byte order mark at the beginning is passed over.
 *
 * Pure. Owns: nothing. Thread: any. Errors: TOKEN_FILE_FAULT with a phrase, which never quotes the
 * line: its token is a secret. Lifetime: slices borrow the text.
 */
#ifndef WSLUICE_CORE_TOKENS_TOKEN_FILE_H
#define WSLUICE_CORE_TOKENS_TOKEN_FILE_H

#include "base/base.h"

#define TOKEN_MAX 4096 /* bytes of a token; no line and no request has a longer one */

struct token_target {
    bool is_unix;
    struct slice host;    /* without brackets; or the path of a Unix socket, '@' for an abstract */
    uint16_t port;        /* 0: by name */
    struct slice service; /* the name; empty: port says it */
};

struct token_line {
    struct slice token;
    struct token_target target;
};

struct token_cursor {
    struct slice rest;
    unsigned line; /* number of the line that was read last */
};

enum token_file_verdict {
    TOKEN_FILE_LINE,
    TOKEN_FILE_FAULT, /* this line is to be skipped; the next ones may be in order */
    TOKEN_FILE_END,
};

/* Begins as the whole text and line 0. */
WSL_MUST_CHECK enum token_file_verdict token_file_next(struct token_cursor *cursor,
                                                       struct token_line *line, const char **fault);

/* A target alone, as it stands in a file that is called like its token. NULL, or what is wrong. */
WSL_MUST_CHECK const char *token_file_target(struct slice text, struct token_target *target);

#endif
