#include "core/bridge/pipe.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/bridge/bridge_check.h"
#include "lib/failing_alloc.h"
#include "lib/fake_duct.h"

#define BYTES "0123456789"

static struct fake sink;
static struct pipe pipe_;

static int set_up(void **unused)
{
    fake_init(&sink, 0, 1 << 20);
    pipe_ = (struct pipe){.state = PIPE_FLOWING, .sink = &sink.transport};
    return 0;
}

static int tear_down(void **unused)
{
    failing_alloc_arm(0);
    assert_null(bridge_check_pipe(&pipe_));
    pipe_free(&pipe_);
    fake_free(&sink);
    return 0;
}

static void expect_out(const char *bytes)
{
    assert_int_equal(sink.out_length, strlen(bytes));
    assert_memory_equal(sink.out, bytes, sink.out_length);
}

static void send_all(const char *bytes)
{
    assert_int_equal(pipe_send(&pipe_, (const uint8_t *)bytes, strlen(bytes)).status, IO_OK);
}

static void test_no_memory_while_bytes_flow(void **unused)
{
    send_all(BYTES);
    assert_null(pipe_.carry);
    assert_false(pipe_wants_sink(&pipe_));
    assert_true(pipe_wants_source(&pipe_));
    expect_out(BYTES);
}

static void test_carry(void **unused)
{
    sink.room = 4;
    send_all(BYTES);
    expect_out("0123");
    assert_int_equal(pipe_.carry_length, 6);
    assert_true(pipe_wants_sink(&pipe_));
    assert_false(pipe_wants_source(&pipe_));

    sink.room = 0; /* writable, but no room: nothing changes */
    assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
    assert_true(pipe_.blocked);
    sink.room = 5;
    assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
    assert_true(pipe_.blocked);
    expect_out("012345678");
    sink.room = FAKE_NO_LIMIT;
    assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
    assert_false(pipe_.blocked);
    assert_null(pipe_.carry);
    expect_out(BYTES);
}

static void test_blocked_sink(void **unused)
{
    sink.room = 0;
    send_all(BYTES);
    assert_int_equal(pipe_.carry_length, 10);
    sink.room = FAKE_NO_LIMIT;
    assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
    expect_out(BYTES);
}

/* TLS takes all bytes and may keep them inside: blocked without a carry. */
static void test_sealed_sink(void **unused)
{
    sink.sealed = true;
    sink.room = 3;
    send_all(BYTES);
    assert_null(pipe_.carry);
    assert_true(pipe_.blocked);
    sink.room = 4;
    assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
    assert_true(pipe_.blocked);
    sink.room = FAKE_NO_LIMIT;
    assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
    assert_false(pipe_.blocked);
    expect_out(BYTES);
}

static void test_sealed_sink_with_carry(void **unused)
{
    sink.sealed = true;
    sink.room = 0;
    sink.inside = 2; /* of an earlier write */
    send_all(BYTES);
    assert_int_equal(pipe_.carry_length, 10);
    sink.room = 2; /* sends what is inside, then takes the carry inside */
    assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
    assert_null(pipe_.carry);
    assert_true(pipe_.blocked);
    sink.room = 10;
    assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
    assert_false(pipe_.blocked);
}

static void test_shutdown_waits_for_the_sink(void **unused)
{
    sink.shutdowns_wanting = 1;
    pipe_.state = PIPE_ENDING;
    assert_int_equal(pipe_shutdown(&pipe_).status, IO_OK);
    assert_true(pipe_.blocked);
    assert_false(pipe_is_finished(&pipe_));
    assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
    assert_int_equal(pipe_shutdown(&pipe_).status, IO_OK);
    assert_int_equal(pipe_.state, PIPE_SHUT);
    assert_true(pipe_is_finished(&pipe_));
}

/* Each call of the sink fails once, in a sequence with a carry. */
static void test_every_failure_breaks(void **unused)
{
    for (int sealed = 0; sealed < 2; sealed++)
        for (unsigned n = 1; n <= 4; n++) {
            tear_down(NULL);
            set_up(NULL);
            sink.sealed = sealed;
            sink.room = 4;
            sink.fail_call = n;
            struct io io = pipe_send(&pipe_, (const uint8_t *)BYTES, 10);
            sink.room = FAKE_NO_LIMIT;
            if (io.status == IO_OK)
                io = pipe_resume(&pipe_);
            pipe_.state = io.status == IO_OK ? PIPE_ENDING : pipe_.state;
            if (io.status == IO_OK)
                io = pipe_shutdown(&pipe_);
            bool reached = n <= (sealed ? 3 : 4);
            assert_int_equal(io.status, reached ? IO_FAIL : IO_OK);
            assert_int_equal(pipe_.state, reached ? PIPE_BROKEN : PIPE_SHUT);
            assert_null(pipe_.carry);
            assert_false(pipe_.blocked);
            assert_true(pipe_wants_source(&pipe_)); /* to be dropped */
        }
}

static void test_without_memory_for_the_carry(void **unused)
{
    sink.room = 4;
    failing_alloc_arm(1);
    struct io io = pipe_send(&pipe_, (const uint8_t *)BYTES, 10);
    assert_true(failing_alloc_disarm());
    assert_int_equal(io.status, IO_FAIL);
    assert_int_equal(io.reason, REASON_out_of_memory);
    assert_int_equal(pipe_.state, PIPE_BROKEN);
}

static void append(const char *bytes)
{
    assert_int_equal(pipe_append(&pipe_, (const uint8_t *)bytes, strlen(bytes)).status, IO_OK);
    assert_null(bridge_check_pipe(&pipe_));
}

static void test_append_to_a_carry(void **unused)
{
    sink.room = 4;
    send_all(BYTES);
    append("abc");
    assert_int_equal(pipe_.carry_length, 9);
    sink.room = 2; /* a part of the old bytes is gone */
    assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
    append("def");
    assert_int_equal(pipe_.carry_length - pipe_.carry_at, 10);
    expect_out("012345");
    sink.room = FAKE_NO_LIMIT;
    assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
    assert_false(pipe_.blocked);
    expect_out(BYTES "abcdef");
}

/* TLS is blocked by what it holds inside. */
static void test_append_without_a_carry(void **unused)
{
    sink.sealed = true;
    sink.room = 3;
    send_all(BYTES);
    assert_null(pipe_.carry);
    append("abc");
    assert_int_equal(pipe_.carry_length, 3);
    sink.room = 7;
    assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
    sink.room = FAKE_NO_LIMIT;
    assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
    expect_out(BYTES "abc");
}

static void test_append_without_memory(void **unused)
{
    sink.room = 4;
    send_all(BYTES);
    failing_alloc_arm(1);
    struct io io = pipe_append(&pipe_, (const uint8_t *)BYTES, 10);
    assert_true(failing_alloc_disarm());
    assert_int_equal(io.status, IO_FAIL);
    assert_int_equal(io.reason, REASON_out_of_memory);
    assert_int_equal(pipe_.state, PIPE_BROKEN);
    assert_null(pipe_.carry);
}

static void test_wants_in_each_state(void **unused)
{
    static const struct {
        enum pipe_state state;
        bool blocked, source;
    } rows[] = {
        {PIPE_WAITING, false, false}, {PIPE_FLOWING, false, true}, {PIPE_FLOWING, true, false},
        {PIPE_ENDING, false, true},   {PIPE_ENDING, true, true},   {PIPE_SHUT, false, true},
        {PIPE_BROKEN, false, true},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct pipe pipe = {.state = (uint8_t)rows[i].state, .blocked = rows[i].blocked};
        assert_int_equal(pipe_wants_source(&pipe), rows[i].source);
        assert_int_equal(pipe_wants_sink(&pipe), rows[i].blocked);
    }
}

/* ---- ducts ---- */

static struct fake_ducts ducts;

/* A duct that holds these bytes, and a sink that takes ducts. */
static struct duct *duct_with(const char *bytes)
{
    static struct fake source;
    fake_init(&source, 100, 0);
    fake_use_ducts(&source);
    fake_use_ducts(&sink);
    fake_ducts_init(&ducts, 1);
    fake_send(&source, bytes, strlen(bytes));
    struct duct *duct = duct_take(&ducts.ducts);
    assert_int_equal(transport_fill(&source.transport, duct, TRANSPORT_READ_MIN).status, IO_OK);
    fake_free(&source);
    return duct;
}

static struct io send_duct(struct duct *duct)
{
    return pipe_send_duct(&pipe_, (const uint8_t *)"head", 4, duct);
}

static void test_a_duct_that_is_taken_at_once(void **unused)
{
    struct io io = send_duct(duct_with(BYTES));
    assert_int_equal(io.status, IO_OK);
    assert_int_equal(io.n, 14);
    assert_false(pipe_.blocked);
    assert_null(pipe_.duct);
    assert_int_equal(ducts.taken, 0);
    expect_out("head" BYTES);
}

/* The sink stops at every byte, with and without bytes that are added meanwhile. */
static void test_a_duct_is_cut_everywhere(void **unused)
{
    for (size_t room = 0; room < 14; room++)
        for (int adds = 0; adds < 3; adds++) {
            sink.room = room;
            sink.no_pour = adds == 2 && room > 4;
            assert_int_equal(send_duct(duct_with(BYTES)).status, IO_OK);
            assert_true(pipe_.blocked);
            assert_null(bridge_check_pipe(&pipe_));
            assert_int_equal(pipe_carried(&pipe_), sink.no_pour ? 10 : 14 - room);
            if (adds == 1)
                assert_int_equal(pipe_append(&pipe_, (const uint8_t *)"more", 4).status, IO_OK);
            while (pipe_.blocked) {
                sink.room = 1;
                assert_int_equal(pipe_resume(&pipe_).status, IO_OK);
                assert_null(bridge_check_pipe(&pipe_));
            }
            expect_out(adds == 1 ? "head" BYTES "more" : "head" BYTES);
            assert_int_equal(ducts.taken, 0);
            sink.out_length = 0;
        }
}

static void test_a_duct_whose_sink_fails(void **unused)
{
    for (unsigned call = 1; call <= 2; call++) {
        pipe_ = (struct pipe){.state = PIPE_FLOWING, .sink = &sink.transport};
        struct duct *duct = duct_with(BYTES);
        sink.out_failed = false;
        sink.fail_call = sink.calls + call;
        assert_int_equal(send_duct(duct).status, IO_FAIL);
        assert_int_equal(pipe_.state, PIPE_BROKEN);
        assert_int_equal(ducts.taken, 0);
    }
}

static void test_a_broken_pipe_gives_its_duct_back(void **unused)
{
    sink.room = 7;
    assert_int_equal(send_duct(duct_with(BYTES)).status, IO_OK);
    assert_int_equal(ducts.taken, 1);
    pipe_break(&pipe_);
    assert_int_equal(ducts.taken, 0);
}

/* Bytes are to follow it, and there is no memory, or the kernel does not give them back. */
static void test_a_duct_that_cannot_be_emptied(void **unused)
{
    for (int way = 0; way < 2; way++) {
        pipe_ = (struct pipe){.state = PIPE_FLOWING, .sink = &sink.transport};
        sink.room = 7;
        assert_int_equal(send_duct(duct_with(BYTES)).status, IO_OK);
        ducts.broken = way == 0;
        failing_alloc_arm(way == 0 ? 0 : 1);
        struct io io = pipe_append(&pipe_, (const uint8_t *)"more", 4);
        failing_alloc_arm(0);
        assert_int_equal(io.status, IO_FAIL);
        assert_int_equal(io.reason, REASON_out_of_memory);
        assert_int_equal(ducts.taken, 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_no_memory_while_bytes_flow),
        TEST(test_carry),
        TEST(test_blocked_sink),
        TEST(test_sealed_sink),
        TEST(test_sealed_sink_with_carry),
        TEST(test_shutdown_waits_for_the_sink),
        TEST(test_every_failure_breaks),
        TEST(test_without_memory_for_the_carry),
        TEST(test_append_to_a_carry),
        TEST(test_append_without_a_carry),
        TEST(test_append_without_memory),
        TEST(test_wants_in_each_state),
        TEST(test_a_duct_that_is_taken_at_once),
        TEST(test_a_duct_is_cut_everywhere),
        TEST(test_a_duct_whose_sink_fails),
        TEST(test_a_broken_pipe_gives_its_duct_back),
        TEST(test_a_duct_that_cannot_be_emptied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
