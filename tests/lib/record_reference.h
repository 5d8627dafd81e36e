/*
 * Reads a recording by the rules of JavaScript, and accepts nothing else.
 *
 * Owns: nothing. Thread: any. Errors: false. Lifetime: none.
 */
#ifndef WSLUICE_TESTS_RECORD_REFERENCE_H
#define WSLUICE_TESTS_RECORD_REFERENCE_H

#include "base/base.h"

struct record_reference {
    const char *at, *end;
};

static inline bool record_reference_skip(struct record_reference *text, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0)
        return false;
    text->at += length;
    return true;
}

static inline int record_reference_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* The escapes of ECMA-262 section 12.9.4 that recordings use. */
static inline bool record_reference_character(struct record_reference *text, uint8_t *byte)
{
    static const char letters[] = "tnr\\'", meant[] = "\t\n\r\\'";
    if (text->at == text->end || *text->at < ' ' || *text->at > '~' || *text->at == '\'')
        return false;
    *byte = (uint8_t)*text->at++;
    if (*byte != '\\')
        return true;
    if (text->at == text->end)
        return false;
    char letter = *text->at++;
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (found) {
        *byte = (uint8_t)meant[found - letters];
        return true;
    }
    if (letter != 'x' || text->end - text->at < 2)
        return false;
    int high = record_reference_digit(text->at[0]), low = record_reference_digit(text->at[1]);
    text->at += 2;
    *byte = (uint8_t)(high << 4 | low);
    return high >= 0 && low >= 0;
}

/* One entry. `bytes` has room for any entry. */
static inline bool record_reference_entry(struct record_reference *text, bool *from_client,
                                          uint64_t *milliseconds, uint8_t *bytes, size_t *length)
{
    if (!record_reference_skip(text, "'"))
        return false;
    *from_client = record_reference_skip(text, "}");
    if (!*from_client && !record_reference_skip(text, "{"))
        return false;
    const char *digits = text->at;
    for (*milliseconds = 0; text->at < text->end && *text->at >= '0' && *text->at <= '9';)
        *milliseconds = *milliseconds * 10 + (uint64_t)(*text->at++ - '0');
    if (text->at == digits || !record_reference_skip(text, *from_client ? "}" : "{"))
        return false;
    for (*length = 0; text->at < text->end && *text->at != '\''; ++*length)
        if (!record_reference_character(text, &bytes[*length]))
            return false;
    return record_reference_skip(text, "',\n");
}

#endif
