#include "config/model/permit_rule.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "config/model/value.h"

static void reads_names_and_ports(void **state)
{
    static const struct {
        const char *text, *pattern;
        unsigned lowest, highest;
    } cases[] = {
        {"desk-7.lan:5900", "desk-7.lan", 5900, 5900},
        {"desk-*.lan:5900-5999", "desk-*.lan", 5900, 5999},
        {"*.example.com:22", "*.example.com", 22, 22},
        {"*:*", "*", 1, 65535},
        {"localhost:1-65535", "localhost", 1, 65535},
        {"a_b:65535", "a_b", 65535, 65535},
        {"desk-*:1", "desk-*", 1, 1},
        {"10.example:1", "10.example", 1, 1},
        {"7b:1", "7b", 1, 1},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct permit_rule rule;
        assert_null(permit_rule_parse(cases[i].text, &rule));
        assert_int_equal(rule.kind, PERMIT_RULE_NAME);
        assert_true(slice_equal(rule.pattern, slice_of(cases[i].pattern)));
        assert_int_equal(rule.lowest, cases[i].lowest);
        assert_int_equal(rule.highest, cases[i].highest);
        assert_null(permit_rule_check(cases[i].text));
    }
}

static void reads_ranges(void **state)
{
    static const struct {
        const char *text, *range;
        unsigned lowest;
    } cases[] = {
        {"10.1.0.0/16:5900-5999", "10.1.0.0/16", 5900},
        {"10.0.0.5:22", "10.0.0.5", 22},
        {"0.0.0.0/0:*", "0.0.0.0/0", 1},
        {"[fd00::]/8:*", "fd00::/8", 1},
        {"[fd00::1]:5900", "fd00::1", 5900},
        {"[::]/0:1-2", "::/0", 1},
        {"[::ffff:10.0.0.0]/104:1", "10.0.0.0/8", 1},
        {"[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]/128:1",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        const struct value_spec spec = {.type = VALUE_CIDR};
        struct permit_rule rule;
        char text[64];
        assert_null(permit_rule_parse(cases[i].text, &rule));
        assert_int_equal(rule.kind, PERMIT_RULE_RANGE);
        struct value value = {.cidr = rule.range};
        value_print(&spec, &value, text, sizeof(text));
        assert_string_equal(text, cases[i].range);
        assert_int_equal(rule.lowest, cases[i].lowest);
    }
}

static void reads_paths(void **state)
{
    static const char *const paths[] = {"/run/desks/*",
                                        "/run/desks/desk-*.sock",
                                        "@desk-*",
                                        "@a/b*",
                                        "/run/desk.sock",
                                        "/..a/.b/...",
                                        "/*"};
    for (size_t i = 0; i < WSL_COUNT(paths); i++) {
        char text[64];
        struct permit_rule rule;
        snprintf(text, sizeof(text), "unix:%s", paths[i]);
        assert_null(permit_rule_parse(text, &rule));
        assert_int_equal(rule.kind, PERMIT_RULE_UNIX);
        assert_true(slice_equal(rule.pattern, slice_of(paths[i])));
    }
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *wrong;
    } cases[] = {
        {"", "must be HOST:PORT"},
        {"desk", "must have a port"},
        {"10.0.0.0/8", "must have a port"},
        {"[fd00::]/8", "must have a port"},
        {"[::1]", "must have a port"},
        {":5900", "must have a port"},
        {"http://a:80", "must be HOST:PORT"},
        {"tcp://a", "must be HOST:PORT"},
        {"desk:", "must end in a port"},
        {"desk:0", "must end in a port"},
        {"desk:65536", "must end in a port"},
        {"desk:5900-", "must end in a port"},
        {"desk:-5900", "must end in a port"},
        {"desk:1-2-3", "must end in a port"},
        {"desk:ssh", "must end in a port"},
        {"desk:+5", "must end in a port"},
        {"desk:5-*", "must end in a port"},
        {"desk:000022", "must end in a port"},
        {"desk:5999-5900", "must have the lower port first"},
        {"fd00::1:5900", "must have an IPv6 address in brackets"},
        {"::1:5900", "must have an IPv6 address in brackets"},
        {"10.1.2.0/16:1", "must be a range that begins with its first address"},
        {"10.0.0.0/33:1", "must have a prefix length"},
        {"[fd00::]/129:1", "must have a prefix length"},
        {"10.0.0.0/:1", "must have a prefix length"},
        {"[fd00::]8:1", "must be HOST:PORT"},
        {"[fe80::1%eth0]:1", "must be HOST:PORT"},
        {"[10.0.0.1]:1", "must be HOST:PORT"},
        {"[:1", "must be HOST:PORT"},
        {"[]:1", "must be HOST:PORT"},
        {"[]/8:1", "must be HOST:PORT"},
        {"1.2.3:5", "must be HOST:PORT"},
        {"2130706433:5", "must be HOST:PORT"},
        {"10.1.*:5", "must be a name, or a whole address"},
        {"0x7f.1:5", "must be a name, or a whole address"},
        {"0x7f000001:5", "must be a name, or a whole address"},
        {"desk.*:5", "must be a name, or a whole address"},
        {"desk.7:5", "must be a name, or a whole address"},
        {"**:5", "must be a name, or a whole address"},
        {"desk..lan:5", "must be HOST:PORT"},
        {".lan:5", "must be HOST:PORT"},
        {"desk.lan.:5", "must be a name without a dot at its end"},
        {"a b:5", "must be HOST:PORT"},
        {"a@b:5", "must be HOST:PORT"},
        {"{name}.lan:5", "must be HOST:PORT"},
        {"unix:", "must be the whole path"},
        {"unix:/", "must be the whole path"},
        {"unix:@", "must be the whole path"},
        {"unix:run/desks/*", "must be the whole path"},
        {"unix:/run/desks/", "write /* behind the folder"},
        {"unix:/run//desks", "without '//'"},
        {"unix:/run/./desks", "without '//'"},
        {"unix:/run/../desks", "without '//'"},
        {"unix:/run/desks/..", "without '//'"},
        {"unix:/run/*/sock", "last segment"},
        {"unix:/run/a\nb", "control characters"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct permit_rule rule;
        const char *wrong = permit_rule_parse(cases[i].text, &rule);
        if (!wrong || !strstr(wrong, cases[i].wrong))
            fail_msg("'%s' %s", cases[i].text, wrong ? wrong : "is accepted");
        assert_ptr_equal(permit_rule_check(cases[i].text), wrong);
    }
    assert_null(permit_rule_check("any"));
}

static void limits_lengths(void **state)
{
    char text[512] = "unix:/";
    struct permit_rule rule;
    memset(text + 6, 'x', 254);
    assert_null(permit_rule_parse(text, &rule));
    text[6 + 254] = 'x';
    assert_non_null(strstr(permit_rule_parse(text, &rule), "255"));
    memset(text, 0, sizeof(text));
    memset(text, 'x', 253);
    memcpy(text + 253, ":1", 3);
    assert_null(permit_rule_parse(text, &rule));
    memcpy(text + 253, "x:1", 4);
    assert_non_null(strstr(permit_rule_parse(text, &rule), "253"));
    memset(text, '1', 253);
    memcpy(text + 253, ":1", 3);
    assert_non_null(permit_rule_parse(text, &rule));
    memset(text + 1, ':', 200);
    text[0] = '[';
    memcpy(text + 201, "]:1", 4);
    assert_non_null(permit_rule_parse(text, &rule));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_names_and_ports), cmocka_unit_test(reads_ranges),
        cmocka_unit_test(reads_paths),           cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(limits_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
