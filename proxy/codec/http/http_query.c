#include "codec/http/http_query.h"

#include "base/ascii.h"
#include "codec/http/http_char.h"

void http_query_next(struct slice *query, struct slice *key, struct slice *value)
{
    *value = http_char_cut(query, '&');
    *key = http_char_cut(value, '=');
}

char http_query_unescape(struct slice *text)
{
    int escaped = ascii_unescape(*text);
    char byte = escaped < 0 ? text->ptr[0] : (char)escaped;
    *text = slice_from(*text, escaped < 0 ? 1 : 3);
    return byte;
}

char http_query_decode(struct slice *text)
{
    bool plus = text->ptr[0] == '+';
    char byte = http_query_unescape(text);
    return plus ? ' ' : byte;
}
