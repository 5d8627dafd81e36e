/* Banners over a pair of sockets, in pieces, and up to each limit. */
#include "serve/target/target_banner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/plain.h"
#include "net/watch.h"

static uv_loop_t loop;
static struct watch_set watches;
static struct watch *watch;
static struct plain plain;
static int ends[2];
static struct target_banner banner;
static uint8_t buffer[TARGET_BANNER_ROOM];
static size_t length;

static void ready_cb(void *owner, unsigned ready)
{
}

static int set_up(void **unused)
{
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_true(watch_set_open(&watches, &loop));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    watch = watch_open(&watches, ends[0], 0, ready_cb, NULL);
    assert_non_null(watch);
    length = 0;
    return 0;
}

static int tear_down(void **unused)
{
    watch_close(watch);
    watch_set_close(&watches);
    close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return 0;
}

static void begin(const char *expected)
{
    target_banner_begin(&banner, expected, plain_init(&plain, ends[0], &transport_target), watch);
}

static void target_sends(const void *bytes, size_t count)
{
    assert_int_equal(send(ends[1], bytes, count, 0), count);
}

static void expect_verdict(enum banner_verdict verdict)
{
    memset(buffer, 0xee, sizeof(buffer)); /* others use it between two calls */
    assert_int_equal(target_banner_read(&banner, buffer, sizeof(buffer), &length), verdict);
}

static void test_every_cut(void **unused)
{
    static const char sent[] = "SSH-2.0-OpenSSH_9.2\r\n";
    for (size_t cut = 1; cut < 8; cut++) {
        begin("ssh");
        expect_verdict(BANNER_PARTIAL);
        target_sends(sent, cut);
        expect_verdict(BANNER_PARTIAL);
        expect_verdict(BANNER_PARTIAL);
        target_sends(sent + cut, sizeof(sent) - cut);
        expect_verdict(BANNER_MATCHES);
        assert_int_equal(length, sizeof(sent));
        assert_memory_equal(buffer, sent, sizeof(sent));
    }
}

static void test_the_longest(void **unused)
{
    char expected[BANNER_MAX + 1];
    memset(expected, 'x', BANNER_MAX);
    expected[BANNER_MAX] = '\0';
    begin(expected);
    target_sends(expected, BANNER_MAX - 1);
    expect_verdict(BANNER_PARTIAL);
    target_sends(expected, BANNER_MAX);
    expect_verdict(BANNER_MATCHES);
    assert_int_equal(length, 2 * BANNER_MAX - 1);
    begin(expected);
    target_sends(expected, BANNER_MAX - 1);
    target_sends("y", 1);
    expect_verdict(BANNER_DIFFERS);
    assert_int_equal(banner.reason, REASON_target_unexpected);
}

static void test_a_flood(void **unused)
{
    static char flood[2 * TARGET_BANNER_ROOM];
    memcpy(flood, "RFB 003.008\n", 12);
    begin("rfb");
    target_sends(flood, sizeof(flood));
    expect_verdict(BANNER_MATCHES);
    assert_int_equal(length, TARGET_BANNER_ROOM);
    begin("rfb");
    expect_verdict(BANNER_DIFFERS);
}

static void test_ends(void **unused)
{
    begin("rfb");
    target_sends("RFB 003.008", 11);
    expect_verdict(BANNER_PARTIAL);
    target_banner_late(&banner);
    assert_int_equal(banner.reason, REASON_target_silent);
    begin("rfb");
    target_sends("RFB 003.008\n", 12);
    shutdown(ends[1], SHUT_WR);
    expect_verdict(BANNER_MATCHES); /* whole, though nothing follows */
    begin("rfb");
    expect_verdict(BANNER_DIFFERS);
    assert_int_equal(banner.reason, REASON_target_unexpected);
    assert_non_null(strstr(banner.detail, "closed the connection before"));
}

static void test_a_broken_connection(void **unused)
{
    begin("rfb");
    target_sends("RFB", 3);
    expect_verdict(BANNER_PARTIAL);
    assert_int_equal(send(ends[0], "unread", 6, 0), 6);
    close(ends[1]); /* with unread bytes: a reset */
    ends[1] = -1;
    expect_verdict(BANNER_DIFFERS);
    assert_int_equal(banner.reason, REASON_target_reset);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_every_cut), TEST(test_the_longest),         TEST(test_a_flood),
        TEST(test_ends),      TEST(test_a_broken_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
