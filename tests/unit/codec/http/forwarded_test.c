#include "codec/http/forwarded.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A head with these fields; "|" ends a line. */
struct request {
    char text[1024];
    struct http_head head;
};

static void request(struct request *r, const char *fields)
{
    static const struct http_limits limits = {16384, 8192, HTTP_FIELDS_MAX};
    size_t consumed, length = 0;
    enum reason bad;
    length += (size_t)snprintf(r->text, sizeof(r->text), "GET / HTTP/1.1\r\nHost: a\r\n");
    for (const char *at = fields; *at; at++) {
        if (*at == '|')
            r->text[length++] = '\r';
        r->text[length++] = *at == '|' ? '\n' : *at;
    }
    memcpy(r->text + length, "\r\n\r\n", 4);
    assert_int_equal(http_head_parse(&r->head, r->text, length + 4, &limits, &(struct http_scan){0},
                                     &consumed, &bad),
                     HTTP_HEAD);
}

/* The hops, nearest first, in words: "192.0.2.1 [2001:db8::1]:80 ?"; "?" is an opaque one. */
static void assert_hops(const char *fields, enum forwarded_kind kind, const char *wanted)
{
    struct request r;
    char hops[1024] = "";
    size_t length = 0;
    request(&r, fields);
    struct forwarded_walk walk = forwarded_begin(&r.head, kind);
    for (;;) {
        struct ip_port hop;
        enum forwarded_hop kind_of_hop = forwarded_next(&walk, &hop);
        if (kind_of_hop == FORWARDED_END)
            break;
        char text[IP_TEXT] = "?", port[8] = "";
        if (kind_of_hop == FORWARDED_ADDRESS) {
            ip_print(hop.address, text);
            if (hop.port)
                snprintf(port, sizeof(port), "/%u", hop.port);
        }
        length += (size_t)snprintf(hops + length, sizeof(hops) - length, "%s%s%s",
                                   length ? " " : "", text, port);
    }
    if (strcmp(hops, wanted) != 0)
        fail_msg("\"%s\" instead of \"%s\" for: %s", hops, wanted, fields);
    struct ip_port hop;
    assert_int_equal(forwarded_next(&walk, &hop), FORWARDED_END); /* and again */
}

static void test_x_forwarded_for(void **state)
{
    static const char *const cases[][2] = {
        {"X-Other: 192.0.2.1", ""},
        {"X-Forwarded-For: 192.0.2.1", "192.0.2.1"},
        {"x-forwarded-FOR: 192.0.2.1, 192.0.2.2,192.0.2.3", "192.0.2.3 192.0.2.2 192.0.2.1"},
        {"X-Forwarded-For: 1.1.1.1, 2.2.2.2|A: b|X-Forwarded-For: 3.3.3.3",
         "3.3.3.3 2.2.2.2 1.1.1.1"},
        {"X-Forwarded-For:", ""},
        {"X-Forwarded-For: , ,|X-Forwarded-For: 1.1.1.1,,", "1.1.1.1"},
        {"X-Forwarded-For: 192.0.2.1:80", "192.0.2.1/80"},
        {"X-Forwarded-For: 2001:db8::1", "2001:db8::1"},
        {"X-Forwarded-For: 2001:db8::1:80", "2001:db8::1:80"},
        {"X-Forwarded-For: [2001:db8::1]", "2001:db8::1"},
        {"X-Forwarded-For: [2001:db8::1]:65535", "2001:db8::1/65535"},
        {"X-Forwarded-For: ::ffff:192.0.2.1", "192.0.2.1"},
        {"X-Forwarded-For: [::ffff:c000:201]:1", "192.0.2.1/1"},
        {"X-Forwarded-For: 1.1.1.1, unknown, 2.2.2.2", "2.2.2.2 ? 1.1.1.1"},
        {"X-Forwarded-For: 1.1.1.1 2.2.2.2", "?"},
        {"X-Forwarded-For: 1.1.1.1:", "?"},
        {"X-Forwarded-For: 1.1.1.1:65536", "?"},
        {"X-Forwarded-For: 1.1.1.1:80:80", "?"},
        {"X-Forwarded-For: 1.1.1.1x", "?"},
        {"X-Forwarded-For: [1.1.1.1]", "?"},
        {"X-Forwarded-For: [::1", "?"},
        {"X-Forwarded-For: [::1]80", "?"},
        {"X-Forwarded-For: ::1]", "?"},
        {"X-Forwarded-For: []", "?"},
        {"X-Forwarded-For: [", "?"},
        {"X-Forwarded-For: :", "?"},
        {"X-Forwarded-For: fe80::1%eth0", "?"},
        {"X-Forwarded-For: desk.example", "?"},
        {"X-Forwarded-For: \"1.1.1.1\"", "?"},
        {"X-Forwarded-For: for=1.1.1.1", "?"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++)
        assert_hops(cases[i][0], FORWARDED_X_FOR, cases[i][1]);
}

static void test_forwarded(void **state)
{
    static const char *const cases[][2] = {
        {"X-Forwarded-For: 192.0.2.1", ""},
        /* RFC 7239 section 4 */
        {"Forwarded: for=\"_gazonk\"", "?"},
        {"Forwarded: For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17/4711"},
        {"Forwarded: for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"},
        {"Forwarded: for=192.0.2.43, for=198.51.100.17", "198.51.100.17 192.0.2.43"},
        /* section 6 */
        {"Forwarded: for=\"192.0.2.43:47011\"", "192.0.2.43/47011"},
        {"Forwarded: for=\"192.0.2.43:_port\"", "192.0.2.43"},
        {"Forwarded: for=\"192.0.2.43:_\"", "?"},
        {"Forwarded: for=unknown", "?"},
        {"Forwarded: for=_hidden, for=_SEVKISEK", "? ?"},
        /* sections 7.1 and 4: fields are one list; empty pairs are allowed */
        {"Forwarded: for=1.1.1.1|Forwarded: for=2.2.2.2", "2.2.2.2 1.1.1.1"},
        {"Forwarded: ;for=1.1.1.1;;proto=https;", "1.1.1.1"},
        /* deviations that proxies write */
        {"Forwarded: for=1.1.1.1; proto=https ; by=x", "1.1.1.1"},
        {"Forwarded: for=1.1.1.1:80", "1.1.1.1/80"},
        {"Forwarded: for=[::1]:80, for=::1", "::1 ::1/80"},
        {"Forwarded: for=\"::1\"", "::1"},
        /* commas, semicolons and quotes inside quotes */
        {"Forwarded: for=1.1.1.1;by=\"a,b;for=2.2.2.2\"", "1.1.1.1"},
        {"Forwarded: by=\"a\\\"\\\\\";for=1.1.1.1, for=2.2.2.2", "2.2.2.2 1.1.1.1"},
        {"Forwarded: for=2.2.2.2, by=\"x\\\", for=1.1.1.1\";for=3.3.3.3", "3.3.3.3 2.2.2.2"},
        {"Forwarded: for=\"\", for=1.1.1.1", "1.1.1.1 ?"},
        /* no "for", two of them, or an invalid one */
        {"Forwarded: proto=https", "?"},
        {"Forwarded: for=1.1.1.1;for=1.1.1.1", "?"},
        {"Forwarded: for=1.1.1.1;FOR=2.2.2.2", "?"},
        {"Forwarded: for", "?"},
        {"Forwarded: for=", "?"},
        {"Forwarded: for=;by=x", "?"},
        {"Forwarded: =1.1.1.1", "?"},
        {"Forwarded: ;", "?"},
        {"Forwarded: 1.1.1.1", "?"},
        {"Forwarded: for =1.1.1.1", "?"},
        {"Forwarded: for=\"1.1.1.1\"x", "?"},
        {"Forwarded: for=1.1.1.1\"\"", "?"},
        {"Forwarded: for=\"1.1.1.\\1\"", "?"},
        {"Forwarded: for=\"1.1.1.1\\\"", "?"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++)
        assert_hops(cases[i][0], FORWARDED_STANDARD, cases[i][1]);
}

/* An entry that a proxy appends is read correctly after any entry of the client's. */
static void test_left_entries_do_not_change_right_ones(void **state)
{
    static const char alphabet[] = "\"\"\\,;=for1. []:_\t";
    uint64_t random = 1;
    for (unsigned round = 0; round < 50000; round++) {
        char made_up[24] = "", fields[128];
        for (size_t i = 0; i + 1 < sizeof(made_up); i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            made_up[i] = alphabet[(random >> 33) % (sizeof(alphabet) - 1)];
        }
        for (unsigned kind = 0; kind < 2; kind++) {
            struct request r;
            struct ip_port hop;
            snprintf(fields, sizeof(fields), "%s: %s, %s",
                     kind == FORWARDED_X_FOR ? "X-Forwarded-For" : "Forwarded", made_up,
                     kind == FORWARDED_X_FOR ? "192.0.2.1" : "for=\"192.0.2.1:80\";by=\"a, b\"");
            request(&r, fields);
            struct forwarded_walk walk = forwarded_begin(&r.head, kind);
            assert_int_equal(forwarded_next(&walk, &hop), FORWARDED_ADDRESS);
            assert_true(ip_is_v4(hop.address));
            assert_memory_equal(hop.address + 12, "\xC0\x00\x02\x01", 4);
        }
    }
}

static void test_x_forwarded_proto(void **state)
{
    static const struct {
        const char *fields;
        enum forwarded_scheme scheme;
    } cases[] = {
        {"X-A: b", FORWARDED_UNKNOWN},
        {"X-Forwarded-Proto: https", FORWARDED_TLS},
        {"x-forwarded-proto: WSS", FORWARDED_TLS},
        {"X-Forwarded-Proto: http", FORWARDED_PLAIN},
        {"X-Forwarded-Proto: ws", FORWARDED_PLAIN},
        {"X-Forwarded-Proto: https, http", FORWARDED_TLS},
        {"X-Forwarded-Proto: http,https", FORWARDED_PLAIN},
        {"X-Forwarded-Proto: , https", FORWARDED_TLS},
        {"X-Forwarded-Proto:", FORWARDED_UNKNOWN},
        {"X-Forwarded-Proto: ,", FORWARDED_UNKNOWN},
        {"X-Forwarded-Proto: httpsx", FORWARDED_UNKNOWN},
        {"X-Forwarded-Proto: ftp, https", FORWARDED_UNKNOWN},
        {"X-Forwarded-Proto: http|X-Forwarded-Proto: https", FORWARDED_UNKNOWN},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        struct request r;
        request(&r, cases[i].fields);
        if (forwarded_scheme(&r.head) != cases[i].scheme)
            fail_msg("%s: not as wanted", cases[i].fields);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x_forwarded_for),
        cmocka_unit_test(test_forwarded),
        cmocka_unit_test(test_x_forwarded_proto),
        cmocka_unit_test(test_left_entries_do_not_change_right_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
