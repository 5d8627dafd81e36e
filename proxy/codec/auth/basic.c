#include "codec/auth/basic.h"

#include "base/ascii.h"
#include "codec/b64.h"

enum basic_verdict basic_decode(struct slice value, char text[static BASIC_MAX],
                                struct basic *basic)
{
    struct slice rest = value, scheme = value;
    if (!slice_cut_to(&rest, ' ', &scheme))
        rest.len = 0;
    if (!slice_equal_nocase(scheme, SLICE("Basic")))
        return BASIC_OTHER;
    while (rest.len > 0 && rest.ptr[0] == ' ')
        rest = slice_from(rest, 1);
    long length = b64_decode((uint8_t *)text, BASIC_MAX, rest);
    if (length < 0)
        return BASIC_MALFORMED;
    struct slice decoded = {text, (size_t)length};
    if (ascii_has_control(decoded) || !slice_cut_to(&decoded, ':', &basic->user))
        return BASIC_MALFORMED;
    basic->password = decoded;
    return BASIC_CREDENTIALS;
}
