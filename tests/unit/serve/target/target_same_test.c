#include "serve/target/target_same.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/model/config.h"

static const char *const texts[] = {"a", "b"};

static struct config_target whole(struct config_header *header)
{
    *header = (struct config_header){"X-Desk", "1"};
    return (struct config_target){
        .address = {.host = "desk", .port = 443},
        .connect_to = {.host = "127.0.0.1", .port = 8443},
        .tls = true,
        .pins = {texts, 1},
        .ws = {.path = "/a",
               .host = "desk",
               .origin = "https://desk",
               .subprotocols = {texts, 2},
               .headers = header,
               .header_count = 1,
               .user = "ann",
               .password = "secret"},
    };
}

/* Equal texts in other memory, and another place in the file, make no difference. */
static void test_the_same_target(void **unused)
{
    struct config_header one, two;
    char path[] = "/a", host[] = "desk";
    struct config_target a = whole(&one), b = whole(&two);
    b.ws.path = path;
    b.address.host = host;
    b.place.line = 7;
    assert_true(target_same_options(&a, &b));
}

#define EXPECT_DIFFERENT(change)                                                                   \
    do {                                                                                           \
        struct config_header one, two;                                                             \
        struct config_target a = whole(&one), b = whole(&two);                                     \
        change;                                                                                    \
        assert_false(target_same_options(&a, &b));                                                 \
        assert_false(target_same_options(&b, &a));                                                 \
    } while (0)

static void test_another_way_to_it(void **unused)
{
    EXPECT_DIFFERENT(b.address.port = 444);
    EXPECT_DIFFERENT(b.address.kind = CONFIG_ADDRESS_UNIX);
    EXPECT_DIFFERENT(b.connect_to.host = "127.0.0.2");
    EXPECT_DIFFERENT(b.connect_to = (struct config_address){0});
    EXPECT_DIFFERENT(b.family = CONFIG_FAMILY_IPV6);
    EXPECT_DIFFERENT(b.proxy = "socks5://proxy");
    EXPECT_DIFFERENT(b.proxy_protocol = CONFIG_TARGET_PROXY_V2);
    EXPECT_DIFFERENT(b.is_command = true);
}

static void test_other_trust(void **unused)
{
    EXPECT_DIFFERENT(b.tls = false);
    EXPECT_DIFFERENT(b.tls_on_demand = true);
    EXPECT_DIFFERENT(b.insecure = true);
    EXPECT_DIFFERENT(b.server_name = "other");
    EXPECT_DIFFERENT(b.ca = "/ca");
    EXPECT_DIFFERENT(b.certificate = "/certificate");
    EXPECT_DIFFERENT(b.key = "/key");
    EXPECT_DIFFERENT(b.key_password = "secret");
    EXPECT_DIFFERENT(b.pins.count = 0);
    EXPECT_DIFFERENT(b.pins.count = 2);
    EXPECT_DIFFERENT(b.pins.items = texts + 1);
}

static void test_another_request(void **unused)
{
    EXPECT_DIFFERENT(b.ws.path = "/b");
    EXPECT_DIFFERENT(b.ws.path = NULL);
    EXPECT_DIFFERENT(b.ws.host = NULL);
    EXPECT_DIFFERENT(b.ws.origin = "https://other");
    EXPECT_DIFFERENT(b.ws.subprotocols.count = 1);
    EXPECT_DIFFERENT(two.value = "2");
    EXPECT_DIFFERENT(two.name = "X-Chair");
    EXPECT_DIFFERENT(b.ws.header_count = 0);
    EXPECT_DIFFERENT(b.ws.user = "bob");
    EXPECT_DIFFERENT(b.ws.password = "other");
    EXPECT_DIFFERENT(b.ws.bearer = "token");
    EXPECT_DIFFERENT(b.ws.eof = CONFIG_WS_EOF_CLOSE);
}

static void test_other_probes(void **unused)
{
    EXPECT_DIFFERENT(b.probe = CONFIG_PROBE_CONNECT);
    EXPECT_DIFFERENT(b.banner = "ssh");
    EXPECT_DIFFERENT(b.probe_interval_ms = 1);
    EXPECT_DIFFERENT(b.probe_timeout_ms = 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_target), cmocka_unit_test(test_another_way_to_it),
        cmocka_unit_test(test_other_trust),     cmocka_unit_test(test_another_request),
        cmocka_unit_test(test_other_probes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
