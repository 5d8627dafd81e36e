/*
 * Compares value_parse with the regular expression of value_regex: on the given texts, and on many
 * that are made from them by changing, removing, adding and joining characters.
 */
#ifndef WSLUICE_TESTS_LIB_REGEX_COMPARE_H
#define WSLUICE_TESTS_LIB_REGEX_COMPARE_H

#include <regex.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/model/value_regex.h"

enum { REGEX_COMPARE_ROUNDS = 4000, REGEX_COMPARE_TEXT_MAX = 160 };

/* How well the two agree. LOOSE: the expression may match texts that are not valid. */
enum regex_agreement { REGEX_EXACT, REGEX_LOOSE };

static void regex_compare_text(const struct value_spec *spec, const regex_t *compiled,
                               const char *text, enum regex_agreement agreement)
{
    struct value value;
    char why[256];
    bool valid = value_parse(spec, text, &value, why, sizeof(why)) == VALUE_OK;
    bool matches = regexec(compiled, text, 0, NULL, 0) == 0;
    if (valid && !matches)
        fail_msg("'%s' is valid, but does not match", text);
    if (!valid && matches && agreement == REGEX_EXACT)
        fail_msg("'%s' matches, but is not valid: %s", text, why);
}

static uint32_t regex_compare_random(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % below;
}

/* One change somewhere in the text. */
static void regex_compare_mutate(char *text, const char *const *seeds, size_t seed_count,
                                 uint32_t *state)
{
    static const char characters[] = "0123456789abfzABFZ.:/-_*{}[]%$\\?#@ \t\x7f\xc3\xa9\"'|~^!;=+";
    size_t length = strlen(text);
    const char *seed = seeds[regex_compare_random(state, (uint32_t)seed_count)];
    size_t at = regex_compare_random(state, (uint32_t)length + 1);
    char character = characters[regex_compare_random(state, sizeof(characters) - 1)];
    switch (regex_compare_random(state, 4)) {
    case 0:
        if (at < length)
            text[at] = character;
        break;
    case 1:
        if (at < length)
            memmove(text + at, text + at + 1, length - at);
        break;
    case 2:
        if (length + 1 < REGEX_COMPARE_TEXT_MAX) {
            memmove(text + at + 1, text + at, length - at + 1);
            text[at] = character;
        }
        break;
    default: /* the rest of another one */
        snprintf(text + at, REGEX_COMPARE_TEXT_MAX - at, "%s",
                 seed + regex_compare_random(state, (uint32_t)strlen(seed) + 1));
    }
}

/* For the whole text. */
static void regex_compare_compile(const struct value_spec *spec, regex_t *compiled)
{
    struct text regex = {0};
    size_t length;
    text_add_string(&regex, "^(");
    value_regex_put(spec, &regex);
    text_add_string(&regex, ")$");
    char *expression = text_take(&regex, &length);
    assert_non_null(expression);
    if (regcomp(compiled, expression, REG_EXTENDED | REG_NOSUB) != 0)
        fail_msg("no regular expression: %s", expression);
    free(expression);
}

/* `seeds` ends with NULL. */
static void regex_compare(const struct value_spec *spec, const char *const *seeds,
                          enum regex_agreement agreement)
{
    regex_t compiled;
    size_t seed_count = 0;
    uint32_t state = 1;
    regex_compare_compile(spec, &compiled);
    while (seeds[seed_count])
        seed_count++;
    for (size_t i = 0; i < seed_count; i++)
        regex_compare_text(spec, &compiled, seeds[i], agreement);
    for (int round = 0; round < REGEX_COMPARE_ROUNDS; round++) {
        char text[REGEX_COMPARE_TEXT_MAX];
        snprintf(text, sizeof(text), "%s",
                 seeds[regex_compare_random(&state, (uint32_t)seed_count)]);
        for (uint32_t i = regex_compare_random(&state, 3); i < 3; i++) {
            regex_compare_mutate(text, seeds, seed_count, &state);
            regex_compare_text(spec, &compiled, text, agreement);
        }
    }
    regfree(&compiled);
}

#endif
