#include "codec/http/http_char.h"

#define V__ HTTP_CHAR_VALUE
#define VT_ (HTTP_CHAR_VALUE | HTTP_CHAR_TARGET)
#define VTK (HTTP_CHAR_VALUE | HTTP_CHAR_TARGET | HTTP_CHAR_TOKEN)
#define VTN (HTTP_CHAR_VALUE | HTTP_CHAR_TARGET | HTTP_CHAR_NAME)
#define ALL (HTTP_CHAR_VALUE | HTTP_CHAR_TARGET | HTTP_CHAR_TOKEN | HTTP_CHAR_NAME)
/* clang-format off */
const uint8_t http_char_classes[256] = {
    ['\t'] = V__,
    /*         sp   !    "    #    $    %    &    '    (    )    *    +    ,    -    .    /  */
    [0x20] =   V__, ALL, V__, HTTP_CHAR_VALUE | HTTP_CHAR_TOKEN, ALL, VTK, ALL, ALL, VTN, VTN, ALL, ALL, VTN, ALL, ALL, VT_,
    /*         0    1    2    3    4    5    6    7    8    9    :    ;    <    =    >    ?  */
    [0x30] =   ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, VT_, VTN, V__, VTN, V__, VT_,
    /*         @    A    B    C    D    E    F    G    H    I    J    K    L    M    N    O  */
    [0x40] =   VT_, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL,
    /*         P    Q    R    S    T    U    V    W    X    Y    Z    [    \    ]    ^    _  */
    [0x50] =   ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, VT_, V__, VT_, VTK, ALL,
    /*         `    a    b    c    d    e    f    g    h    i    j    k    l    m    n    o  */
    [0x60] =   VTK, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL,
    /*         p    q    r    s    t    u    v    w    x    y    z    {    |    }    ~       */
    [0x70] =   ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, ALL, VT_, VTK, VT_, ALL,
    /* obs-text */
    [0x80] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0x90] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0xA0] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0xB0] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0xC0] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0xD0] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0xE0] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
    [0xF0] =   V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__, V__,
};
/* clang-format on */
#undef V__
#undef VT_
#undef VTK
#undef VTN
#undef ALL

bool http_char_is_token(struct slice text)
{
    return text.len > 0 && http_char_run(text, HTTP_CHAR_TOKEN) == text.len;
}

struct slice http_char_trim(struct slice text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = slice_from(text, 1);
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

struct slice http_char_unquote(struct slice text)
{
    bool quoted = text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"';
    return quoted ? (struct slice){text.ptr + 1, text.len - 2} : text;
}

struct slice http_char_cut(struct slice *rest, char end)
{
    struct slice part = *rest;
    if (!slice_cut_to(rest, end, &part))
        *rest = slice_from(*rest, rest->len);
    return part;
}
