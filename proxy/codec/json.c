#include "codec/json.h"

#include "base/escape.h"
#include "codec/utf8.h"

#define FIRST_ROOM 1024

static bool make_room(struct json *json, size_t more)
{
    size_t needed = json->length + more + 1; /* and a NUL at the end of all */
    if (json->failed)
        return false;
    if (needed <= json->room)
        return true;
    size_t room = json->room ? json->room : FIRST_ROOM;
    while (room < needed)
        room *= 2;
    char *bytes = json->limit == 0 || needed <= json->limit ? realloc(json->bytes, room) : NULL;
    json->failed = !bytes;
    if (!bytes)
        return false;
    json->bytes = bytes;
    json->room = room;
    return true;
}

static void put(struct json *json, const char *bytes, size_t length)
{
    if (!make_room(json, length))
        return;
    memcpy(json->bytes + json->length, bytes, length);
    json->length += length;
}

static void put_byte(struct json *json, char byte)
{
    put(json, &byte, 1);
}

static void begin_value(struct json *json)
{
    if (json->comma)
        put_byte(json, ',');
    json->comma = true;
}

void json_open(struct json *json, char bracket)
{
    begin_value(json);
    put_byte(json, bracket);
    json->comma = false;
}

void json_close(struct json *json, char bracket)
{
    put_byte(json, bracket);
    json->comma = true;
}

void json_key(struct json *json, const char *key)
{
    begin_value(json);
    put_byte(json, '"');
    put(json, key, strlen(key));
    put(json, "\":", 2);
    json->comma = false;
}

static bool is_utf8(struct slice text)
{
    struct utf8 state = {0};
    return utf8_feed(&state, (const uint8_t *)text.ptr, text.len) && utf8_complete(&state);
}

static void put_escaped(struct json *json, unsigned char byte)
{
    char escape[ESCAPE_MAX];
    size_t length = escape_json(escape, byte);
    put(json, escape, length);
}

void json_text(struct json *json, struct slice text)
{
    bool utf8 = is_utf8(text);
    begin_value(json);
    put_byte(json, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte >= 0x80 && utf8)
            put_byte(json, text.ptr[i]);
        else
            put_escaped(json, byte);
    }
    put_byte(json, '"');
}

void json_string(struct json *json, const char *text)
{
    if (text)
        json_text(json, slice_of(text));
    else
        json_null(json);
}

void json_number(struct json *json, uint64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
    json_raw(json, (struct slice){digits, (size_t)length});
}

void json_bool(struct json *json, bool truth)
{
    json_raw(json, truth ? SLICE("true") : SLICE("false"));
}

void json_null(struct json *json)
{
    json_raw(json, SLICE("null"));
}

void json_raw(struct json *json, struct slice value)
{
    begin_value(json);
    put(json, value.ptr, value.len);
}

char *json_take(struct json *json, size_t *length)
{
    if (!make_room(json, 0)) {
        json_free(json);
        return NULL;
    }
    char *bytes = json->bytes;
    bytes[json->length] = '\0';
    *length = json->length;
    *json = (struct json){.limit = json->limit};
    return bytes;
}

void json_free(struct json *json)
{
    free(json->bytes);
    *json = (struct json){.limit = json->limit};
}
