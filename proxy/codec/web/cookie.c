#include "codec/web/cookie.h"

#include "base/text/writer.h"
#include "codec/http/http_char.h"

/* ---- of a request ---- */

/* The next cookie of any name, of the field that is read; false: the field is at its end. */
static bool next_pair(struct slice *rest, struct slice *name, struct slice *value)
{
    if (rest->len == 0)
        return false;
    *value = http_char_trim(http_char_cut(rest, ';'));
    *name = http_char_cut(value, '=');
    return true;
}

bool cookie_next(struct cookie_cursor *cursor, struct slice name, struct slice *value)
{
    struct slice key;
    for (;;) {
        while (next_pair(&cursor->rest, &key, value)) {
            if (!slice_equal(key, name))
                continue;
            *value = http_char_unquote(*value);
            return true;
        }
        if (cursor->field == cursor->head->field_count)
            return false;
        const struct http_field *field = &cursor->head->fields[cursor->field++];
        if (slice_equal_nocase(field->name, SLICE("Cookie")))
            cursor->rest = field->value;
    }
}

struct slice cookie_find(const struct http_head *head, struct slice name)
{
    struct cookie_cursor cursor = cookie_begin(head);
    struct slice value;
    return cookie_next(&cursor, name, &value) ? value : (struct slice){0};
}

/* ---- of an answer ---- */

/* Visible ASCII but for quotes, comma, semicolon and backslash. */
bool cookie_is_value(char c)
{
    return c > ' ' && c < 0x7f && !memchr("\",;\\", c, 4);
}

static bool is_value(struct slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!cookie_is_value(value.ptr[i]))
            return false;
    return true;
}

/* Browsers take a path that does not begin with a slash for the folder of the page. */
static bool is_path(struct slice path)
{
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] <= ' ' || path.ptr[i] >= 0x7f || path.ptr[i] == ';')
            return false;
    return path.len > 0 && path.ptr[0] == '/';
}

static void add(struct writer *w, const char *text)
{
    writer_add_slice(w, slice_of(text));
}

size_t cookie_print(char *out, size_t capacity, const struct cookie *cookie)
{
    struct writer w = writer_to(out, capacity);
    char age[40] = "";
    if (!http_char_is_token(cookie->name) || !is_value(cookie->value) || !is_path(cookie->path))
        return 0;
    long most = cookie->max_age < COOKIE_AGE_MAX ? cookie->max_age : COOKIE_AGE_MAX;
    if (cookie->max_age != COOKIE_SESSION)
        snprintf(age, sizeof(age), "; Max-Age=%ld", most);
    writer_add_slice(&w, cookie->name);
    add(&w, "=");
    writer_add_slice(&w, cookie->value);
    add(&w, "; Path=");
    writer_add_slice(&w, cookie->path);
    add(&w, age);
    add(&w, cookie->secure ? "; Secure" : "");
    add(&w, "; HttpOnly; SameSite=Lax");
    return writer_end_string(&w);
}
