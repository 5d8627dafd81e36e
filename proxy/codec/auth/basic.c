#include "codec/auth/basic.h"

#include "base/ascii.h"

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

bool basic_encode(struct writer *out, struct slice user, struct slice password)
{
    uint8_t pair[BASIC_SENT_MAX];
    char encoded[B64_ENCODED(BASIC_SENT_MAX)];
    struct writer plain = writer_to(pair, sizeof(pair));
    writer_add_slice(&plain, user);
    writer_add_slice(&plain, SLICE(":"));
    writer_add_slice(&plain, password);
    writer_add_slice(out, SLICE("Basic "));
    writer_add(out, encoded, b64_encode(encoded, pair, plain.length));
    explicit_bzero(pair, sizeof(pair));
    explicit_bzero(encoded, sizeof(encoded));
    bool has_colon = user.len > 0 && memchr(user.ptr, ':', user.len);
    return !has_colon && !plain.overflow && !out->overflow;
}
