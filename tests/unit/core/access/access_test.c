#include "core/access/access.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- origins ---- */

struct origin_case {
    const char *origin, *host;
    const char *listed[2];
    bool passes;
};

static void assert_origins_of(bool secure, const struct origin_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct origin_case *c = &cases[i];
        struct config_texts listed = {c->listed, c->listed[0] ? 1u + (c->listed[1] != NULL) : 0};
        enum reason wanted = c->passes ? REASON_none : REASON_origin_refused;
        if (access_origin(slice_of(c->origin), slice_of(c->host), secure, &listed) != wanted)
            fail_msg("%s at %s with %s: not as wanted", c->origin, c->host,
                     c->listed[0] ? c->listed[0] : "no list");
    }
}

static void assert_origins(const struct origin_case *cases, size_t count)
{
    assert_origins_of(false, cases, count);
}

/* The client came over TLS. */
static void test_the_scheme_counts(void **state)
{
    static const struct origin_case cases[] = {
        {NULL, "a.example", {0}, true},
        {"https://a.example", "a.example", {0}, true},
        {"wss://a.example", "a.example", {0}, true},
        {"HTTPS://A.Example:443", "a.example", {0}, true},
        {"https://a.example:8443", "a.example:8443", {0}, true},
        {"https://a.example", "a.example:443", {0}, true},
        {"http://a.example", "a.example", {0}, false},
        {"ws://a.example", "a.example", {0}, false},
        {"http://a.example:443", "a.example", {0}, false},
        {"http://a.example:8443", "a.example:8443", {0}, false},
        {"http://a.example", "a.example:80", {0}, false},
        {"https://a.example", "a.example:80", {0}, false},
        {"http://a.example", "a.example", {"http://a.example"}, true},
        {"http://a.example", "a.example", {"any"}, true},
        {"http://a.example", "a.example", {"https://a.example"}, false},
    };
    assert_origins_of(true, cases, WSL_COUNT(cases));
}

static void test_hosts_that_dns_cannot_point_at_us(void **state)
{
    static const char *const ours[] = {
        "127.0.0.1",      "10.0.0.1:80", "[::1]",         "[fd00::1]:6080",  "localhost",
        "LocalHost:6080", "localhost.",  "a.b.localhost", "a.localhost.:80",
    };
    static const char *const others[] = {
        "",      "a.example",        "xlocalhost", "localhost.example", "localhos", "127.1",
        "1.2.3", "127.0.0.1.xip.io", "0x7f000001", "localhost..",       "::1",      "[::g]",
        "[::1_", "[a.example]",
    };
    assert_true(access_is_rebind_safe((struct slice){NULL, 0}));
    for (size_t i = 0; i < WSL_COUNT(ours); i++)
        if (!access_is_rebind_safe(slice_of(ours[i])))
            fail_msg("%s is ours", ours[i]);
    for (size_t i = 0; i < WSL_COUNT(others); i++)
        if (access_is_rebind_safe(slice_of(others[i])))
            fail_msg("%s is somebody's", others[i]);
}

static void test_same_origin(void **state)
{
    static const struct origin_case cases[] = {
        {NULL, "a.example", {0}, true},
        {"http://a.example", "a.example", {0}, true},
        {"https://a.example", "a.example", {0}, true},
        {"wss://a.example", "a.example", {0}, true},
        {"HTTPS://A.Example", "a.eXample", {0}, true},
        {"https://a.example:443", "a.example", {0}, true},
        {"https://a.example", "a.example:443", {0}, true},
        {"http://a.example", "a.example:80", {0}, true},
        {"http://a.example:8080", "a.example:8080", {0}, true},
        {"http://a.example:0080", "a.example", {0}, true},
        {"http://a.example", "a.example:", {0}, true},
        {"http://[::1]:6080", "[::1]:6080", {0}, true},
        {"https://127.0.0.1", "127.0.0.1", {0}, true},
        {"http://a.example", "a.example:443", {0}, false},
        {"https://a.example", "a.example:8080", {0}, false},
        {"http://a.example:8080", "a.example", {0}, false},
        {"https://b.example", "a.example", {0}, false},
        {"https://a.example.evil", "a.example", {0}, false},
        {"https://x.a.example", "a.example", {0}, false},
        {"https://a.exampl", "a.example", {0}, false},
        {"https://a.example", NULL, {0}, false},
        {"ftp://a.example", "a.example", {0}, false},
        {"chrome-extension://a", "a", {0}, false},
    };
    assert_origins(cases, WSL_COUNT(cases));
}

static void test_listed_origins(void **state)
{
    static const struct origin_case cases[] = {
        {"https://b.example", "a.example", {"https://b.example"}, true},
        {"https://b.example", "a.example", {"https://c.example", "https://b.example"}, true},
        {"https://B.example:443", "a.example", {"https://b.example"}, true},
        {"https://b.example", "a.example", {"https://b.example:443"}, true},
        {"https://a.example", "a.example", {"https://b.example"}, true},
        {"app://b.example", "a.example", {"app://b.example"}, true},
        {"http://[::1]:81", "a.example", {"http://[::1]:81"}, true},
        {"http://b.example", "a.example", {"https://b.example"}, false},
        {"https://b.example:8443", "a.example", {"https://b.example"}, false},
        {"https://b.example", "a.example", {"https://b.example:8443"}, false},
        {"https://b.example.evil", "a.example", {"https://b.example"}, false},
        {"app://b.example:80", "a.example", {"app://b.example"}, false},
    };
    assert_origins(cases, WSL_COUNT(cases));
}

static void test_wildcards(void **state)
{
    static const struct origin_case cases[] = {
        {"https://x.b.example", "a", {"https://*.b.example"}, true},
        {"https://x.y.b.example", "a", {"https://*.b.example"}, true},
        {"HTTPS://X.B.EXAMPLE:443", "a", {"https://*.b.example"}, true},
        {"https://x.b.example:8443", "a", {"https://*.b.example:8443"}, true},
        {"https://b.example", "a", {"https://*.b.example"}, false},
        {"https://.b.example", "a", {"https://*.b.example"}, false},
        {"https://xb.example", "a", {"https://*.b.example"}, false},
        {"https://x.b.example.evil", "a", {"https://*.b.example"}, false},
        {"http://x.b.example", "a", {"https://*.b.example"}, false},
        {"https://x.b.example:8443", "a", {"https://*.b.example"}, false},
        {"https://x.b.example", "a", {"https://*.b.example:8443"}, false},
        {"https://evil/.b.example", "a", {"https://*.b.example"}, false},
        {"https://evil#.b.example", "a", {"https://*.b.example"}, false},
        {"https://*.b.example", "a", {"https://*.b.example"}, false},
    };
    assert_origins(cases, WSL_COUNT(cases));
}

static void test_null_and_any(void **state)
{
    static const struct origin_case cases[] = {
        {"null", "null", {0}, false},          {"null", "a", {"https://null"}, false},
        {"null", "a", {"null"}, true},         {"null", "a", {"https://b", "null"}, true},
        {"null", "a", {"any"}, true},          {"NULL", "a", {"null"}, false},
        {"https://b", "a", {"any"}, true},     {"", "a", {"any"}, true},
        {"https://any", "a", {"null"}, false}, {"any", "a", {0}, false},
    };
    assert_origins(cases, WSL_COUNT(cases));
}

static void test_malformed_origins(void **state)
{
    static const char *const origins[] = {
        "",
        "a",
        "a:",
        "a://",
        "://a",
        "https:a",
        "https:/a",
        "https:///a",
        "https://a/",
        "https://a?b",
        "https://a#b",
        "https://u@a",
        "https://a:",
        "https://a:0",
        "https://a:x",
        "https://a:-1",
        "https://a:65536",
        "https://a:000443",
        "https://a https://a",
        "https://a,b",
        " https://a",
        "https://a ",
        "https://[]",
        "https://[a",
        "https://::1",
        "https://a%2e",
        "https://a\\b",
        "1s://a",
        "ht tp://a",
        "https://a:443:443",
    };
    static const char *const same[] = {"https://a"};
    for (size_t i = 0; i < WSL_COUNT(origins); i++) {
        struct config_texts none = {0}, listed = {same, 1}, itself = {&origins[i], 1};
        const struct config_texts *const lists[] = {&none, &listed, &itself};
        for (size_t n = 0; n < WSL_COUNT(lists); n++)
            if (access_origin(slice_of(origins[i]), SLICE("a"), n % 2, lists[n]) !=
                REASON_origin_refused)
                fail_msg("\"%s\" passes", origins[i]);
    }
}

/* ---- addresses ---- */

static void read_address(const char *text, uint8_t *bytes)
{
    memset(bytes, 0, 16);
    if (strchr(text, ':')) {
        assert_int_equal(inet_pton(AF_INET6, text, bytes), 1);
        return;
    }
    bytes[10] = bytes[11] = 0xFF;
    assert_int_equal(inet_pton(AF_INET, text, bytes + 12), 1);
}

static struct config_cidr range(const char *text)
{
    char address[64];
    struct config_cidr cidr;
    const char *slash = strchr(text, '/');
    assert_non_null(slash);
    snprintf(address, sizeof(address), "%.*s", (int)(slash - text), text);
    read_address(address, cidr.bytes);
    cidr.bits = (uint8_t)(strtoul(slash + 1, NULL, 10) + (strchr(address, ':') ? 0 : 96));
    return cidr;
}

static bool passes(const char *text, const char *allow, const char *deny)
{
    uint8_t address[16];
    struct config_cidr allowed, denied;
    struct config_cidrs allow_list = {&allowed, allow != NULL}, deny_list = {&denied, deny != NULL};
    if (allow)
        allowed = range(allow);
    if (deny)
        denied = range(deny);
    if (text)
        read_address(text, address);
    enum reason reason = access_address(text ? address : NULL, &allow_list, &deny_list);
    assert_true(reason == REASON_none || reason == REASON_address_refused);
    return reason == REASON_none;
}

static void test_deny_comes_first(void **state)
{
    assert_true(passes("10.1.2.3", NULL, NULL));
    assert_true(passes("10.1.2.3", "10.0.0.0/8", NULL));
    assert_false(passes("11.1.2.3", "10.0.0.0/8", NULL));
    assert_false(passes("10.1.2.3", "10.0.0.0/8", "10.1.0.0/16"));
    assert_true(passes("10.2.2.3", "10.0.0.0/8", "10.1.0.0/16"));
    assert_true(passes("11.1.2.3", NULL, "10.1.0.0/16"));
}

static void test_every_length_of_a_range(void **state)
{
    for (unsigned bits = 1; bits <= 32; bits++) {
        char text[32], near[16] = {0}, far[16] = {0};
        uint32_t inside = htonl(0xA5A5A5A5u ^ (bits < 32 ? 1u : 0u)),
                 outside = htonl(0xA5A5A5A5u ^ 1u << (32 - bits));
        assert_non_null(inet_ntop(AF_INET, &inside, near, sizeof(near)));
        assert_non_null(inet_ntop(AF_INET, &outside, far, sizeof(far)));
        snprintf(text, sizeof(text), "165.165.165.165/%u", bits);
        assert_true(passes(near, text, NULL));
        assert_false(passes(far, text, NULL));
        assert_false(passes(near, NULL, text));
        assert_true(passes(far, NULL, text));
    }
}

static void test_ranges_hold_one_family(void **state)
{
    assert_true(passes("::ffff:10.1.2.3", "10.0.0.0/8", NULL));
    assert_true(passes("10.1.2.3", "::ffff:10.0.0.0/104", NULL));
    assert_false(passes("10.1.2.3", NULL, "0.0.0.0/0"));
    assert_true(passes("::1", NULL, "0.0.0.0/0"));
    assert_true(passes("10.1.2.3", NULL, "::/0"));
    assert_false(passes("10.1.2.3", "::/0", NULL));
    assert_false(passes("fd00::1", NULL, "::/0"));
    assert_true(passes("fd00:1::1", "fd00::/8", NULL));
    assert_false(passes("fe00::1", "fd00::/8", NULL));
    assert_true(passes("fd00::1", "fd00::1/128", NULL));
    assert_false(passes("fd00::2", "fd00::1/128", NULL));
}

static void test_no_address_is_in_no_range(void **state)
{
    assert_true(passes(NULL, NULL, NULL));
    assert_true(passes(NULL, NULL, "::/0"));
    assert_false(passes(NULL, "::/0", NULL));
}

static void test_what_of_an_origin_is_public(void **unused)
{
    static const struct {
        const char *origin, *shown;
    } rows[] = {
        {"https://a.example", "https://a.example"},
        {"https://[::1]:8443", "https://[::1]:8443"},
        {"null", "null"},
        {"file://", "file://"},
        {"chrome-extension://abc", "chrome-extension://abc"},
        {"https://a.example/path?secret", "https://a.example"},
        {"https://a.example?secret", "https://a.example"},
        {"https://a.example#secret", "https://a.example"},
        {"https://user:secret@a.example", ""},
        {"a.example/secret", "a.example"},
        {"secret@a", ""},
        {"://", "://"},
        {"", ""},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct slice shown = access_origin_public(slice_of(rows[i].origin));
        assert_int_equal(shown.len, strlen(rows[i].shown));
        assert_memory_equal(shown.ptr, rows[i].shown, shown.len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_origin),
        cmocka_unit_test(test_the_scheme_counts),
        cmocka_unit_test(test_hosts_that_dns_cannot_point_at_us),
        cmocka_unit_test(test_listed_origins),
        cmocka_unit_test(test_wildcards),
        cmocka_unit_test(test_null_and_any),
        cmocka_unit_test(test_malformed_origins),
        cmocka_unit_test(test_deny_comes_first),
        cmocka_unit_test(test_every_length_of_a_range),
        cmocka_unit_test(test_ranges_hold_one_family),
        cmocka_unit_test(test_no_address_is_in_no_range),
        cmocka_unit_test(test_what_of_an_origin_is_public),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
