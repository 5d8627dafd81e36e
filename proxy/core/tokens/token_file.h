/*
 * The text of a token file: one "TOKEN: HOST:PORT" per line.
 *
 * - White space around the line does not count. Token and target are separated by a colon and one
 *   white space (SP or HTAB), which a line has exactly once. So a token may contain colons; every
 *   byte of it counts, spaces before the separator included.
 * - White space around the target does not count. It is HOST:PORT, split at the last colon, so
 *   ::1:5900 is accepted as well as [::1]:5900; PORT is a number or the name of a service. Or it is
 *   unix:/PATH, unix:@NAME, or websockify's unix_socket:/PATH.
 * - A line that is empty or begins with "#" is ignored. Lines end with LF or
 *   CR LF; a byte order mark at the beginning is skipped.
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
    struct slice service; /* the name; empty: `port` is given */
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
    TOKEN_FILE_FAULT, /* of this line, which is skipped */
    TOKEN_FILE_END,
};

/* The cursor begins with the whole text and line 0. */
WSL_MUST_CHECK enum token_file_verdict token_file_next(struct token_cursor *cursor,
                                                       struct token_line *line, const char **fault);

/*
 * The token is the name of one file in a folder: not empty, not hidden, no path, at most 255 bytes.
 */
bool token_file_is_name(struct slice token);

/* A target alone, as in a file whose name is the token. NULL, or a phrase: what is wrong. */
WSL_MUST_CHECK const char *token_file_target(struct slice text, struct token_target *target);

#endif
