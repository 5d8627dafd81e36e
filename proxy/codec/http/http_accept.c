#include "codec/http/http_accept.h"

#include "codec/http/http_char.h"

/* qvalue: 0 to 1, with up to three digits after the point. */
static bool read_weight(struct slice text, int *weight)
{
    if (text.len < 1 || text.len > 5 || (text.ptr[0] != '0' && text.ptr[0] != '1') ||
        (text.len > 1 && text.ptr[1] != '.'))
        return false;
    *weight = (text.ptr[0] - '0') * 1000;
    for (size_t i = 2, unit = 100; i < text.len; i++, unit /= 10) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        *weight += (text.ptr[i] - '0') * (int)unit;
    }
    return *weight <= 1000;
}

/* "gzip", "gzip;q=0.5", "gzip ; Q=0.5". */
static bool read_element(struct slice element, struct slice item, int *weight)
{
    const char *semicolon = memchr(element.ptr, ';', element.len);
    size_t length = semicolon ? (size_t)(semicolon - element.ptr) : element.len;
    if (!slice_equal_nocase(http_char_trim((struct slice){element.ptr, length}), item))
        return false;
    *weight = 1000;
    if (!semicolon)
        return true;
    struct slice parameter = http_char_trim(slice_from(element, length + 1));
    return parameter.len >= 2 && ascii_lower(parameter.ptr[0]) == 'q' && parameter.ptr[1] == '=' &&
           read_weight(slice_from(parameter, 2), weight);
}

int http_accept_weight(const struct http_head *head, struct slice name, struct slice item)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (!slice_equal_nocase(head->fields[i].name, name))
            continue;
        struct slice rest = head->fields[i].value, element;
        int weight;
        while (http_head_list_next(&rest, &element))
            if (read_element(element, item, &weight))
                return weight;
    }
    return HTTP_ACCEPT_NOT_LISTED;
}
