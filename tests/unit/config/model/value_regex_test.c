#include "config/model/value_regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/options/options.h"
#include "lib/regex_compare.h"

/* Every number from 0 to `most`, which is beyond the range. */
static void compare_all(const struct value_spec *spec, unsigned most, const char *unit)
{
    regex_t compiled;
    regex_compare_compile(spec, &compiled);
    for (unsigned i = 0; i <= most; i++) {
        char text[32];
        snprintf(text, sizeof(text), "%u%s", i, unit);
        regex_compare_text(spec, &compiled, text, REGEX_EXACT);
    }
    regfree(&compiled);
}

static void numbers(void **state)
{
    const struct value_spec counts[] = {
        {.type = VALUE_COUNT, .min = 0, .max = 0},
        {.type = VALUE_COUNT, .min = 7, .max = 7},
        {.type = VALUE_COUNT, .min = 1, .max = 1024},
        {.type = VALUE_COUNT, .min = 10, .max = 100},
        {.type = VALUE_COUNT, .min = 99, .max = 2001},
        {.type = VALUE_COUNT, .min = 345, .max = 378},
        {.type = VALUE_COUNT, .min = 2, .max = 1999, .zero = "auto"},
    };
    const char *seeds[] = {"0", "00", "007", "1024", "10x", "-1", "18446744073709551616", NULL};
    for (size_t i = 0; i < WSL_COUNT(counts); i++) {
        compare_all(&counts[i], 2500, "");
        if (!counts[i].zero)
            regex_compare(&counts[i], seeds, REGEX_EXACT);
    }
}

static void durations_and_sizes(void **state)
{
    const struct value_spec duration = {
        .type = VALUE_DURATION, .min = 1500, .max = VALUE_HOURS(1) + 1};
    const struct value_spec size = {.type = VALUE_SIZE, .min = 1000, .max = VALUE_KIB(64)};
    const char *durations[] = {"1500ms", "2s", "60M", "1h", "3600000MS", "0s", "2 s", "1.5s", NULL};
    const char *sizes[] = {"1000", "16KiB", "64kib", "65536b", "1MiB", "1KB", NULL};
    for (int i = 0; i < 2; i++) {
        compare_all(&duration, 4000, i == 0 ? "" : "s");
        compare_all(&duration, 4000, i == 0 ? "m" : "ms");
        compare_all(&size, 70000, i == 0 ? "" : "B");
        compare_all(&size, 100, i == 0 ? "KiB" : "MiB");
    }
    regex_compare(&duration, durations, REGEX_EXACT);
    regex_compare(&size, sizes, REGEX_EXACT);
}

static void names(void **state)
{
    const struct value_spec boolean = {.type = VALUE_BOOL};
    const char *bools[] = {"true", "false", "on", "off", "yes", "no", "True", "1", NULL};
    regex_compare(&boolean, bools, REGEX_EXACT);
    const char *seeds[] = {"round-robin", "least_sessions",    "1.2", "tlsv1_2", "1x2",
                           "required",    "ReadOnlyTokenFile", NULL};
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->value.type == VALUE_ENUM)
            regex_compare(&row->value, seeds, REGEX_EXACT);
}

/* Zero has a word, which is no part of the expression, and is written as a number as well. */
static void the_word_for_zero(void **state)
{
    const struct value_spec spec = {
        .type = VALUE_DURATION, .min = 1000, .max = 5000, .zero = "off"};
    struct text regex = {0};
    regex_t compiled;
    size_t length;
    value_regex_put(&spec, &regex);
    char *expression = text_take(&regex, &length);
    assert_int_equal(regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB), 0);
    assert_null(strstr(expression, "off"));
    for (size_t i = 0; i < 4; i++)
        regex_compare_text(&spec, &compiled, (const char *[]){"0", "0ms", "000s", "0D"}[i],
                           REGEX_EXACT);
    regfree(&compiled);
    free(expression);
}

/* The expression does not see an IPv6 address that is none, a long host, or bits behind a prefix.
 */
static void addresses(void **state)
{
    const struct value_spec listen = {.type = VALUE_LISTEN}, cidr = {.type = VALUE_CIDR};
    const struct value_spec target = {.type = VALUE_TARGET};
    const struct value_spec bare = {.type = VALUE_TARGET, .bare = true};
    const char *listens[] = {
        "443",     ":443", "localhost:65535", "[::1]:0",          "::1:80",      "unix:/run/a",
        "unix:@x", "fd:3", ":65536",          "[fe80::1%eth0]:1", "http://x:80", "unix:@",
        "a/b:1",   "[]:1", "unix:",           "d\xc3\xa9sk:1",    NULL};
    const char *targets[] = {"tcp://desk:5900",
                             "tls://{name}.desks:443",
                             "desk:22",
                             "[::1]:1",
                             "unix:./s",
                             "tcp://desk",
                             ":22",
                             "tcp://h:0",
                             "tcp://[::1%lo]:9",
                             "wss://desk/a?b=%20{c}",
                             "ws://[::1]:8080/",
                             "wss+unix:@x:/a",
                             "ws+unix:/run/a",
                             "ws://desk",
                             NULL};
    const char *cidrs[] = {"10.0.0.0/8",  "192.0.2.1", "fd00::/8",  "::1",      "::ffff:10.0.0.1",
                           "10.0.0.0/33", "::/129",    "256.0.0.1", "01.2.3.4", NULL};
    regex_compare(&listen, listens, REGEX_LOOSE);
    regex_compare(&target, targets, REGEX_LOOSE);
    regex_compare(&bare, targets, REGEX_LOOSE);
    regex_compare(&cidr, cidrs, REGEX_LOOSE);
}

static void refuses(const struct value_spec *spec, const char *text)
{
    regex_t compiled;
    regex_compare_compile(spec, &compiled);
    if (regexec(&compiled, text, 0, NULL, 0) == 0)
        fail_msg("'%s' matches", text);
    regfree(&compiled);
}

static void refuses_usual_mistakes(void **state)
{
    const struct value_spec listen = {.type = VALUE_LISTEN}, cidr = {.type = VALUE_CIDR};
    const struct value_spec target = {.type = VALUE_TARGET};
    const char *listens[] = {"", "http://x", ":66000", "desk", "unix:", "unix:@", "[::1]", NULL};
    const char *targets[] = {"", "desk", "http://desk:80", "tcp://desk", ":22", "h:0", "22", NULL};
    const char *cidrs[] = {"", "10.0.0.0/40", "example.com", "10.0.0", "fd00::/129", NULL};
    for (size_t i = 0; listens[i]; i++)
        refuses(&listen, listens[i]);
    for (size_t i = 0; targets[i]; i++)
        refuses(&target, targets[i]);
    for (size_t i = 0; cidrs[i]; i++)
        refuses(&cidr, cidrs[i]);
}

/* ECMA 262 with its flag u has no such escapes, and look-ahead is not everywhere. */
static void expressions_are_portable(void **state)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++) {
        struct text regex = {0};
        size_t length;
        value_regex_put(&row->value, &regex);
        text_add_byte(&regex, ' ');
        char *expression = text_take(&regex, &length);
        assert_null(strstr(expression, "(?"));
        for (const char *p = strchr(expression, '\\'); p; p = strchr(p + 2, '\\'))
            assert_non_null(strchr("\\.[]{}*|", p[1]));
        free(expression);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(durations_and_sizes),
        cmocka_unit_test(names),
        cmocka_unit_test(the_word_for_zero),
        cmocka_unit_test(addresses),
        cmocka_unit_test(refuses_usual_mistakes),
        cmocka_unit_test(expressions_are_portable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
