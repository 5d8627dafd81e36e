/*
 * Expectations and actions for tests of the bridge. A test program has one lab, `lab`, and one
 * scratch for it.
 *
 * Owns: nothing. Thread: one. Errors: the test fails. Lifetime: static.
 */
#ifndef WSLUICE_TESTS_LIB_BRIDGE_EXPECT_H
#define WSLUICE_TESTS_LIB_BRIDGE_EXPECT_H

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/bridge_lab.h"

static struct bridge_scratch scratch;
static struct lab lab;

static inline void expect_reason(enum reason reason)
{
    assert_string_equal(reason_row(lab.bridge.reason)->name, reason_row(reason)->name);
}

static inline void expect_target_got(const char *bytes)
{
    assert_int_equal(lab.target.out_length, strlen(bytes));
    assert_memory_equal(lab.target.out, bytes, strlen(bytes));
}

static inline void expect_client_got(const char *bytes)
{
    assert_int_equal(lab.view.payload, strlen(bytes));
    assert_memory_equal(lab.target.in, bytes, strlen(bytes));
}

static inline void expect_close(uint16_t code)
{
    lab_check(&lab);
    assert_true(lab.view.closed);
    assert_int_equal(lab.view.close_code, code);
}

static inline void expect_done(enum reason reason)
{
    lab_run(&lab);
    assert_true(bridge_is_done(&lab.bridge));
    assert_int_equal(bridge_want(&lab.bridge), 0);
    expect_reason(reason);
}

static inline void client_sends_eof(void)
{
    lab.client.in_end = io_status(IO_EOF);
}

static inline void target_sends_eof(void)
{
    lab.target.in_end = io_status(IO_EOF);
}

static inline void send_close(uint16_t code)
{
    uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    lab_frame(&lab, 0x88, payload, 2);
}

/* Ticks until the deadline at `at`; nothing moves before. */
static inline void expect_deadline(uint64_t at, uint64_t unsent)
{
    uint64_t next;
    while ((next = lab_tick(&lab, unsent)) != 0 && next < at)
        lab.now = next;
    assert_int_equal(next, at);
}

#endif
