#include "codec/http/http_range.h"

#include "codec/http/http_head.h"

/* A number; one that exceeds 64 bits becomes UINT64_MAX. False: there is none. */
static bool read_number(struct slice digits, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < digits.len; i++) {
        uint64_t digit = (uint64_t)(digits.ptr[i] - '0');
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return false;
        *number = *number > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *number * 10 + digit;
    }
    return digits.len > 0;
}

/* "-500": the last 500 bytes. Of an empty file that is the whole, which no 206 can express. */
static enum http_range_verdict read_suffix(struct slice digits, uint64_t whole,
                                           struct http_range *part)
{
    uint64_t length;
    if (!read_number(digits, &length) || (whole == 0 && length > 0))
        return HTTP_RANGE_WHOLE;
    if (length == 0)
        return HTTP_RANGE_BEYOND;
    part->length = length < whole ? length : whole;
    part->first = whole - part->length;
    return HTTP_RANGE_PART;
}

static enum http_range_verdict read_spec(struct slice spec, uint64_t whole, struct http_range *part)
{
    uint64_t first, last = UINT64_MAX;
    const char *dash = memchr(spec.ptr, '-', spec.len);
    if (!dash)
        return HTTP_RANGE_WHOLE;
    struct slice left = {spec.ptr, (size_t)(dash - spec.ptr)};
    struct slice right = slice_from(spec, left.len + 1);
    if (left.len == 0)
        return read_suffix(right, whole, part);
    if (!read_number(left, &first) || (right.len > 0 && !read_number(right, &last)) || last < first)
        return HTTP_RANGE_WHOLE;
    if (first >= whole)
        return HTTP_RANGE_BEYOND;
    part->first = first;
    part->length = (last < whole ? last + 1 : whole) - first;
    return HTTP_RANGE_PART;
}

enum http_range_verdict http_range_parse(struct slice value, uint64_t whole,
                                         struct http_range *part)
{
    static const struct slice unit = {"bytes=", 6};
    struct slice spec, second;
    if (value.len < unit.len || !slice_equal_nocase((struct slice){value.ptr, unit.len}, unit))
        return HTTP_RANGE_WHOLE;
    struct slice rest = slice_from(value, unit.len);
    if (!http_head_list_next(&rest, &spec) || http_head_list_next(&rest, &second))
        return HTTP_RANGE_WHOLE;
    return read_spec(spec, whole, part);
}
