/* Probes over real sockets, against targets that send a script of pieces. */
#include "serve/target/probe.h"

#include "config/model/section/config_proxy.h"
#include "lib/failing_alloc.h"
#include "lib/probe_lab.h"

struct call {
    unsigned calls;
    struct probe_result result;
};

static void called_cb(void *owner, const struct probe_result *result)
{
    struct call *call = owner;
    call->calls++;
    call->result = *result;
}

static const struct config_proxy *proxy;

static struct probe *start(struct call *call, const char *banner)
{
    struct probe_request request = {
        .watches = &watches,
        .resolver = resolver,
        .scratch = &scratch,
        .target = &target,
        .banner = banner,
        .proxy = proxy,
        .timeout_ms = 300,
        .callback = called_cb,
        .owner = call,
    };
    *call = (struct call){0};
    uv_update_time(&loop);
    return probe_start(&request);
}

static void expect(const char *banner, enum reason reason, const char *detail)
{
    struct call call;
    assert_non_null(start(&call, banner));
    assert_int_equal(call.calls, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(call.calls, 1);
    assert_string_equal(reason_row(call.result.reason)->name, reason_row(reason)->name);
    if (!strstr(call.result.detail, detail))
        fail_msg("expected \"%s\" in: %s", detail, call.result.detail);
}

static void test_connect(void **unused)
{
    expect(NULL, REASON_target_refused, "refused");
    loopback_listen(&server.socket);
    expect(NULL, REASON_none, "");
}

/* As sessions go. */
static void test_connect_to_and_family(void **unused)
{
    loopback_listen(&server.socket);
    target.connect_to = target.address;
    target.address.host = "desk.invalid";
    expect(NULL, REASON_none, "");
    target.family = CONFIG_FAMILY_IPV6;
    expect(NULL, REASON_target_unresolved, "it has no IPv6 address");
}

static void test_banner(void **unused)
{
    server_sends("RFB 003.008\n", NULL, NULL);
    expect("RFB 003.", REASON_none, "");
    expect("RFB 003.008\n", REASON_none, "");
    expect("rfb", REASON_none, "");
    expect("SSH-2.0", REASON_target_unexpected, "sent 'RFB 003.008.' instead of 'SSH-2.0'");
}

static void test_banner_in_pieces(void **unused)
{
    server_sends("R", "FB 0", "03.008\n");
    expect("RFB 003.", REASON_none, "");
    server_sends("R", "FX", NULL);
    expect("RFB 003.", REASON_target_unexpected, "sent 'RFX' instead of 'RFB 003.'");
}

static void test_banner_that_does_not_come(void **unused)
{
    loopback_listen(&server.socket);
    expect("RFB 003.", REASON_target_silent, "no complete banner in time");
    server_sends("RFB", NULL, NULL);
    expect("RFB 003.", REASON_target_silent, "in time");
    server.closes = true;
    expect("RFB 003.", REASON_target_unexpected, "closed the connection before");
}

static void test_header_of_type_local(void **unused)
{
    static const enum config_target_proxy versions[] = {CONFIG_TARGET_PROXY_V1,
                                                        CONFIG_TARGET_PROXY_V2};
    static const char *const headers[] = {"PROXY UNKNOWN\r\n", "\r\n\r\n"};
    static const size_t lengths[] = {15, 16};
    server_sends("RFB 003.", NULL, NULL);
    for (size_t i = 0; i < 2; i++) {
        server.received_length = 0;
        target.proxy_protocol = versions[i];
        expect("RFB 003.", REASON_none, "");
        assert_int_equal(server.received_length, lengths[i]);
        assert_memory_equal(server.received, headers[i], strlen(headers[i]));
    }
}

/* The banner behind the proxy's answer is the target's. */
static void test_a_proxy(void **unused)
{
    struct config_proxy parsed = {.kind = CONFIG_PROXY_KIND_HTTP,
                                  .at = {.host = "127.0.0.1", .port = server.socket.port}};
    target.address.host = "desk.invalid";
    proxy = &parsed;
    expect(NULL, REASON_target_proxy_unreachable, "refused");
    server_sends("HTTP/1.1 200 OK\r\n", "\r\nRFB 0", "03.008\n");
    expect("RFB 003.", REASON_none, "");
    server_sends("HTTP/1.1 403 No\r\n", "\r\n", NULL);
    expect("RFB 003.", REASON_target_proxy_refused, ": answers 403 No");
    proxy = NULL;
}

static void test_unix_socket(void **unused)
{
    char path[64];
    snprintf(path, sizeof(path), "@probe_test_%d", (int)getpid());
    target.address = (struct config_address){.kind = CONFIG_ADDRESS_UNIX, .path = path};
    expect(NULL, REASON_target_refused, path);
    struct sockaddr_un address;
    socklen_t length;
    assert_true(addr_unix(&address, &length, path));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(fd, 1), 0);
    expect(NULL, REASON_none, ""); /* connects at once; the callback still comes later */
    close(fd);
}

static void test_cancelled(void **unused)
{
    loopback_listen(&server.socket);
    for (int turns = 0; turns < 4; turns++) {
        struct call call;
        struct probe *probe = start(&call, "RFB");
        for (int i = 0; i < turns; i++)
            uv_run(&loop, UV_RUN_NOWAIT);
        probe_cancel(probe);
        uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(call.calls, 0);
    }
    probe_cancel(NULL);
}

static void test_each_allocation_fails(void **unused)
{
    server_sends("RFB 003.", NULL, NULL);
    for (unsigned n = 1;; n++) {
        struct call call;
        failing_alloc_arm(n);
        struct probe *probe = start(&call, "RFB 003.");
        uv_run(&loop, UV_RUN_DEFAULT);
        bool failed = failing_alloc_disarm();
        assert_int_equal(call.calls, probe != NULL);
        if (!failed) {
            assert_int_equal(call.result.reason, REASON_none);
            break;
        }
        assert_true(!probe || call.result.reason == REASON_out_of_memory);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_connect),
        TEST(test_connect_to_and_family),
        TEST(test_banner),
        TEST(test_banner_in_pieces),
        TEST(test_banner_that_does_not_come),
        TEST(test_header_of_type_local),
        TEST(test_a_proxy),
        TEST(test_unix_socket),
        TEST(test_cancelled),
        TEST(test_each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
