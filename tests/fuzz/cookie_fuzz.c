/*
 * The cookies of a name are those that a simple parser finds, in the same order. A cookie that is
 * printed is found again as it was, and its field has no other attribute than its own.
 *
 * Input: a line for each of two Cookie fields; then name, value and path of a cookie to print.
 */
#include "codec/http/http_char.h"
#include "codec/web/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COOKIES_MAX 4096

static struct slice next_line(struct slice *rest)
{
    return http_char_cut(rest, '\n');
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Walks over the bytes of a field; notes the first byte and the length of each value. */
static size_t reference(struct slice field, struct slice name, struct slice *values)
{
    size_t count = 0;
    for (size_t at = 0; at < field.len;) {
        size_t end = at, first = at;
        while (end < field.len && field.ptr[end] != ';')
            end++;
        size_t last = end;
        while (first < last && is_blank(field.ptr[first]))
            first++;
        while (last > first && is_blank(field.ptr[last - 1]))
            last--;
        bool named = last - first >= name.len && memcmp(field.ptr + first, name.ptr, name.len) == 0;
        first += named ? name.len : 0;
        named = named && (first == last || field.ptr[first] == '=');
        first += named && first < last;
        if (named && last - first >= 2 && field.ptr[first] == '"' && field.ptr[last - 1] == '"')
            first++, last--;
        if (named && count < COOKIES_MAX)
            values[count++] = (struct slice){field.ptr + first, last - first};
        at = end + 1;
    }
    return count;
}

static void check_request(struct slice one, struct slice other)
{
    static struct slice values[2 * COOKIES_MAX];
    struct http_head head = {.field_count = 2,
                             .fields = {{SLICE("Cookie"), http_char_trim(one)},
                                        {SLICE("COOKIE"), http_char_trim(other)}}};
    struct slice name = SLICE("desk"), value;
    size_t count = reference(head.fields[0].value, name, values), found = 0;
    count += reference(head.fields[1].value, name, values + count);
    struct cookie_cursor cursor = cookie_begin(&head);
    while (cookie_next(&cursor, name, &value)) {
        wsl_assert(found < count && value.ptr == values[found].ptr);
        wsl_assert(value.len == values[found++].len);
    }
    wsl_assert(found == count);
    wsl_assert(cookie_find(&head, name).ptr == (count > 0 ? values[0].ptr : NULL));
}

static void check_print(const struct cookie *cookie)
{
    char out[512];
    size_t length = cookie_print(out, sizeof(out), cookie);
    if (length == 0)
        return;
    wsl_assert(length == strlen(out));
    struct slice field = {out, length};
    struct http_head head = {.field_count = 1,
                             .fields = {{SLICE("Cookie"), http_char_cut(&field, ';')}}};
    wsl_assert(slice_equal(cookie_find(&head, cookie->name), cookie->value));
    wsl_assert(slice_cut_prefix(&field, SLICE(" Path=/")));
    (void)http_char_cut(&field, ';');
    wsl_assert(slice_equal(field, SLICE(" Max-Age=60; Secure; HttpOnly; SameSite=Lax")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = {(const char *)data, size};
    if (size > COOKIES_MAX)
        return 0;
    struct slice one = next_line(&rest);
    check_request(one, next_line(&rest));
    struct cookie cookie = {.max_age = 60, .secure = true};
    cookie.name = next_line(&rest);
    cookie.value = next_line(&rest);
    cookie.path = next_line(&rest);
    check_print(&cookie);
    return 0;
}
