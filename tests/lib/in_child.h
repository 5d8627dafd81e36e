/*
 * Runs a part of a test in a child: what it gives up for good, as a sandbox does, the test keeps.
 *
 * Owns: nothing. Thread: one. Errors: the test fails. Lifetime: none.
 */
#ifndef WSLUICE_TESTS_IN_CHILD_H
#define WSLUICE_TESTS_IN_CHILD_H

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child, instead of cmocka's assertions: says where, and ends the child. */
#define in_child_expect(condition)                                                                 \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static inline void in_child(void (*run)(void *argument), void *argument)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        run(argument);
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

#endif
