/*
 * Classes of ASCII characters, for protocols: independent of the locale and of the sign of char.
 *
 * Pure. Owns: nothing. Thread: any. Errors: -1 or false. Lifetime: none.
 */
#ifndef WSLUICE_BASE_ASCII_H
#define WSLUICE_BASE_ASCII_H

#include "base/base.h"

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_letter(char c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static inline bool ascii_is_alphanumeric(char c)
{
    return ascii_is_digit(c) || ascii_is_letter(c);
}

/* RFC 3986 section 2.3: needs no escape anywhere in a URI. */
static inline bool ascii_is_unreserved(char c)
{
    return ascii_is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* C0 and DEL, which a log, a terminal or a field of a protocol would act on. */
static inline bool ascii_is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7F;
}

static inline bool ascii_has_control(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (ascii_is_control(text.ptr[i]))
            return true;
    return false;
}

/* Digits only, at least one, of a number that does not exceed `most`. *number changes if true. */
static inline bool ascii_decimal(struct slice text, uint64_t most, uint64_t *number)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is_digit(text.ptr[i]))
            return false;
        uint64_t digit = (uint64_t)(text.ptr[i] - '0');
        if (digit > most || value > (most - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (text.len > 0)
        *number = value;
    return text.len > 0;
}

/* 0 to 15; -1: not a hexadecimal digit. */
static inline int ascii_hex(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    char lower = ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* "%XX", with upper-case digits (RFC 3986 section 2.1). */
static inline void ascii_escape(char out[static 3], char c)
{
    static const char digits[] = "0123456789ABCDEF";
    out[0] = '%';
    out[1] = digits[(uint8_t)c >> 4];
    out[2] = digits[(uint8_t)c & 15];
}

/* The byte that "%XX" at the beginning of `text` stands for; -1: `text` begins otherwise. */
static inline int ascii_unescape(struct slice text)
{
    if (text.len < 3 || text.ptr[0] != '%')
        return -1;
    int high = ascii_hex(text.ptr[1]), low = ascii_hex(text.ptr[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

#endif
