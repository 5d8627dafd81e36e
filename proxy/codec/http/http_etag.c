#include "codec/http/http_etag.h"

/* etagc of RFC 9110 section 8.8.3: includes a comma, excludes a quote. */
static bool is_etagc(char c)
{
    uint8_t byte = (uint8_t)c;
    return byte == 0x21 || (byte >= 0x23 && byte != 0x7F);
}

/* Cuts a tag off the beginning of `rest`, without W/; false: there is none. */
static bool cut_tag(struct slice *rest, struct slice *tag, bool *weak)
{
    *weak = rest->len >= 2 && rest->ptr[0] == 'W' && rest->ptr[1] == '/';
    if (*weak)
        *rest = slice_from(*rest, 2);
    if (rest->len == 0 || rest->ptr[0] != '"')
        return false;
    size_t end = 1;
    while (end < rest->len && is_etagc(rest->ptr[end]))
        end++;
    if (end == rest->len || rest->ptr[end] != '"')
        return false;
    *tag = (struct slice){rest->ptr, end + 1};
    *rest = slice_from(*rest, end + 1);
    return true;
}

static struct slice skip(struct slice rest, const char *bytes)
{
    while (rest.len > 0 && strchr(bytes, rest.ptr[0]))
        rest = slice_from(rest, 1);
    return rest;
}

static bool lists(struct slice rest, struct slice etag, enum http_etag_compare compare)
{
    struct slice tag;
    bool weak;
    if (slice_equal(rest, SLICE("*")))
        return true;
    for (rest = skip(rest, " \t,"); cut_tag(&rest, &tag, &weak); rest = skip(rest, " \t,")) {
        if (slice_equal(tag, etag) && !(weak && compare == HTTP_ETAG_STRONG))
            return true;
        rest = skip(rest, " \t");
        if (rest.len > 0 && rest.ptr[0] != ',')
            return false;
    }
    return false;
}

bool http_etag_listed(const struct http_head *head, struct slice name, struct slice etag,
                      enum http_etag_compare compare)
{
    for (size_t i = 0; i < head->field_count; i++)
        if (slice_equal_nocase(head->fields[i].name, name) &&
            lists(head->fields[i].value, etag, compare))
            return true;
    return false;
}
