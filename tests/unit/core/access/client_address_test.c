#include "core/access/client_address.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "codec/http/http_head.h"
#include "config/model/config.h"

/* 10.0.0.0/8 and 2001:db8:10::/48 are trusted. */
static const struct config_cidr ranges[] = {
    {{[10] = 0xFF, [11] = 0xFF, [12] = 10}, 104},
    {{0x20, 0x01, 0x0D, 0xB8, 0x00, 0x10}, 48},
};
static const struct config_cidrs trusted = {ranges, WSL_COUNT(ranges)};
static const struct config_cidrs nobody;

/* NULL: over a Unix socket. */
static struct client_address address_of(const char *text)
{
    struct client_address address = {.known = text != NULL};
    if (text)
        assert_true(ip_parse(slice_of(text), address.ip.address));
    return address;
}

static enum reason find(const struct config_cidrs *proxies, const char *peer, const char *forwarded,
                        const char *x_for, struct client_address *client)
{
    struct client_address from = address_of(peer);
    struct http_head head = {.field_count = 0};
    if (forwarded)
        head.fields[head.field_count++] =
            (struct http_field){SLICE("Forwarded"), slice_of(forwarded)};
    if (x_for)
        head.fields[head.field_count++] =
            (struct http_field){SLICE("X-Forwarded-For"), slice_of(x_for)};
    return client_address_find(&head, proxies, &from, client);
}

static void assert_client(const struct config_cidrs *proxies, const char *peer,
                          const char *forwarded, const char *x_for, const char *wanted)
{
    struct client_address client, expected = address_of(wanted);
    assert_int_equal(find(proxies, peer, forwarded, x_for, &client), REASON_none);
    char text[IP_TEXT] = "none";
    if (client.known)
        ip_print(client.ip.address, text);
    if (client.known != expected.known ||
        (client.known && memcmp(client.ip.address, expected.ip.address, IP_BYTES) != 0))
        fail_msg("%s instead of %s for \"%s\", \"%s\"", text, wanted ? wanted : "none",
                 forwarded ? forwarded : "", x_for ? x_for : "");
}

static void test_which_peers_are_trusted(void **state)
{
    static const struct {
        const char *peer;
        bool believed;
    } peers[] = {{"10.1.2.3", true},
                 {"::ffff:10.1.2.3", true},
                 {"11.1.2.3", false},
                 {"2001:db8:10::1", true},
                 {"2001:db8:11::1", false},
                 {"::1", false},
                 {NULL, true}};
    for (size_t i = 0; i < WSL_COUNT(peers); i++) {
        struct client_address peer = address_of(peers[i].peer);
        assert_int_equal(client_address_trusts(&trusted, &peer), peers[i].believed);
        assert_false(client_address_trusts(&nobody, &peer));
    }
}

static void test_fields_of_an_untrusted_peer_do_not_count(void **state)
{
    assert_client(&trusted, "192.0.2.1", NULL, "198.51.100.1", "192.0.2.1");
    assert_client(&trusted, "192.0.2.1", "for=198.51.100.1", "10.0.0.1", "192.0.2.1");
    assert_client(&nobody, "10.0.0.1", NULL, "198.51.100.1", "10.0.0.1");
    assert_client(&nobody, NULL, NULL, "198.51.100.1", NULL);
}

static void test_the_nearest_hop_that_is_not_trusted(void **state)
{
    static const char *const cases[][3] = {
        /* peer, X-Forwarded-For, client */
        {"10.0.0.1", NULL, "10.0.0.1"},
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", "192.0.2.1", "192.0.2.1"},
        {"10.0.0.1", "192.0.2.1:80", "192.0.2.1"},
        {"10.0.0.1", "6.6.6.6, 192.0.2.1", "192.0.2.1"},
        {"10.0.0.1", "6.6.6.6, 192.0.2.1, 10.0.0.2", "192.0.2.1"},
        {"10.0.0.1", "192.0.2.1, 2001:db8:10::5, ::ffff:10.0.0.2", "192.0.2.1"},
        {"10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"}, /* a client of our own net */
        {"10.0.0.1", "unknown", "10.0.0.1"},
        {"10.0.0.1", "192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"},
        {"10.0.0.1", "192.0.2.1, 10.0.0.300, 10.0.0.2", "10.0.0.2"},
        {"10.0.0.1", "junk, 192.0.2.1", "192.0.2.1"},
        {"2001:db8:10::1", "2001:db8::7", "2001:db8::7"},
        {NULL, "192.0.2.1", "192.0.2.1"},
        {NULL, "unknown", NULL},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        char forwarded[256] = "";
        assert_client(&trusted, cases[i][0], NULL, cases[i][1], cases[i][2]);
        /* The same in the syntax of RFC 7239. */
        if (!cases[i][1])
            continue;
        struct slice rest = slice_of(cases[i][1]), entry;
        while (http_head_list_next(&rest, &entry)) {
            size_t length = strlen(forwarded);
            snprintf(forwarded + length, sizeof(forwarded) - length, "%sfor=\"%.*s\"",
                     length ? ", " : "", (int)entry.len, entry.ptr);
        }
        assert_client(&trusted, cases[i][0], forwarded, NULL, cases[i][2]);
        assert_client(&trusted, cases[i][0], forwarded, cases[i][1], cases[i][2]);
    }
}

static void test_the_port_is_kept(void **state)
{
    struct client_address client;
    assert_int_equal(find(&trusted, "10.0.0.1", "for=\"[2001:db8::1]:4711\"", NULL, &client), 0);
    assert_int_equal(client.ip.port, 4711);
}

/* One field is the proxy's, the other the client's: it is unknown which, so neither counts. */
static void test_fields_that_disagree_are_refused(void **state)
{
    static const char *const cases[][2] = {
        {"for=10.0.0.9", "192.0.2.1"}, {"for=192.0.2.1", "10.0.0.9"},
        {"for=unknown", "192.0.2.1"},  {"for=192.0.2.1", "unknown"},
        {"proto=https", "192.0.2.1"},  {"for=192.0.2.1", "192.0.2.1, 10.0.0.2, 192.0.2.2"},
    };
    struct client_address client;
    for (size_t i = 0; i < WSL_COUNT(cases); i++)
        assert_int_equal(find(&trusted, "10.0.0.1", cases[i][0], cases[i][1], &client),
                         REASON_http_forwarded);
    assert_int_equal(find(&trusted, NULL, "for=unknown", "192.0.2.1", &client),
                     REASON_http_forwarded);
    /* Only the addresses have to agree, not the hops to them. */
    assert_client(&trusted, "10.0.0.1", "for=192.0.2.1", "6.6.6.6, 192.0.2.1:80, 10.0.0.2",
                  "192.0.2.1");
    assert_client(&trusted, "10.0.0.1", "", "192.0.2.1", "192.0.2.1"); /* empty is not there */
}

static void test_the_same_client_on_another_port(void **state)
{
    struct client_address a = {.ip = {{[15] = 1}, 80}, .known = true}, b = a, none = {0};
    b.ip.port = 81;
    assert_true(client_address_is_same(&a, &b));
    assert_true(client_address_is_same(&none, &none));
    assert_false(client_address_is_same(&a, &none));
    assert_false(client_address_is_same(&none, &a));
    b.ip.address[0] = 1;
    assert_false(client_address_is_same(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_peers_are_trusted),
        cmocka_unit_test(test_fields_of_an_untrusted_peer_do_not_count),
        cmocka_unit_test(test_the_nearest_hop_that_is_not_trusted),
        cmocka_unit_test(test_the_port_is_kept),
        cmocka_unit_test(test_fields_that_disagree_are_refused),
        cmocka_unit_test(test_the_same_client_on_another_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
