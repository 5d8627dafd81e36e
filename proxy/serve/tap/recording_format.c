#include "serve/tap/recording_format.h"

/* The letter of JavaScript's short escape; 0: none. */
static char shorthand(uint8_t byte)
{
    switch (byte) {
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\\':
    case '\'':
        return (char)byte;
    default:
        return 0;
    }
}

static char *put_byte(char *out, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    char letter = shorthand(byte);
    if (letter) {
        *out++ = '\\';
        *out++ = letter;
    } else if (byte >= ' ' && byte < 0x7f) {
        *out++ = (char)byte;
    } else {
        *out++ = '\\';
        *out++ = 'x';
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
    }
    return out;
}

size_t recording_format_entry(char *out, bool from_client, uint64_t milliseconds,
                              const uint8_t *bytes, size_t length)
{
    char mark = from_client ? '}' : '{';
    char *at = out + snprintf(out, RECORDING_FORMAT_ENTRY_MAX(0), "'%c%llu%c", mark,
                              (unsigned long long)milliseconds, mark);
    for (size_t i = 0; i < length; i++)
        at = put_byte(at, bytes[i]);
    *at++ = '\'';
    *at++ = ',';
    *at++ = '\n';
    return (size_t)(at - out);
}
