#include "codec/b64.h"

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
static const char digits[] = LETTERS_AND_DIGITS "+/", url_digits[] = LETTERS_AND_DIGITS "-_";

/* Value plus one; 0: not a digit. */
static const uint8_t values[256] = {
    ['+'] = 63, ['/'] = 64, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58,
    ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,
    ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,  ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12,
    ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20,
    ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
    ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
    ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44,
    ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52,
};

size_t b64_encode(char *out, const uint8_t *bytes, size_t length)
{
    char *at = out;
    size_t i = 0;
    for (; length - i >= 3; i += 3) {
        uint32_t bits = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];
        *at++ = digits[bits >> 18];
        *at++ = digits[bits >> 12 & 63];
        *at++ = digits[bits >> 6 & 63];
        *at++ = digits[bits & 63];
    }
    if (i < length) {
        bool two = length - i == 2;
        uint32_t bits = (uint32_t)bytes[i] << 16 | (two ? (uint32_t)bytes[i + 1] << 8 : 0);
        *at++ = digits[bits >> 18];
        *at++ = digits[bits >> 12 & 63];
        *at++ = two ? digits[bits >> 6 & 63] : '=';
        *at++ = '=';
    }
    return (size_t)(at - out);
}

static size_t padding_of(struct slice text)
{
    if (text.len == 0 || text.ptr[text.len - 1] != '=')
        return 0;
    return text.ptr[text.len - 2] == '=' ? 2 : 1;
}

long b64_decode(uint8_t *out, size_t capacity, struct slice text)
{
    if (text.len % 4 != 0)
        return -1;
    size_t padding = padding_of(text);
    size_t length = text.len / 4 * 3 - padding;
    if (length > capacity)
        return -1;

    uint32_t bits = 0;
    size_t written = 0;
    for (size_t i = 0; i < text.len - padding; i++) {
        uint8_t value = values[(uint8_t)text.ptr[i]];
        if (value == 0)
            return -1;
        bits = bits << 6 | (value - 1u);
        if (i % 4 != 0) /* digits 2, 3 and 4 of a group each complete a byte */
            out[written++] = (uint8_t)(bits >> (6 - i % 4 * 2));
    }
    /* Bits that padding leaves over must be 0, so that no two texts decode to the same bytes. */
    uint32_t stray = padding == 2 ? 0xF : padding == 1 ? 0x3 : 0;
    return (bits & stray) != 0 ? -1 : (long)length;
}

/* ---- for URLs ---- */

size_t b64_url_encode(char *out, const uint8_t *bytes, size_t length)
{
    char *at = out;
    uint32_t bits = 0;
    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | bytes[i];
        *at++ = url_digits[bits >> (2 + i % 3 * 2) & 63];
        if (i % 3 == 2)
            *at++ = url_digits[bits & 63];
    }
    if (length % 3 > 0)
        *at++ = url_digits[bits << (6 - length % 3 * 2) & 63];
    return (size_t)(at - out);
}

/* Value plus one; 0: not a digit. */
static uint8_t url_value(char digit)
{
    if (digit == '-' || digit == '_')
        return digit == '-' ? 63 : 64;
    return digit == '+' || digit == '/' ? 0 : values[(uint8_t)digit];
}

long b64_url_decode(uint8_t *out, size_t capacity, struct slice text)
{
    size_t rest = text.len % 4, length = text.len / 4 * 3 + (rest ? rest - 1 : 0);
    if (rest == 1 || length > capacity)
        return -1;
    uint32_t bits = 0;
    size_t written = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t value = url_value(text.ptr[i]);
        if (value == 0)
            return -1;
        bits = bits << 6 | (value - 1u);
        if (i % 4 != 0)
            out[written++] = (uint8_t)(bits >> (6 - i % 4 * 2));
    }
    uint32_t stray = rest == 2 ? 0xF : rest == 3 ? 0x3 : 0;
    return (bits & stray) != 0 ? -1 : (long)length;
}
