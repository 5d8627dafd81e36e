#include "base/text/text.h"

#include <stdarg.h>

#include "base/ascii.h"

#define ROOM_MIN 256

/* Doubles the room, so that on average each byte is copied once more. */
static bool make_room(struct text *text, size_t more)
{
    if (text->failed)
        return false;
    if (text->room - text->length > more)
        return true;
    size_t room = text->room ? text->room : ROOM_MIN;
    bool fits = more < SIZE_MAX / 4 - text->length &&
                (text->limit == 0 || text->length + more <= text->limit);
    while (fits && room - text->length <= more)
        room *= 2;
    char *bytes = fits ? realloc(text->bytes, room) : NULL;
    text->failed = !bytes;
    if (!bytes)
        return false;
    text->bytes = bytes;
    text->room = room;
    return true;
}

char *text_reserve(struct text *text, size_t more)
{
    return make_room(text, more) ? text->bytes + text->length : NULL;
}

void text_add(struct text *text, struct slice bytes)
{
    if (bytes.len == 0 || !make_room(text, bytes.len))
        return;
    memcpy(text->bytes + text->length, bytes.ptr, bytes.len);
    text->length += bytes.len;
}

void text_add_byte(struct text *text, char byte)
{
    text_add(text, (struct slice){&byte, 1});
}

void text_add_string(struct text *text, const char *string)
{
    text_add(text, slice_of(string));
}

void text_add_escaped(struct text *text, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        char escaped[3];
        ascii_escape(escaped, bytes.ptr[i]);
        if (ascii_is_unreserved(bytes.ptr[i]))
            text_add_byte(text, bytes.ptr[i]);
        else
            text_add(text, (struct slice){escaped, sizeof(escaped)});
    }
}

/* Formats into the free room, and a second time if that is too small. */
void text_add_format(struct text *text, const char *format, ...)
{
    va_list arguments, again;
    size_t room = text->failed ? 0 : text->room - text->length;
    char *out = room > 0 ? text->bytes + text->length : NULL;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(out, room, format, arguments);
    if (length < 0)
        text->failed = true;
    bool fits = length >= 0 && (size_t)length < room &&
                (text->limit == 0 || text->length + (size_t)length <= text->limit);
    out = length >= 0 && !fits ? text_reserve(text, (size_t)length) : NULL;
    if (out)
        vsnprintf(out, (size_t)length + 1, format, again);
    if (fits || out)
        text->length += (size_t)length;
    va_end(again);
    va_end(arguments);
}

char *text_take(struct text *text, size_t *length)
{
    if (!make_room(text, 0)) {
        text_free(text);
        return NULL;
    }
    char *bytes = text->bytes;
    bytes[text->length] = '\0';
    *length = text->length;
    *text = (struct text){.limit = text->limit};
    return bytes;
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){.limit = text->limit};
}

void text_wipe(struct text *text)
{
    if (text->bytes)
        explicit_bzero(text->bytes, text->length);
    text_free(text);
}
