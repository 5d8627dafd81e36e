#include "codec/json_value.h"

/* The deepest that `text` goes; brackets in strings do not count. */
static unsigned depth_of(struct slice text)
{
    unsigned depth = 0, deepest = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            deepest = ++depth > deepest ? depth : deepest;
        else if (!quoted && (c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return deepest;
}

#if WSLUICE_JANSSON
#include <jansson.h>

static const json_t *of(const struct json_value *value)
{
    return (const json_t *)value;
}

static struct json_value *to(json_t *json)
{
    return (struct json_value *)json;
}

static const char *fault_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_out_of_memory:
        return "out of memory";
    case json_error_invalid_utf8:
        return "not valid UTF-8";
    case json_error_duplicate_key:
        return "two members have the same name";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a NUL in a text";
    case json_error_numeric_overflow:
        return "a number is too large";
    case json_error_premature_end_of_input:
        return "the JSON ends too early";
    case json_error_end_of_input_expected:
        return "something stands behind the JSON";
    default:
        return "not valid JSON";
    }
}

struct json_value *json_value_parse(struct slice text, unsigned depth, const char **fault)
{
    json_error_t error;
    if (depth_of(text) > depth) {
        *fault = "the JSON is nested too deeply";
        return NULL;
    }
    json_t *json = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &error);
    if (!json)
        *fault = fault_of(&error);
    return to(json);
}

void json_value_free(struct json_value *document)
{
    json_decref((json_t *)document);
}

enum json_value_type json_value_type(const struct json_value *value)
{
    if (!value)
        return JSON_VALUE_NONE;
    switch (json_typeof(of(value))) {
    case JSON_OBJECT:
        return JSON_VALUE_OBJECT;
    case JSON_ARRAY:
        return JSON_VALUE_ARRAY;
    case JSON_STRING:
        return JSON_VALUE_STRING;
    case JSON_INTEGER:
    case JSON_REAL:
        return JSON_VALUE_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return JSON_VALUE_BOOL;
    case JSON_NULL:
        break;
    }
    return JSON_VALUE_NULL;
}

const struct json_value *json_value_member(const struct json_value *object, const char *name)
{
    return to(json_object_get(of(object), name));
}

bool json_value_next(const struct json_value *object, void **cursor, const char **name,
                     const struct json_value **member)
{
    if (json_value_type(object) != JSON_VALUE_OBJECT)
        return false;
    /* Iterators of jansson need an object that may be changed, and change nothing. */
    json_t *json = without_const(object);
    *cursor = *cursor ? json_object_iter_next(json, *cursor) : json_object_iter(json);
    if (!*cursor)
        return false;
    *name = json_object_iter_key(*cursor);
    *member = to(json_object_iter_value(*cursor));
    return true;
}

size_t json_value_count(const struct json_value *array)
{
    return json_array_size(of(array));
}

const struct json_value *json_value_at(const struct json_value *array, size_t index)
{
    return to(json_array_get(of(array), index));
}

bool json_value_text(const struct json_value *value, struct slice *text)
{
    if (json_value_type(value) != JSON_VALUE_STRING)
        return false;
    *text = (struct slice){json_string_value(of(value)), json_string_length(of(value))};
    return true;
}

bool json_value_number(const struct json_value *value, double *number)
{
    if (json_value_type(value) != JSON_VALUE_NUMBER)
        return false;
    *number = json_number_value(of(value));
    return true;
}

bool json_value_bool(const struct json_value *value, bool *truth)
{
    *truth = json_value_type(value) == JSON_VALUE_BOOL && json_is_true(of(value));
    return json_value_type(value) == JSON_VALUE_BOOL;
}

bool json_value_integer(const struct json_value *value, int64_t least, int64_t most,
                        int64_t *number)
{
    double real;
    if (!json_value_number(value, &real))
        return false;
    if (json_is_integer(of(value))) {
        *number = json_integer_value(of(value));
        return *number >= least && *number <= most;
    }
    /* 9e15 is below 2^53: a conversion of what passes loses nothing. */
    if (!(real >= -9e15 && real <= 9e15) || real != (double)(int64_t)real)
        return false;
    *number = (int64_t)real;
    return *number >= least && *number <= most;
}

static void wipe(json_t *json)
{
    if (json_is_string(json))
        explicit_bzero(without_const(json_string_value(json)), json_string_length(json));
    for (size_t i = 0; i < json_array_size(json); i++)
        wipe(json_array_get(json, i));
    for (void *at = json_object_iter(json); at; at = json_object_iter_next(json, at))
        wipe(json_object_iter_value(at));
}

void json_value_wipe(struct json_value *document)
{
    wipe((json_t *)document);
}

#else

struct json_value *json_value_parse(struct slice text, unsigned depth, const char **fault)
{
    *fault = depth_of(text) > depth ? "the JSON is nested too deeply" : JSON_VALUE_LIBRARY;
    return NULL;
}

void json_value_free(struct json_value *document)
{
}

enum json_value_type json_value_type(const struct json_value *value)
{
    return JSON_VALUE_NONE;
}

const struct json_value *json_value_member(const struct json_value *object, const char *name)
{
    return NULL;
}

bool json_value_next(const struct json_value *object, void **cursor, const char **name,
                     const struct json_value **member)
{
    return false;
}

size_t json_value_count(const struct json_value *array)
{
    return 0;
}

const struct json_value *json_value_at(const struct json_value *array, size_t index)
{
    return NULL;
}

bool json_value_text(const struct json_value *value, struct slice *text)
{
    return false;
}

bool json_value_number(const struct json_value *value, double *number)
{
    return false;
}

bool json_value_bool(const struct json_value *value, bool *truth)
{
    return false;
}

bool json_value_integer(const struct json_value *value, int64_t least, int64_t most,
                        int64_t *number)
{
    return false;
}

void json_value_wipe(struct json_value *document)
{
}

#endif
