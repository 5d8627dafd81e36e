#include "codec/web/html.h"

const char *html_entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_escape(struct text *out, struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        const char *entity = html_entity(value.ptr[i]);
        if (entity)
            text_add_string(out, entity);
        else
            text_add_byte(out, value.ptr[i]);
    }
}

static const struct html_value *find(struct slice name, const struct html_value *values,
                                     size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(slice_of(values[i].name), name))
            return &values[i];
    return NULL;
}

/* Cuts the text before the next {{NAME}} off, and the name; false: there is none. */
static bool next_name(struct slice *rest, struct slice *before, struct slice *name)
{
    const char *open = rest->len > 0 ? memmem(rest->ptr, rest->len, "{{", 2) : NULL;
    if (!open)
        return false;
    struct slice behind = slice_from(*rest, (size_t)(open - rest->ptr) + 2);
    const char *close = behind.len > 0 ? memmem(behind.ptr, behind.len, "}}", 2) : NULL;
    if (!close)
        return false;
    *before = (struct slice){rest->ptr, (size_t)(open - rest->ptr)};
    *name = (struct slice){behind.ptr, (size_t)(close - behind.ptr)};
    *rest = slice_from(behind, name->len + 2);
    return true;
}

void html_fill(struct text *out, struct slice page, const struct html_value *values, size_t count)
{
    struct slice before, name;
    while (next_name(&page, &before, &name)) {
        const struct html_value *found = find(name, values, count);
        text_add(out, before);
        if (found)
            html_escape(out, found->value);
    }
    text_add(out, page);
}
