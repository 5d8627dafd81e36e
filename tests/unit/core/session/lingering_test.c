/* The lingering close: last bytes, FIN, what the client still sends, and how long it may take. */
#include "core/session/lingering.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"
#include "lib/fake_transport.h"

#define ANSWER        "HTTP/1.1 405"
#define CLOSE_TIMEOUT 5000

static struct fake client;
static struct lingering lingering;
static uint64_t now;
static uint8_t scratch[TRANSPORT_READ_MIN];

static int set_up(void **unused)
{
    fake_init(&client, (size_t)1 << 20, (size_t)1 << 16);
    lingering = (struct lingering){0};
    now = 1000;
    return 0;
}

static int tear_down(void **unused)
{
    lingering_free(&lingering);
    fake_free(&client);
    return 0;
}

static void begin(const char *bytes)
{
    lingering_begin(&lingering, &client.transport, REASON_http_method, bytes, strlen(bytes), now);
    assert_int_equal(lingering.reason, REASON_http_method);
}

/* What the descriptor is ready for is told, and only what is wanted. */
static void turn(void)
{
    unsigned ready = (fake_is_readable(&client) ? LINGERING_READ : 0u) |
                     (fake_is_writable(&client) ? LINGERING_WRITE : 0u);
    lingering_turn(&lingering, scratch, ready & lingering_want(&lingering), now);
}

static uint64_t tick(uint64_t unsent)
{
    static const struct lingering_times times = {CLOSE_TIMEOUT, 60000};
    return lingering_tick(&lingering, unsent, &times, now);
}

static void expect_answer(void)
{
    assert_int_equal(client.out_length, strlen(ANSWER));
    assert_memory_equal(client.out, ANSWER, strlen(ANSWER));
}

static void test_the_client_reads_and_finishes(void **unused)
{
    begin(ANSWER);
    expect_answer();
    assert_true(client.is_shut);
    assert_false(lingering_is_done(&lingering));
    assert_int_equal(lingering_want(&lingering), LINGERING_READ);
    client.in_end = io_status(IO_EOF);
    turn();
    assert_true(lingering_is_done(&lingering));
    assert_int_equal(tick(0), 0);
}

static void test_input_is_dropped(void **unused)
{
    client.room = 3;
    begin(ANSWER);
    assert_false(client.is_shut);
    assert_int_equal(lingering_want(&lingering), LINGERING_READ | LINGERING_WRITE);
    fake_send(&client, "junk that is not a request", 26);
    turn();
    assert_int_equal(client.in_at, 26);
    client.room = FAKE_NO_LIMIT;
    turn();
    expect_answer();
    assert_true(client.is_shut);
    assert_false(lingering_is_done(&lingering));
    client.in_end = io_status(IO_EOF);
    turn();
    assert_true(lingering_is_done(&lingering));
}

/* The transport may have bytes of an answer that went out before. */
static void test_without_bytes(void **unused)
{
    client.shutdowns_wanting = 1;
    begin("");
    assert_false(client.is_shut);
    assert_int_equal(lingering_want(&lingering), LINGERING_READ | LINGERING_WRITE);
    turn();
    assert_true(client.is_shut);
    assert_int_equal(client.writes, 0);
}

/* It gets the rest all the same; closing then says what FIN would. */
static void test_a_client_that_has_finished_first(void **unused)
{
    client.room = 3;
    client.in_end = io_status(IO_EOF);
    begin(ANSWER);
    turn();
    assert_false(lingering_is_done(&lingering));
    assert_int_equal(lingering_want(&lingering), LINGERING_WRITE);
    client.room = FAKE_NO_LIMIT;
    turn();
    expect_answer();
    assert_true(lingering_is_done(&lingering));
    assert_false(client.is_shut);
}

/* One turn reads a bounded number of bytes. */
static void test_a_client_that_sends_without_end(void **unused)
{
    static const char junk[(size_t)1 << 20];
    begin(ANSWER);
    fake_send(&client, junk, sizeof(junk));
    turn();
    assert_int_equal(client.in_at, TRANSPORT_READ_MIN);
    turn();
    assert_int_equal(client.in_at, 2 * TRANSPORT_READ_MIN);
}

static void test_a_client_that_is_gone(void **unused)
{
    fake_break(&client, REASON_client_reset);
    begin(ANSWER);
    assert_true(lingering_is_done(&lingering));
}

static void test_a_client_that_breaks(void **unused)
{
    for (int way = 0; way < 3; way++) {
        client.room = 3;
        begin(ANSWER);
        assert_false(lingering_is_done(&lingering));
        fake_break(&client, REASON_client_reset);
        lingering_turn(&lingering, scratch,
                       way == 0   ? LINGERING_BROKEN
                       : way == 1 ? LINGERING_READ
                                  : LINGERING_WRITE,
                       now);
        assert_true(lingering_is_done(&lingering));
        assert_int_equal(lingering.reason, REASON_http_method);
        tear_down(unused);
        set_up(unused);
    }
}

static void test_without_memory(void **unused)
{
    client.room = 3;
    failing_alloc_arm(1);
    begin(ANSWER);
    assert_true(failing_alloc_disarm());
    assert_true(lingering_is_done(&lingering));
}

/* Once everything is taken, the client has close_timeout to finish. */
static void test_a_client_that_stays(void **unused)
{
    begin(ANSWER);
    assert_int_equal(tick(0), now + CLOSE_TIMEOUT);
    now += CLOSE_TIMEOUT - 1;
    assert_int_equal(tick(0), now + 1);
    now++;
    assert_int_equal(tick(0), 0);
    assert_true(lingering_is_done(&lingering));
}

/* What the kernel holds counts: each move puts the deadline off, and a slow one by more. */
static void test_a_slow_reader(void **unused)
{
    uint64_t unsent = 1000;
    begin(ANSWER);
    assert_int_equal(tick(unsent), now + CLOSE_TIMEOUT / 4);
    for (int i = 0; i < 10; i++) {
        now += CLOSE_TIMEOUT - 1000;
        assert_int_not_equal(tick(unsent -= 100), 0);
    }
    assert_int_equal(unsent, 0);
    unsent = 50;
    assert_int_not_equal(tick(unsent), 0);
    now += 8 * (CLOSE_TIMEOUT - 1000) - 1; /* eight times its longest step */
    assert_int_not_equal(tick(unsent), 0);
    now++;
    assert_int_equal(tick(unsent), 0);
    assert_true(lingering_is_done(&lingering));
}

static void test_a_reader_that_takes_nothing(void **unused)
{
    client.room = 3;
    begin(ANSWER);
    while (now < 1000 + CLOSE_TIMEOUT) {
        uint64_t next = tick(100);
        assert_in_range(next, now + 1, 1000 + CLOSE_TIMEOUT);
        now = next;
    }
    assert_int_equal(tick(100), 0);
    assert_true(lingering_is_done(&lingering));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_the_client_reads_and_finishes),
        TEST(test_input_is_dropped),
        TEST(test_without_bytes),
        TEST(test_a_client_that_has_finished_first),
        TEST(test_a_client_that_sends_without_end),
        TEST(test_a_client_that_is_gone),
        TEST(test_a_client_that_breaks),
        TEST(test_without_memory),
        TEST(test_a_client_that_stays),
        TEST(test_a_slow_reader),
        TEST(test_a_reader_that_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
