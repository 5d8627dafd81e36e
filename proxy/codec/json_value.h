/*
 * JSON (RFC 8259) that others wrote, read strictly: valid UTF-8, no two members of the same name,
 * no NUL in a text, nothing behind the value, no more depth than the caller allows.
 *
 * jansson reads it. Without that library (JSON_VALUE_IS_BUILT_IN is 0) each document is refused
 * with JSON_VALUE_LIBRARY.
 *
 * Pure. Owns: the document, until json_value_free. Thread: one at a time; const ones any.
 * Errors: NULL and a phrase, which quotes nothing of the text. Lifetime: members and texts live as
 * long as their document.
 */
#ifndef WSLUICE_CODEC_JSON_VALUE_H
#define WSLUICE_CODEC_JSON_VALUE_H

#include "base/base.h"

#define JSON_VALUE_IS_BUILT_IN WSLUICE_JANSSON
#define JSON_VALUE_LIBRARY     "this wsluice was built without jansson, which reads JSON"
#define JSON_VALUE_DEPTH       16 /* of containers, for documents without a reason for more */

struct json_value;

enum json_value_type {
    JSON_VALUE_NONE, /* of NULL */
    JSON_VALUE_NULL,
    JSON_VALUE_BOOL,
    JSON_VALUE_NUMBER,
    JSON_VALUE_STRING,
    JSON_VALUE_ARRAY,
    JSON_VALUE_OBJECT,
};

/* An object or array of at most `depth` nested containers, itself included. */
WSL_MUST_CHECK struct json_value *json_value_parse(struct slice text, unsigned depth,
                                                   const char **fault);
void json_value_free(struct json_value *document); /* NULL is fine */

enum json_value_type json_value_type(const struct json_value *value);

/* Of an object; NULL: it has no such member, or `object` is none. */
const struct json_value *json_value_member(const struct json_value *object, const char *name);

/* The members of an object, in order: *cursor begins as NULL. False: there are no more. */
bool json_value_next(const struct json_value *object, void **cursor, const char **name,
                     const struct json_value **member);

/* Of an array; 0 and NULL of other values. */
size_t json_value_count(const struct json_value *array);
const struct json_value *json_value_at(const struct json_value *array, size_t index);

/* False: another type. */
WSL_MUST_CHECK bool json_value_text(const struct json_value *value, struct slice *text);
WSL_MUST_CHECK bool json_value_number(const struct json_value *value, double *number);
WSL_MUST_CHECK bool json_value_bool(const struct json_value *value, bool *truth);

/* A number without a fraction that is in range. */
WSL_MUST_CHECK bool json_value_integer(const struct json_value *value, int64_t least, int64_t most,
                                       int64_t *number);

/* Overwrites all texts of a document with secrets, which is then freed as others are. */
void json_value_wipe(struct json_value *document);

#endif
