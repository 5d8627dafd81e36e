/*
 * Sends the log to a descriptor of the test, which replaces standard error meanwhile.
 *
 * Owns: a copy of standard error, from log_lab_to to log_lab_restore. Thread: one. Errors: fail the
 * test. Lifetime: see Owns; one include per program.
 */
#ifndef WSLUICE_TESTS_LIB_LOG_LAB_H
#define WSLUICE_TESTS_LIB_LOG_LAB_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log/log.h"

static int log_lab_stderr = -1;

static inline void log_lab_open(enum reason_level lowest)
{
    char error[256];
    const struct log_options options = {.lowest = lowest, .target = LOG_STDERR};
    assert_true(log_open(&options, error, sizeof(error)));
}

/* The caller keeps `fd`, and may close it. */
static inline void log_lab_to(int fd, enum reason_level lowest)
{
    if (log_lab_stderr < 0)
        log_lab_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    log_lab_open(lowest);
}

static inline void log_lab_restore(void)
{
    if (log_lab_stderr >= 0) {
        dup2(log_lab_stderr, STDERR_FILENO);
        close(log_lab_stderr);
        log_lab_stderr = -1;
    }
    log_lab_open(REASON_INFO);
}

#endif
