/* Connecting to targets that must say first what they are. */
#include "serve/target/target_connect.h"

#include "lib/target_connect_lab.h"

/* A target that sends a script of pieces, one every 5 ms, to each connection; then it waits. */
static struct speaker {
    uv_timer_t timer;
    struct loopback *socket;
    struct slice pieces[24];
    size_t count, sent;
    bool closes;
    int fd;
} speaker;

static void speak_cb(uv_timer_t *timer)
{
    if (speaker.fd < 0) {
        speaker.fd = loopback_accept(speaker.socket);
        speaker.sent = 0;
        return;
    }
    if (speaker.sent < speaker.count) {
        struct slice piece = speaker.pieces[speaker.sent++];
        (void)!send(speaker.fd, piece.ptr, piece.len, MSG_NOSIGNAL);
    } else if (speaker.closes) {
        close(speaker.fd);
        speaker.fd = -1;
    }
}

static void speak(size_t index, struct slice text)
{
    loopback_listen(&targets[index]);
    speaker = (struct speaker){.socket = &targets[index], .pieces = {text}, .count = 1, .fd = -1};
    uv_timer_init(&loop, &speaker.timer);
    uv_timer_start(&speaker.timer, speak_cb, 0, 5);
    uv_unref((uv_handle_t *)&speaker.timer);
}

static void fall_silent(void)
{
    uv_close((uv_handle_t *)&speaker.timer, NULL);
    if (speaker.fd >= 0)
        close(speaker.fd);
}

static void expect_banner(size_t index, struct slice sent)
{
    struct target_connect_result result = target_connect_it(NULL);
    assert_string_equal(reason_row(result.dial.reason)->name, "none");
    assert_ptr_equal(result.target, target_pool_target(pool, &route, index));
    assert_true(slice_equal((struct slice){(char *)buffer.buffer, result.first_length}, sent));
    hang_up(&result);
    if (speaker.fd >= 0)
        close(speaker.fd);
    speaker.fd = -1;
}

static void expect_no_banner(enum reason reason, const char *detail)
{
    struct target_connect_result result = target_connect_it(NULL);
    assert_string_equal(reason_row(result.dial.reason)->name, reason_row(reason)->name);
    assert_int_equal(result.dial.fd, -1);
    assert_null(result.dial.watch);
    char text[DIAL_DETAIL];
    snprintf(text, sizeof(text), "127.0.0.1:%u: %s", targets[0].port, detail);
    assert_string_equal(result.dial.detail, text);
    if (speaker.fd >= 0)
        close(speaker.fd);
    speaker.fd = -1;
}

static void expect_of_route(const char *expected)
{
    route.expect = expected;
    route.target_count = 1;
    make_pool();
}

static void test_a_banner(void **unused)
{
    static const char sent[] = "RFB 003.008\n and more of it";
    const size_t length = sizeof(sent) - 1;
    expect_of_route("rfb");
    speak(0, SLICE("RFB 003.008\n"));
    expect_banner(0, SLICE("RFB 003.008\n"));
    /* Cut at every byte: nothing is lost, and nothing comes twice. */
    for (size_t cut = 1; cut < 12; cut++) {
        speaker.pieces[0] = (struct slice){sent, cut};
        speaker.pieces[1] = (struct slice){sent + cut, length - cut};
        speaker.count = 2;
        expect_banner(0, (struct slice){sent, length});
    }
    for (size_t i = 0; i < 12; i++)
        speaker.pieces[i] = (struct slice){sent + i, 1};
    speaker.count = 12;
    expect_banner(0, (struct slice){sent, 12});
    speaker.closes = true; /* its FIN is the bridge's to see */
    expect_banner(0, (struct slice){sent, 12});
    fall_silent();
}

static void test_another_banner(void **unused)
{
    expect_of_route("rfb");
    speak(0, SLICE("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"));
    for (uint32_t i = 0; i < route.fail_after; i++) {
        assert_false(is_down(0));
        expect_no_banner(REASON_target_unexpected,
                         "sent 'SSH-2.0-OpenSSH_9.2p1 De' instead of 'RFB '");
    }
    assert_true(is_down(0));
    fall_silent();
}

static enum reason hide_address(void *owner, const struct config_target *target,
                                struct target_connect_candidate *candidate)
{
    candidate->shown = "unix:/run/desks/*";
    return REASON_none;
}

/* The address of a token's socket holds the token. */
static void test_another_banner_behind_a_hidden_address(void **unused)
{
    expect_of_route("rfb");
    speak(0, SLICE("220\r\n"));
    struct target_connect_result result = target_connect_it(hide_address);
    assert_int_equal(result.dial.reason, REASON_target_unexpected);
    assert_string_equal(result.dial.detail, "unix:/run/desks/*: sent '220..' instead of 'RFB '");
    fall_silent();
}

static void test_a_banner_that_ends_early(void **unused)
{
    static const char detail[] = "closed the connection before its banner was complete";
    expect_of_route("RFB 003.");
    speak(0, SLICE("RFB 003"));
    speaker.closes = true;
    expect_no_banner(REASON_target_unexpected, detail);
    speaker.count = 0;
    expect_no_banner(REASON_target_unexpected, detail);
    fall_silent();
}

static void test_a_banner_that_is_late(void **unused)
{
    static const char detail[] = "connected, but sent no complete banner in time";
    expect_of_route("220 welcome to the service");
    route.connect_timeout_ms = 100;
    route.connect_retry_ms = 5000; /* it is not just starting */
    speak(0, (struct slice){NULL, 0});
    speaker.count = 0;
    uint64_t began = milliseconds();
    expect_no_banner(REASON_target_silent, detail);
    assert_in_range(milliseconds() - began, 95, 400);
    for (size_t i = 0; i < WSL_COUNT(speaker.pieces);
         i++) /* it drips: the time does not start anew */
        speaker.pieces[i] = (struct slice){&"220 welcome to the service"[i], 1};
    speaker.count = WSL_COUNT(speaker.pieces);
    began = milliseconds();
    expect_no_banner(REASON_target_silent, detail);
    assert_in_range(milliseconds() - began, 95, 400);
    fall_silent();
}

static void test_the_next_when_a_banner_is_wrong(void **unused)
{
    route.expect = "rfb";
    make_pool();
    loopback_listen(&targets[0]); /* accepts, says nothing, and gets half of the time */
    route.connect_timeout_ms = 400;
    speak(1, SLICE("RFB 003.008\n"));
    uint64_t began = milliseconds();
    expect_banner(1, SLICE("RFB 003.008\n"));
    assert_in_range(milliseconds() - began, 190, 390);
    fall_silent();
}

static void test_a_banner_of_a_target_that_starts_later(void **unused)
{
    uv_timer_t timer;
    expect_of_route("rfb");
    speak(2, SLICE("RFB 003.008\n"));
    speaker.socket = &targets[0];
    uv_timer_init(&loop, &timer);
    timer.data = &targets[0];
    route.connect_retry_ms = 3000;
    uv_update_time(&loop);
    uv_timer_start(&timer, wake_cb, 150, 0);
    expect_banner(0, SLICE("RFB 003.008\n"));
    fall_silent();
}

/* More than the buffer holds: the rest stays in the socket. */
static void test_a_flood_behind_a_banner(void **unused)
{
    enum { FLOOD = 1 << 20 };
    char *flood = calloc(1, FLOOD);
    assert_non_null(flood);
    memcpy(flood, "RFB 003.008\n", 12);
    expect_of_route("rfb");
    speak(0, (struct slice){flood, FLOOD});
    struct target_connect_result result = target_connect_it(NULL);
    assert_int_equal(result.dial.reason, REASON_none);
    assert_in_range(result.first_length, 12, BRIDGE_BUFFER);
    hang_up(&result);
    free(flood);
    fall_silent();
}

/* Two routes that expect different things of one address do not share its health. */
static void test_health_by_what_is_expected(void **unused)
{
    struct config_route routes[2] = {route, route};
    struct config both = {.routes = routes, .route_count = 2};
    char error[256];
    routes[0].expect = "rfb";
    routes[1].expect = "ssh";
    struct target_pool *own = target_pool_create(&both, NULL, NULL, error, sizeof(error));
    assert_non_null(own);
    assert_ptr_not_equal(target_pool_target(own, &routes[0], 0),
                         target_pool_target(own, &routes[1], 0));
    assert_string_equal(target_pool_banner(target_pool_target(own, &routes[1], 0)), "ssh");
    target_pool_free(own);
}

static void test_cancelled_before_the_banner(void **unused)
{
    expect_of_route("rfb");
    loopback_listen(&targets[0]);
    for (int turns = 1; turns < 6; turns++)
        cancel_after(turns);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_banner),
        TEST(test_another_banner),
        TEST(test_another_banner_behind_a_hidden_address),
        TEST(test_a_banner_that_ends_early),
        TEST(test_a_banner_that_is_late),
        TEST(test_the_next_when_a_banner_is_wrong),
        TEST(test_a_banner_of_a_target_that_starts_later),
        TEST(test_a_flood_behind_a_banner),
        TEST(test_health_by_what_is_expected),
        TEST(test_cancelled_before_the_banner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
