#include "codec/web/form.h"

#include "base/ascii.h"
#include "base/text/utf8.h"
#include "codec/http/http_char.h"
#include "codec/http/http_query.h"

/* ---- the request ---- */

/* Browsers name no charset; programs name this one. */
static bool is_utf8(struct slice parameter)
{
    struct slice name = http_char_trim(http_char_cut(&parameter, '='));
    struct slice value = http_char_unquote(http_char_trim(parameter));
    if (name.len == 0)
        return true;
    return slice_equal_nocase(name, SLICE("charset")) && slice_equal_nocase(value, SLICE("utf-8"));
}

bool form_is_sent(const struct http_head *head)
{
    unsigned count;
    const struct http_field *type = http_head_only(head, SLICE("Content-Type"), &count);
    if (!type)
        return false;
    struct slice rest = type->value;
    struct slice name = http_char_trim(http_char_cut(&rest, ';'));
    return slice_equal_nocase(name, SLICE("application/x-www-form-urlencoded")) && is_utf8(rest);
}

/* ---- the body ---- */

/* The next byte of an encoded text; -1: a wrong escape, or a NUL. */
static int decode(struct slice *text)
{
    if (text->ptr[0] == '%' && ascii_unescape(*text) < 0)
        return -1;
    int byte = (uint8_t)http_query_decode(text);
    return byte == 0 ? -1 : byte;
}

/* Bytes of a name or a value that is not wanted are checked only. */
static bool check(struct slice text)
{
    struct utf8 state = {0};
    while (text.len > 0) {
        int byte = decode(&text);
        uint8_t one = (uint8_t)byte;
        if (byte < 0 || !utf8_feed(&state, &one, 1))
            return false;
    }
    return utf8_is_complete(&state);
}

static bool is_named(struct slice text, struct slice name)
{
    size_t at = 0;
    while (text.len > 0 && at < name.len)
        if (decode(&text) != (uint8_t)name.ptr[at++])
            return false;
    return text.len == 0 && at == name.len;
}

static bool take(struct form_field *field, struct slice text)
{
    if (field->found)
        return false;
    field->found = true;
    while (text.len > 0) {
        if (field->length + 1 >= field->capacity)
            return false;
        field->out[field->length++] = (char)decode(&text);
    }
    field->out[field->length] = '\0';
    return true;
}

static bool read_parameter(struct slice key, struct slice value, struct form_field *fields,
                           size_t count)
{
    if (!check(key) || !check(value))
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_named(key, fields[i].name))
            return take(&fields[i], value);
    return true;
}

static void clear(struct form_field *field)
{
    explicit_bzero(field->out, field->capacity);
    field->length = 0;
    field->found = false;
}

bool form_read(struct slice body, struct form_field *fields, size_t count)
{
    bool good = true;
    for (size_t i = 0; i < count; i++)
        clear(&fields[i]);
    for (unsigned parameters = 0; good && body.len > 0; parameters++) {
        struct slice key, value;
        http_query_next(&body, &key, &value);
        good = parameters < FORM_PARAMETERS_MAX && read_parameter(key, value, fields, count);
    }
    for (size_t i = 0; !good && i < count; i++)
        clear(&fields[i]);
    return good;
}
