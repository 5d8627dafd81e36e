#include "net/addr.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "config/model/config.h"

static void expect_print(const char *host, uint16_t port, const char *text)
{
    struct addr address;
    char printed[ADDR_TEXT];
    assert_true(addr_parse(&address, host, port));
    assert_string_equal(addr_print(&address, printed), text);
}

static void test_parse_and_print(void **unused)
{
    expect_print("192.0.2.1", 80, "192.0.2.1:80");
    expect_print("255.255.255.255", 65535, "255.255.255.255:65535");
    expect_print("::1", 0, "[::1]:0");
    expect_print("2001:db8::5", 443, "[2001:db8::5]:443");
    expect_print("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", 65535,
                 "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65535");
}

static void test_names_are_no_numbers(void **unused)
{
    static const char *const names[] = {"localhost", "",       "1.2.3",  "1.2.3.4.5",
                                        "[::1]",     "0x7f.1", "::1%lo", " 1.2.3.4"};
    struct addr address;
    for (size_t i = 0; i < WSL_COUNT(names); i++)
        assert_false(addr_parse(&address, names[i], 1));
}

static void test_mapped_is_ipv4(void **unused)
{
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = htons(5900)};
    static const uint8_t bytes[16] = {[10] = 0xff, 0xff, 192, 0, 2, 7};
    char printed[ADDR_TEXT];
    memcpy(&mapped.sin6_addr, bytes, sizeof(bytes));
    struct addr address = addr_from((struct sockaddr *)&mapped);
    assert_int_equal(address.any.sa_family, AF_INET);
    assert_int_equal(addr_length(&address), sizeof(struct sockaddr_in));
    assert_string_equal(addr_print(&address, printed), "192.0.2.7:5900");
}

static void test_scope(void **unused)
{
    struct addr address;
    char printed[ADDR_TEXT];
    assert_true(addr_parse(&address, "fe80::1", 22));
    address.v6.sin6_scope_id = 4294967295;
    address = addr_from(&address.any);
    assert_int_equal(addr_length(&address), sizeof(struct sockaddr_in6));
    assert_string_equal(addr_print(&address, printed), "[fe80::1%4294967295]:22");
}

static void test_unix_peer(void **unused)
{
    struct sockaddr_un peer = {.sun_family = AF_UNIX};
    char printed[ADDR_TEXT];
    struct addr address = addr_from((struct sockaddr *)&peer);
    assert_string_equal(addr_print(&address, printed), "unix");
}

static void test_unix(void **unused)
{
    struct sockaddr_un address;
    socklen_t length = 0;
    char path[sizeof(address.sun_path) + 2] = {0};
    size_t head = offsetof(struct sockaddr_un, sun_path);

    assert_true(addr_unix(&address, &length, "/run/x"));
    assert_string_equal(address.sun_path, "/run/x");
    assert_int_equal(length, head + 7);
    assert_true(addr_unix(&address, &length, "@x"));
    assert_memory_equal(address.sun_path, "\0x", 2);
    assert_int_equal(length, head + 2);
    assert_false(addr_unix(&address, &length, ""));

    memset(path, 'p', sizeof(address.sun_path) - 1);
    assert_true(addr_unix(&address, &length, path));
    assert_int_equal(length, sizeof(address));
    path[sizeof(address.sun_path) - 1] = 'p'; /* no room for the NUL */
    assert_false(addr_unix(&address, &length, path));
    path[0] = '@'; /* which an abstract name does not have */
    assert_true(addr_unix(&address, &length, path));
    assert_int_equal(length, sizeof(address));
    path[sizeof(address.sun_path)] = 'p';
    assert_false(addr_unix(&address, &length, path));
}

/* "4" and "6": a family; the ports number the addresses in the resolver's order. */
static void expect_order(const char *families, const char *order)
{
    struct addr addresses[16] = {0};
    size_t count = strlen(families);
    for (size_t i = 0; i < count; i++) {
        addresses[i].any.sa_family = families[i] == '4' ? AF_INET : AF_INET6;
        addresses[i].v4.sin_port = (in_port_t)i;
    }
    addr_interleave(addresses, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(addresses[i].v4.sin_port, order[i] - 'a');
}

static void test_interleave(void **unused)
{
    expect_order("", "");
    expect_order("6", "a");
    expect_order("666", "abc");
    expect_order("66644", "adbec");
    expect_order("46", "ab");
    expect_order("6444", "abcd");
    expect_order("4466", "acbd");
    expect_order("64646", "abcde");
    expect_order("666666666666664", "aobcdefghijklmn");
}

static void test_with_and_without_sockets(void **unused)
{
    static const char *const hosts[] = {"192.0.2.1", "0.0.0.0", "::", "2001:db8::1"};
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    struct addr unix_peer = addr_from((const struct sockaddr *)&path);
    struct ip_port ip;
    assert_false(addr_to_ip(&unix_peer, &ip));
    for (size_t i = 0; i < WSL_COUNT(hosts); i++) {
        struct addr address, back;
        char text[IP_TEXT], before[ADDR_TEXT], after[ADDR_TEXT];
        assert_true(addr_parse(&address, hosts[i], 443));
        assert_true(addr_to_ip(&address, &ip));
        ip_print(ip.address, text);
        assert_string_equal(text, hosts[i]);
        assert_int_equal(ip.port, 443);
        back = addr_from_ip(&ip);
        assert_string_equal(addr_print(&back, after), addr_print(&address, before));
        assert_int_equal(back.any.sa_family, address.any.sa_family);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_and_print), cmocka_unit_test(test_names_are_no_numbers),
        cmocka_unit_test(test_mapped_is_ipv4),  cmocka_unit_test(test_scope),
        cmocka_unit_test(test_unix_peer),       cmocka_unit_test(test_unix),
        cmocka_unit_test(test_interleave),      cmocka_unit_test(test_with_and_without_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
