#include "base/text/utf8.h"

/* RFC 3629 section 4: the bytes after the first of a character. False: no such first byte. */
static inline bool begin(struct utf8 *state, uint8_t lead)
{
    if (lead < 0xC2 || lead > 0xF4) /* a stray continuation, overlong, or beyond U+10FFFF */
        return false;
    state->missing = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    state->low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;  /* else overlong */
    state->high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF; /* else surrogate, too high */
    return true;
}

static inline size_t skip_ascii(const uint8_t *bytes, size_t length)
{
    size_t at = 0;
    uint64_t words[2];

    for (; length - at >= sizeof(words); at += sizeof(words)) {
        memcpy(words, bytes + at, sizeof(words));
        if ((words[0] | words[1]) & 0x8080808080808080)
            break;
    }
    while (at < length && bytes[at] < 0x80)
        at++;
    return at;
}

bool utf8_feed(struct utf8 *state, const uint8_t *bytes, size_t length)
{
    struct utf8 now = *state; /* in registers: bytes could alias the caller's */

    for (size_t at = 0; at < length; at++) {
        uint8_t byte = bytes[at];
        if (now.missing > 0) {
            if (byte < now.low || byte > now.high)
                return false;
            now = (struct utf8){.missing = now.missing - 1, .low = 0x80, .high = 0xBF};
        } else if (byte < 0x80) {
            at += skip_ascii(bytes + at, length - at) - 1;
        } else if (!begin(&now, byte)) {
            return false;
        }
    }
    *state = now;
    return true;
}

size_t utf8_cut(const char *text, size_t length, size_t limit)
{
    if (length <= limit)
        return length;
    while (limit > 0 && ((uint8_t)text[limit] & 0xC0) == 0x80)
        limit--;
    return limit;
}
