#include "core/route/captured_host.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/route/expand.h"
#include "core/route/route.h"
#include "core/route/route_table.h"

/* A template and the patterns of its captures {a} to {d}. */
struct plan {
    const char *form;
    const char *patterns[4];
};

static const struct plan any = {"{a}", {".*"}}, label = {"{a}", {"[a-z0-9-]{1,32}"}},
                         name = {"{a}", {"[a-z0-9.-]+"}},
                         desks = {"{a}.desks.internal", {"[a-z0-9-]{1,32}"}};

/* NULL: a pattern does not match its value, so that no request has it. */
static const char *make(const struct plan *plan, const char *const *values, const char **wrong)
{
    static const struct slice names[] = {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}};
    static char out[CAPTURED_HOST_MAX + 1];
    regex_t compiled[4];
    struct route_capture captures[4];
    struct route_match match = {.patterns = captures};
    bool taken = true;
    size_t count = 0;
    for (; count < 4 && plan->patterns[count]; count++) {
        assert_int_equal(regcomp(&compiled[count], plan->patterns[count], REG_EXTENDED), 0);
        captures[count] = (struct route_capture){names[count], &compiled[count]};
        match.captures[count] = (struct expand_value){names[count], slice_of(values[count])};
        taken = taken && route_capture_matches(&captures[count], slice_of(values[count]));
    }
    match.capture_count = count;
    *wrong = taken ? captured_host_make(plan->form, &match, out) : NULL;
    for (size_t i = 0; i < count; i++)
        regfree(&compiled[i]);
    return taken ? out : NULL;
}

static void assert_made(const struct plan *plan, const char *value, const char *host)
{
    const char *wrong, *made = make(plan, (const char *const[]){value, NULL}, &wrong);
    if (!made || wrong || strcmp(made, host) != 0)
        fail_msg("'%s' in %s is '%s': %s", value, plan->form, made ? made : "no match",
                 wrong ? wrong : "good");
}

static void assert_refused(const struct plan *plan, const char *value, const char *why)
{
    const char *wrong, *made = make(plan, (const char *const[]){value, NULL}, &wrong);
    if (!made || !wrong || strcmp(wrong, why) != 0)
        fail_msg("'%s' in %s is '%s': %s", value, plan->form, made ? made : "no match",
                 wrong ? wrong : "good");
}

#define NUMBER  "ends in a number and is no address of four decimal parts"
#define ADDRESS "is an address, and the pattern of its capture is for names"

static void test_names(void **state)
{
    assert_made(&desks, "vm1", "vm1.desks.internal");
    assert_made(&desks, "127", "127.desks.internal");
    assert_made(&any, "localhost", "localhost");
    assert_made(&any, "a.b.", "a.b.");
    assert_made(&any, "1.2.3.4.in-addr.arpa", "1.2.3.4.in-addr.arpa");
    assert_made(&any, "1a", "1a");
    assert_made(&any, "0xg", "0xg");
    assert_made(&any, "a-1", "a-1");
    assert_made(&any, "_srv.X_y", "_srv.X_y");
}

static void test_refuses_other_characters(void **state)
{
    static const char *const bad[] = {"a b",  "a%41", "%E3%80%82", "caf\xc3\xa9",
                                      "a@b",  "a/b",  "[::1",      "127.0.0.1%lo",
                                      "a\\b", "a\tb", "~",         "a,b"};
    for (size_t i = 0; i < WSL_COUNT(bad); i++)
        assert_refused(&any, bad[i],
                       strchr(bad[i], ':') ? "is no IPv6 address in a plain form"
                                           : "has a character that no host name has");
    assert_refused(&any, ".", "has an empty label");
    assert_refused(&any, ".a", "has an empty label");
    assert_refused(&any, "a..b", "has an empty label");
    assert_refused(&any, "a..", "has an empty label");
    assert_refused(&any, "127.0.0.1..", "has an empty label");
}

static void test_numbers(void **state)
{
    static const char *const bad[] = {
        "0",           "1",           "127.1",      "127.0.1",      "2130706433",  "0x7f000001",
        "0X7F.0.0.1",  "0x",          "0177.0.0.1", "017700000001", "127.0.0.01",  "127.0.0.1.",
        "127.0.0.256", "127.0.0.0x1", "1.2.3.4.5",  "a.1",          "a.0x",        "99999999999",
        "0.",          "0x7f.",       "desk.1",     "1.2.3",        "00000000000", "127.0.0.00",
    };
    for (size_t i = 0; i < WSL_COUNT(bad); i++)
        assert_refused(&any, bad[i], NUMBER);
    assert_refused(&label, "2130706433", NUMBER);
    assert_refused(&label, "0x7f000001", NUMBER);
    assert_refused(&(struct plan){"{a}", {"[0-9.]+"}}, "2130706433", NUMBER);
    assert_refused(&(struct plan){"10.0.0.{a}", {"[0-9]+"}}, "007", NUMBER);
    assert_refused(&(struct plan){"10.0.0.{a}", {"[0-9]+"}}, "999", NUMBER);
    assert_refused(&(struct plan){"desk.{a}", {"[a-z0-9]+"}}, "0x7f", NUMBER);
}

static void test_addresses_in_patterns(void **state)
{
    static const char *const names[] = {
        "[a-z0-9.-]+",   ".*",         "127.0.0.1",  "[^/]+",
        "[A-Z0-9.]+",    "[0-9a-f.]+", "[^a-zA-Z]+", "[a-z0-9-]+([.][a-z0-9-]+)*",
        "[[:alnum:].]+", "[0-9_.]+",   "[n-z0-9.]+",
    };
    static const char *const addresses[] = {
        "[0-9.]+",
        "127[.]0[.]0[.]1",
        "127\\.0\\.0\\.[0-9]{1,3}",
        "([0-9]{1,3}[.]){3}[0-9]{1,3}",
        "localhost|127[.]0[.]0[.][12]",
        "[[:digit:].]+",
        "[a-z]+|[0-9.]+",
    };
    for (size_t i = 0; i < WSL_COUNT(names); i++)
        assert_refused(&(struct plan){"{a}", {names[i]}}, "127.0.0.1", ADDRESS);
    for (size_t i = 0; i < WSL_COUNT(addresses); i++)
        assert_made(&(struct plan){"{a}", {addresses[i]}}, "127.0.0.1", "127.0.0.1");
}

static void test_addresses_in_templates(void **state)
{
    static const char *const quad[] = {"127", "0", "0", "1"};
    static const struct plan numbers = {"{a}.{b}.{c}.{d}",
                                        {"[0-9]+", "[0-9]+", "[0-9]+", "[0-9]+"}},
                             names = {"{a}.{b}.{c}.{d}",
                                      {"[0-9]+", "[0-9]+", "[a-z0-9]+", "[0-9]+"}};
    const char *wrong;
    assert_made(&(struct plan){"10.0.0.{a}", {"[a-z0-9-]{1,32}"}}, "7", "10.0.0.7");
    assert_made(&(struct plan){"{a}.0.0.1", {"[a-z0-9-]{1,32}"}}, "127", "127.0.0.1");
    assert_made(&(struct plan){"10.{a}", {"[0-9.]+"}}, "0.0.7", "10.0.0.7");
    assert_refused(&(struct plan){"10.{a}", {"[a-z0-9.]+"}}, "0.0.7", ADDRESS);
    assert_refused(&name, "127.0.0.1", ADDRESS);
    assert_string_equal(make(&numbers, quad, &wrong), "127.0.0.1");
    assert_null(wrong);
    assert_non_null(make(&names, quad, &wrong));
    assert_string_equal(wrong, ADDRESS);
}

static void test_ipv6(void **state)
{
    static const struct plan spelled = {"{a}", {"[0-9a-f:.]+"}},
                             lab = {"{a}", {"fd00::[0-9a-f]{1,4}"}};
    static const char *const bad[] = {
        "::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:7f00:1", "::1:", "1:2", "a:80",
        "::127.0.0.01",     "::1."};
    assert_made(&spelled, "fd00::7", "fd00::7");
    assert_made(&lab, "fd00::beef", "fd00::beef");
    for (size_t i = 0; i < WSL_COUNT(bad); i++)
        assert_refused(&spelled, bad[i], "is no IPv6 address in a plain form");
    assert_refused(&any, "::1", ADDRESS);
    assert_refused(&(struct plan){"{a}", {"[a-z0-9:]+"}}, "::1", ADDRESS);
    assert_refused(&any, "fe80::1%1", "is no IPv6 address in a plain form");
    assert_refused(&any, "fe80::1%251", "is no IPv6 address in a plain form");
}

/* Labels of 63 bytes and dots. */
static void fill(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        text[i] = i % 64 == 63 ? '.' : 'a';
    text[length] = '\0';
}

static void test_lengths(void **state)
{
    char text[512];
    for (size_t length = 1; length <= ROUTE_SEGMENT_MAX; length++) {
        fill(text, length);
        if (length <= CAPTURED_HOST_MAX)
            assert_made(&any, text, text);
        else
            assert_refused(&any, text, "is longer than 253 bytes");
    }
    memset(text, 'a', 64);
    text[64] = '\0';
    assert_refused(&any, text, "has a label of more than 63 characters");
    text[63] = '\0';
    assert_made(&any, text, text);
    fill(text, 253 - strlen(".desks.internal"));
    const char *wrong;
    struct plan plan = {"{a}.desks.internal", {".*"}};
    assert_int_equal(strlen(make(&plan, (const char *const[]){text}, &wrong)), 253);
    assert_null(wrong);
    fill(text, 254 - strlen(".desks.internal"));
    assert_refused(&plan, text, "is longer than 253 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_refuses_other_characters),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_addresses_in_patterns),
        cmocka_unit_test(test_addresses_in_templates),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
