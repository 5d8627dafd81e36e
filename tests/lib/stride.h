/*
 * For tests that repeat something costly for each byte or each allocation: which of them to take.
 *
 * Owns: nothing. Thread: any. Errors: the test fails.
 */
#ifndef WSLUICE_TESTS_LIB_STRIDE_H
#define WSLUICE_TESTS_LIB_STRIDE_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

/* Every one, or every WSLUICE_TEST_STRIDE-th if that is set, as tests/run.sh does under qemu. */
static inline size_t stride_of_tests(void)
{
    const char *text = getenv("WSLUICE_TEST_STRIDE");
    long stride = text ? strtol(text, NULL, 10) : 1;
    wsl_assert(stride > 0);
    if (stride > 1)
        printf("only every %ldth one is tested (WSLUICE_TEST_STRIDE)\n", stride);
    return (size_t)stride;
}

#endif
