#include "config/model/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct value_name colours[] = {
    {"deep_red", 7, false}, {"blue", 9, false}, {"azure", 9, true}, {NULL, 0, false}};

static const struct value_spec boolean = {.type = VALUE_BOOL};
static const struct value_spec count = {.type = VALUE_COUNT, .min = 2, .max = 100, .zero = "auto"};
static const struct value_spec duration = {
    .type = VALUE_DURATION, .min = 1000, .max = 86400000, .zero = "off"};
static const struct value_spec any_duration = {.type = VALUE_DURATION, .max = UINT64_MAX};
static const struct value_spec size = {.type = VALUE_SIZE, .min = 0, .max = (uint64_t)1 << 40};
static const struct value_spec mode = {.type = VALUE_MODE, .min = 0, .max = 0777};
static const struct value_spec colour = {.type = VALUE_ENUM, .names = colours};
static const struct value_spec text = {.type = VALUE_TEXT};
static const struct value_spec listen_on = {.type = VALUE_LISTEN};
static const struct value_spec target = {.type = VALUE_TARGET};

static struct value good(const struct value_spec *spec, const char *input)
{
    struct value value;
    char why[128] = "";
    if (value_parse(spec, input, &value, why, sizeof(why)) != VALUE_OK)
        fail_msg("'%s': %s", input, why);
    return value;
}

static void bad(const struct value_spec *spec, const char *input, enum value_verdict verdict,
                const char *expected)
{
    struct value value;
    char why[128] = "";
    assert_int_equal(value_parse(spec, input, &value, why, sizeof(why)), verdict);
    assert_string_equal(why, expected);
}

/* print(parse(input)) == printed, and print(parse(printed)) == printed. */
static void prints(const struct value_spec *spec, const char *input, const char *printed)
{
    char once[300], twice[300];
    struct value value = good(spec, input);
    assert_int_equal(value_print(spec, &value, once, sizeof(once)), strlen(printed));
    assert_string_equal(once, printed);
    value = good(spec, once);
    value_print(spec, &value, twice, sizeof(twice));
    assert_string_equal(twice, once);
}

static void reads_booleans(void **state)
{
    assert_true(good(&boolean, "yes").number);
    assert_false(good(&boolean, "off").number);
    prints(&boolean, "on", "true");
    prints(&boolean, "no", "false");
    bad(&boolean, "maybe", VALUE_MALFORMED, "must be false or true");
}

static void reads_counts(void **state)
{
    assert_int_equal(good(&count, "2").number, 2);
    assert_int_equal(good(&count, "0").number, 0);
    prints(&count, "auto", "auto");
    prints(&count, "0100", "100");
    prints(&duration, "false", "off"); /* as YAML 1.1 reads off */
    bad(&count, "false", VALUE_MALFORMED, "must be a number, or auto");
    bad(&count, "1", VALUE_OUT_OF_RANGE, "must be 2 to 100, or auto");
    bad(&count, "101", VALUE_OUT_OF_RANGE, "must be 2 to 100, or auto");
    bad(&count, "-1", VALUE_MALFORMED, "must be a number, or auto");
    bad(&count, "", VALUE_MALFORMED, "must be a number, or auto");
    bad(&count, "3s", VALUE_MALFORMED, "must be a number, or auto");
    bad(&count, " 3", VALUE_MALFORMED, "must be a number, or auto");
    bad(&count, "99999999999999999999999", VALUE_MALFORMED, "must be a number, or auto");
}

static void reads_durations(void **state)
{
    assert_int_equal(good(&duration, "30").number, 30000);
    assert_int_equal(good(&duration, "1500ms").number, 1500);
    assert_int_equal(good(&duration, "5M").number, 300000);
    assert_int_equal(good(&duration, "off").number, 0);
    assert_int_equal(good(&duration, "0s").number, 0);
    prints(&duration, "90", "90s");
    prints(&duration, "3600s", "1h");
    prints(&duration, "24h", "1d");
    prints(&duration, "1001ms", "1001ms");
    prints(&duration, "0", "off");
    prints(&any_duration, "0", "0ms");
    bad(&duration, "999ms", VALUE_OUT_OF_RANGE, "must be 1s to 1d, or off");
    bad(&duration, "25h", VALUE_OUT_OF_RANGE, "must be 1s to 1d, or off");
    bad(&duration, "18446744073709551615d", VALUE_OUT_OF_RANGE, "must be 1s to 1d, or off");
    bad(&duration, "1h30m", VALUE_MALFORMED,
        "must be a duration, such as 250ms, 30s, 5m or 1h, or off");
    bad(&duration, "s", VALUE_MALFORMED,
        "must be a duration, such as 250ms, 30s, 5m or 1h, or off");
}

static void reads_sizes_and_modes(void **state)
{
    assert_int_equal(good(&size, "512").number, 512);
    assert_int_equal(good(&size, "16kib").number, 16384);
    prints(&size, "1048576", "1MiB");
    prints(&size, "1025", "1025B");
    prints(&size, "0", "0B");
    bad(&size, "16KB", VALUE_MALFORMED, "must be a size, such as 512, 16KiB or 1MiB");
    assert_int_equal(good(&mode, "660").number, 0660);
    prints(&mode, "0o7", "0007");
    prints(&mode, "0600", "0600");
    bad(&mode, "0999", VALUE_MALFORMED, "must be permission bits in octal, such as 0660");
    bad(&mode, "rw", VALUE_MALFORMED, "must be permission bits in octal, such as 0660");
    bad(&mode, "1777", VALUE_OUT_OF_RANGE, "must be 0000 to 0777");
}

static void reads_names_and_text(void **state)
{
    assert_int_equal(good(&colour, "deep_red").number, 7);
    assert_int_equal(good(&colour, "deep-red").number, 7);
    prints(&colour, "azure", "blue");
    bad(&colour, "red", VALUE_MALFORMED, "must be deep_red or blue");
    bad(&colour, "deep", VALUE_MALFORMED, "must be deep_red or blue");
    prints(&text, "HIGH:!aNULL", "HIGH:!aNULL");
    bad(&text, "", VALUE_MALFORMED, "must not be empty");
}

static void address_is(const struct value_spec *spec, const char *input, const char *host,
                       unsigned port)
{
    struct value value = good(spec, input);
    assert_int_equal(value.kind, CONFIG_ADDRESS_TCP);
    assert_int_equal(value.port, port);
    assert_int_equal(value.text.len, strlen(host));
    if (*host)
        assert_memory_equal(value.text.ptr, host, strlen(host));
    else
        assert_null(value.text.ptr);
}

static void reads_tcp_addresses(void **state)
{
    address_is(&listen_on, "6080", "", 6080);
    address_is(&listen_on, ":6080", "", 6080);
    address_is(&listen_on, "0", "", 0);
    address_is(&listen_on, "127.0.0.1:6080", "127.0.0.1", 6080);
    address_is(&listen_on, "[::]:443", "::", 443);
    address_is(&listen_on, "::1:443", "::1", 443);
    address_is(&listen_on, "[]:443", "", 443);
    address_is(&target, "localhost:5900", "localhost", 5900);
    address_is(&target, "[fe80::1%eth0]:5900", "fe80::1%eth0", 5900);
    prints(&listen_on, "6080", ":6080");
    prints(&listen_on, "::1:80", "[::1]:80");
    prints(&target, "[vnc.example]:5900", "vnc.example:5900");
}

static void refuses_bad_tcp_addresses(void **state)
{
    const char *listen_form = "must be PORT, HOST:PORT, [IPV6]:PORT, unix:PATH or fd:N";
    const char *target_form =
        "must be tcp://HOST:PORT, tls://HOST:PORT, unix:PATH or wss://HOST/PATH";
    const char *listen_port = "the port must be a number from 0 to 65535";
    const char *target_port = "the port must be a number from 1 to 65535";
    bad(&listen_on, "", VALUE_BAD_PORT, listen_port);
    bad(&listen_on, "localhost", VALUE_BAD_PORT, listen_port);
    bad(&listen_on, "host:", VALUE_BAD_PORT, listen_port);
    bad(&listen_on, "65536", VALUE_BAD_PORT, listen_port);
    bad(&listen_on, "http://x", VALUE_MALFORMED, listen_form);
    bad(&listen_on, "80x", VALUE_BAD_PORT, listen_port);
    bad(&listen_on, "::1", VALUE_MALFORMED, listen_form);
    bad(&listen_on, "[::1]", VALUE_MALFORMED, listen_form);
    bad(&listen_on, "[::1:80", VALUE_MALFORMED, listen_form);
    bad(&target, "localhost", VALUE_MALFORMED, target_form);
    bad(&target, ":5900", VALUE_MALFORMED, target_form);
    bad(&target, "[]:5900", VALUE_MALFORMED, target_form);
    bad(&target, "http://localhost:80", VALUE_MALFORMED, target_form);
    bad(&target, "a b:5900", VALUE_MALFORMED, target_form);
    bad(&target, "user@host:22", VALUE_MALFORMED, target_form);
    bad(&target, "localhost:0", VALUE_BAD_PORT, target_port);
    bad(&target, "localhost:vnc", VALUE_BAD_PORT, target_port);
    char long_host[300];
    memset(long_host, 'a', 254);
    memcpy(long_host + 254, ":80", 4);
    bad(&target, long_host, VALUE_MALFORMED, target_form);
    assert_int_equal(good(&target, long_host + 1).text.len, 253);
}

static void reads_descriptors_to_listen_on(void **state)
{
    struct value value = good(&listen_on, "fd:17");
    assert_int_equal(value.kind, CONFIG_ADDRESS_FD);
    assert_int_equal(value.port, 17);
    assert_null(value.text.ptr);
    prints(&listen_on, "fd:0", "fd:0");
    bad(&listen_on, "fd:65536", VALUE_BAD_PORT, "the port must be a number from 0 to 65535");
    assert_int_equal(good(&target, "fd:3").kind, CONFIG_ADDRESS_TCP);
    assert_int_equal(good(&listen_on, "[fd::1]:80").kind, CONFIG_ADDRESS_TCP);
    assert_int_equal(good(&listen_on, "fd::1:80").kind, CONFIG_ADDRESS_TCP);
}

static void reads_unix_addresses(void **state)
{
    struct value value = good(&listen_on, "unix:/run/a:5.sock");
    assert_int_equal(value.kind, CONFIG_ADDRESS_UNIX);
    assert_memory_equal(value.text.ptr, "/run/a:5.sock", value.text.len);
    prints(&target, "unix:@name", "unix:@name");
    bad(&target, "unix:", VALUE_MALFORMED, "must be the path of a Unix socket, or @NAME");
    bad(&target, "unix:@", VALUE_MALFORMED, "must be the path of a Unix socket, or @NAME");
    char path[128] = "unix:";
    memset(path + 5, 'p', 107);
    good(&target, path);
    path[112] = 'p';
    bad(&target, path, VALUE_OUT_OF_RANGE,
        "too long for a Unix socket, whose path has at most 107 bytes");
}

/* parse(print(v)) == v over numbers of every magnitude. */
static void prints_and_parses_back(void **state)
{
    for (unsigned bit = 0; bit < 40; bit++)
        for (uint64_t step = 0; step < 3; step++) {
            struct value value = {.number = ((uint64_t)1 << bit) * (step + 1) - step};
            char printed[40];
            value_print(&any_duration, &value, printed, sizeof(printed));
            assert_int_equal(good(&any_duration, printed).number, value.number);
            if (value.number <= size.max) {
                value_print(&size, &value, printed, sizeof(printed));
                assert_int_equal(good(&size, printed).number, value.number);
            }
        }
}

/* A short buffer for the reason is cut, never overrun. */
static void cuts_reasons(void **state)
{
    struct value value;
    char why[8];
    for (size_t room = 1; room <= sizeof(why); room++) {
        assert_int_equal(value_parse(&colour, "x", &value, why, room), VALUE_MALFORMED);
        assert_true(strlen(why) < room);
    }
}

/* The finding has both of what may have been meant. */
static void ranges_begin_at_their_first_address(void **state)
{
    const struct value_spec cidr = {.type = VALUE_CIDR};
    prints(&cidr, "10.0.0.0/8", "10.0.0.0/8");
    prints(&cidr, "FD00::/8", "fd00::/8");
    prints(&cidr, "10.0.0.1/32", "10.0.0.1");
    bad(&cidr, "10.1.2.3/8", VALUE_MALFORMED,
        "must be 10.0.0.0/8 for the range or 10.1.2.3 for one address");
    bad(&cidr, "fd00::1/64", VALUE_MALFORMED,
        "must be fd00::/64 for the range or fd00::1 for one address");
    bad(&cidr, "10.0.0.0/33", VALUE_OUT_OF_RANGE,
        "the prefix length must be a number from 0 to 32");
    bad(&cidr, "10.0.0/8", VALUE_MALFORMED,
        "must be an address or a range, such as 10.0.0.0/8 or fd00::/8");
}

static void ws_is(const char *url, const char *host, unsigned port, bool tls, const char *request)
{
    struct value value = good(&target, url);
    assert_memory_equal(value.text.ptr, host, strlen(host));
    assert_int_equal(value.text.len, strlen(host));
    assert_int_equal(value.port, port);
    assert_int_equal(value.tls, tls);
    assert_int_equal(value.target.len, strlen(request));
    assert_memory_equal(value.target.ptr, request, strlen(request));
}

static void websocket_targets(void **state)
{
    const struct value_spec bare = {.type = VALUE_TARGET, .bare = true};
    ws_is("ws://desk", "desk", 80, false, "/");
    ws_is("wss://desk.example.com/a/b?c=d:1", "desk.example.com", 443, true, "/a/b?c=d:1");
    ws_is("ws://desk:8080/", "desk", 8080, false, "/");
    ws_is("wss://[::1]/x", "::1", 443, true, "/x");
    ws_is("wss://[::1]:8443/x", "::1", 8443, true, "/x");
    ws_is("ws://{a}.desk/console/{a}", "{a}.desk", 80, false, "/console/{a}");
    ws_is("ws+unix:/run/x.sock:/a", "/run/x.sock", 0, false, "/a");
    ws_is("wss+unix:@name", "@name", 0, true, "/");
    prints(&target, "wss://desk", "wss://desk:443/");
    prints(&target, "ws://[::1]/a?b", "ws://[::1]:80/a?b");
    prints(&target, "wss+unix:@name:/a", "wss+unix:@name:/a");
    bad(&target, "ws://", VALUE_MALFORMED, "must be ws://HOST[:PORT]/PATH or wss://...");
    bad(&target, "ws://:80/", VALUE_MALFORMED, "must be ws://HOST[:PORT]/PATH or wss://...");
    bad(&target, "ws://a b/", VALUE_MALFORMED, "must be ws://HOST[:PORT]/PATH or wss://...");
    bad(&target, "ws://a:0/", VALUE_BAD_PORT, "the port must be a number from 1 to 65535");
    bad(&target, "ws://a:/", VALUE_BAD_PORT, "the port must be a number from 1 to 65535");
    bad(&target, "ws://a:8x/", VALUE_BAD_PORT, "the port must be a number from 1 to 65535");
    bad(&target, "ws://a?b", VALUE_MALFORMED, "must have a '/' before the '?'");
    bad(&target, "wss://ann:secret@a/", VALUE_MALFORMED,
        "must not have a user name: credentials are options of their own");
    assert_false(good(&bare, "tcp://desk:1").tls);
    good(&bare, "unix:/run/x");
    bad(&bare, "tls://desk:1", VALUE_MALFORMED, "must be HOST:PORT or unix:PATH");
    bad(&bare, "ws://desk", VALUE_MALFORMED, "must be HOST:PORT or unix:PATH");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(websocket_targets),
        cmocka_unit_test(ranges_begin_at_their_first_address),
        cmocka_unit_test(reads_booleans),
        cmocka_unit_test(reads_counts),
        cmocka_unit_test(reads_durations),
        cmocka_unit_test(reads_sizes_and_modes),
        cmocka_unit_test(reads_names_and_text),
        cmocka_unit_test(reads_tcp_addresses),
        cmocka_unit_test(refuses_bad_tcp_addresses),
        cmocka_unit_test(reads_descriptors_to_listen_on),
        cmocka_unit_test(reads_unix_addresses),
        cmocka_unit_test(prints_and_parses_back),
        cmocka_unit_test(cuts_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
