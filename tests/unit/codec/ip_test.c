#include "codec/ip.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (*state >> 33) % below;
}

/* Parses a copy of exact size, so that the sanitizer reports an overrun. */
static bool parse(const char *text, uint8_t address[static IP_BYTES])
{
    size_t length = strlen(text);
    char *copy = malloc(length ? length : 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    bool good = ip_parse((struct slice){copy, length}, address);
    free(copy);
    return good;
}

/* The C library's result for the same text, with IPv4 in our form. */
static bool library_parse(const char *text, uint8_t address[static IP_BYTES])
{
    memset(address, 0, IP_BYTES);
    address[10] = address[11] = 0xFF;
    return inet_pton(AF_INET, text, address + 12) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static void assert_as_library(const char *text)
{
    uint8_t ours[IP_BYTES], theirs[IP_BYTES];
    bool good = library_parse(text, theirs);
    if (parse(text, ours) != good)
        fail_msg("\"%s\" should be %s", text, good ? "accepted" : "refused");
    if (good)
        assert_memory_equal(ours, theirs, IP_BYTES);
}

static const char *const texts[] = {
    "0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8",
    "1::3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "FE80::aBcD", "::ffff:192.0.2.1",
    "1:2:3:4:5:6:192.0.2.1", "64:ff9b::192.0.2.33", "0001:0:0:0:0:0:0:0",
    /* not addresses */
    "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "256.1.1.1", "1.2.3.04", "00.1.2.3",
    "1..2.3", "1.2.3.4 ", "0x1.2.3.4", "1.2.3.1000", ":", ":::", "1:", ":1", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1::2::3",
    "12345::", "g::", "::1.2.3", "::1.2.3.256", "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4::", "::1.2.3.4:5",
    "fe80::1%eth0", "[::1]", "::1 ", "1:2:3:4:5:6:7:1.", "::.1.2.3"};

static void test_parses_as_the_library(void **state)
{
    for (size_t i = 0; i < WSL_COUNT(texts); i++)
        assert_as_library(texts[i]);
}

static void test_parses_mutations_as_the_library(void **state)
{
    static const char alphabet[] = "0123459afF:.: ";
    uint64_t random = 1;
    char text[64];
    for (unsigned round = 0; round < 200000; round++) {
        snprintf(text, sizeof(text), "%s", texts[draw(&random, WSL_COUNT(texts))]);
        size_t length = strlen(text);
        for (uint64_t changes = draw(&random, 3); changes > 0 && length > 0; changes--)
            text[draw(&random, length)] = alphabet[draw(&random, sizeof(alphabet) - 1)];
        assert_as_library(text);
    }
}

static void test_keeps_the_families_apart(void **state)
{
    uint8_t address[IP_BYTES];
    assert_true(ip_parse_v4(SLICE("192.0.2.1"), address));
    assert_true(ip_is_v4(address));
    assert_false(ip_parse_v6(SLICE("192.0.2.1"), address));
    assert_false(ip_parse_v4(SLICE("::1"), address));
    assert_true(ip_parse_v6(SLICE("::1"), address));
    assert_false(ip_is_v4(address));
    assert_true(ip_parse_v6(SLICE("::ffff:192.0.2.1"), address));
    assert_true(ip_is_v4(address)); /* a client has one address */
}

static void test_prints_as_the_library(void **state)
{
    uint64_t random = 2;
    for (unsigned round = 0; round < 100000; round++) {
        uint8_t address[IP_BYTES];
        char ours[IP_TEXT], theirs[IP_TEXT];
        for (size_t i = 0; i < IP_BYTES; i++)
            address[i] = draw(&random, 3) ? 0 : (uint8_t)draw(&random, 256);
        address[0] |= 0x20; /* not mapped, but the library prints "::1.2.3.4" */
        inet_ntop(AF_INET6, address, theirs, sizeof(theirs));
        assert_int_equal(ip_print(address, ours), strlen(theirs));
        assert_string_equal(ours, theirs);
    }
}

static void test_prints_ipv4_and_mapped(void **state)
{
    uint8_t address[IP_BYTES];
    char text[IP_TEXT];
    assert_true(ip_parse_v4(SLICE("192.0.2.1"), address));
    assert_int_equal(ip_print(address, text), 9);
    assert_string_equal(text, "192.0.2.1");
    assert_int_equal(ip_print_v6(address, text), 15);
    assert_string_equal(text, "::ffff:c000:201");
    memset(address, 0xFF, sizeof(address));
    assert_int_equal(ip_print(address, text), 39);
}

static void test_ports(void **state)
{
    static const struct {
        const char *text;
        int port; /* negative: refused */
    } ports[] = {{"0", 0},      {"1", 1},       {"443", 443}, {"65535", 65535},
                 {"65536", -1}, {"100000", -1}, {"", -1},     {"00", -1},
                 {"080", -1},   {"-1", -1},     {"+1", -1},   {"8 ", -1}};
    for (size_t i = 0; i < WSL_COUNT(ports); i++) {
        uint16_t port;
        assert_int_equal(ip_parse_port(slice_of(ports[i].text), &port), ports[i].port >= 0);
        if (ports[i].port >= 0)
            assert_int_equal(port, ports[i].port);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parses_as_the_library),
        cmocka_unit_test(test_parses_mutations_as_the_library),
        cmocka_unit_test(test_keeps_the_families_apart),
        cmocka_unit_test(test_prints_as_the_library),
        cmocka_unit_test(test_prints_ipv4_and_mapped),
        cmocka_unit_test(test_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
