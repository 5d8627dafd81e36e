/*
 * A JSON document (RFC 8259), written from front to back into memory that grows. The writer sets
 * commas and escapes texts; the caller closes objects and arrays in the right order.
 *
 * Texts may be any bytes: valid UTF-8 is kept; of any other text, each byte becomes the character
 * with that number.
 *
 * Pure. Owns: the bytes, until json_put_take. Thread: any. Errors: without memory, or beyond the
 * limit, nothing more is written and json_put_take returns NULL. Lifetime: until json_put_take.
 */
#ifndef WSLUICE_BASE_TEXT_JSON_PUT_H
#define WSLUICE_BASE_TEXT_JSON_PUT_H

#include "base/text/text.h"

struct json {
    struct text text; /* its limit may be set */
    bool comma;       /* the next member is not the first of its container */
    bool after_key;   /* next comes the value of a key */
    uint64_t spread; /* a bit for each open container, the innermost lowest: json_put_open_spread */
};

/* A container: '{' and '}', or '[' and ']'. */
void json_put_open(struct json *json, char bracket);
void json_put_close(struct json *json, char bracket);

/* A container with each of its members on a line of its own, for documents that people read. */
void json_put_open_spread(struct json *json, char bracket);

/* The value follows. Keys are constants, which need no escapes. */
void json_put_key(struct json *json, const char *key);

/* A key that may be any text. */
void json_put_key_text(struct json *json, struct slice key);

void json_put_string(struct json *json, const char *text); /* NULL: null */
void json_put_number(struct json *json, uint64_t number);
void json_put_bool(struct json *json, bool truth);
void json_put_null(struct json *json);

/* A value that is JSON already. */
void json_put_raw(struct json *json, struct slice value);

/* The bytes, with a NUL behind them, malloc'd; NULL: out of memory. `json` is empty afterwards. */
WSL_MUST_CHECK char *json_put_take(struct json *json, size_t *length);

#endif
