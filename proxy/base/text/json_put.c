#include "base/text/json_put.h"

#include <inttypes.h>

#include "base/text/escape.h"
#include "base/text/utf8.h"

#define INDENT 2

static void begin_line(struct json *json)
{
    int depth = __builtin_popcountll(json->spread);
    text_add_format(&json->text, "\n%*s", INDENT * depth, "");
}

static void begin_value(struct json *json)
{
    if (json->comma)
        text_add_byte(&json->text, ',');
    if ((json->spread & 1) && !json->after_key)
        begin_line(json);
    json->comma = true;
    json->after_key = false;
}

void json_put_open(struct json *json, char bracket)
{
    begin_value(json);
    text_add_byte(&json->text, bracket);
    json->spread <<= 1;
    json->comma = false;
}

void json_put_open_spread(struct json *json, char bracket)
{
    json_put_open(json, bracket);
    json->spread |= 1;
}

void json_put_close(struct json *json, char bracket)
{
    bool own_line = (json->spread & 1) && json->comma;
    json->spread >>= 1;
    if (own_line)
        begin_line(json);
    text_add_byte(&json->text, bracket);
    json->comma = true;
}

static void end_key(struct json *json)
{
    text_add(&json->text, json->spread & 1 ? SLICE(": ") : SLICE(":"));
    json->comma = false;
    json->after_key = true;
}

void json_put_key(struct json *json, const char *key)
{
    begin_value(json);
    text_add_byte(&json->text, '"');
    text_add_string(&json->text, key);
    text_add_byte(&json->text, '"');
    end_key(json);
}

static void put_escaped(struct json *json, unsigned char byte)
{
    char escape[ESCAPE_MAX];
    size_t length = escape_json(escape, byte);
    text_add(&json->text, (struct slice){escape, length});
}

static void put_text(struct json *json, struct slice text)
{
    bool utf8 = utf8_is_valid(text);
    begin_value(json);
    text_add_byte(&json->text, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte >= 0x80 && utf8)
            text_add_byte(&json->text, text.ptr[i]);
        else
            put_escaped(json, byte);
    }
    text_add_byte(&json->text, '"');
}

void json_put_key_text(struct json *json, struct slice key)
{
    put_text(json, key);
    end_key(json);
}

void json_put_string(struct json *json, const char *text)
{
    if (text)
        put_text(json, slice_of(text));
    else
        json_put_null(json);
}

void json_put_number(struct json *json, uint64_t number)
{
    begin_value(json);
    text_add_format(&json->text, "%" PRIu64, number);
}

void json_put_bool(struct json *json, bool truth)
{
    json_put_raw(json, truth ? SLICE("true") : SLICE("false"));
}

void json_put_null(struct json *json)
{
    json_put_raw(json, SLICE("null"));
}

void json_put_raw(struct json *json, struct slice value)
{
    begin_value(json);
    text_add(&json->text, value);
}

char *json_put_take(struct json *json, size_t *length)
{
    json->comma = json->after_key = false;
    json->spread = 0;
    return text_take(&json->text, length);
}
