/*
 * Makes the n-th allocation fail. A test that includes this is linked with --wrap for the
 * four functions (see tests/unit/CMakeLists.txt), so that the code under test calls these.
 *
 * Owns: the counter. Thread: one. Errors: none. Lifetime: static; one include per program.
 */
#ifndef WSLUICE_TESTS_FAILING_ALLOC_H
#define WSLUICE_TESTS_FAILING_ALLOC_H

#include "base/base.h"

/* Called for each success; `old`: the block that realloc has moved, or 0. */
#ifndef FAILING_ALLOC_NOTE
#define FAILING_ALLOC_NOTE(old, memory, size) (memory)
#endif

static struct {
    unsigned calls, fail_call; /* 0: none fails */
} failing_alloc;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);

static inline bool failing_alloc_now(void)
{
    return failing_alloc.fail_call != 0 && ++failing_alloc.calls == failing_alloc.fail_call;
}

void *__wrap_malloc(size_t size)
{
    return failing_alloc_now() ? NULL : FAILING_ALLOC_NOTE(0, __real_malloc(size), size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return failing_alloc_now() ? NULL
                               : FAILING_ALLOC_NOTE(0, __real_calloc(count, size), count * size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return failing_alloc_now()
               ? NULL
               : FAILING_ALLOC_NOTE((uintptr_t)memory, __real_realloc(memory, size), size);
}

char *__wrap_strdup(const char *text)
{
    return failing_alloc_now() ? NULL
                               : FAILING_ALLOC_NOTE(0, __real_strdup(text), strlen(text) + 1);
}

/* The n-th request from now on fails. */
static inline void failing_alloc_arm(unsigned n)
{
    failing_alloc.calls = 0;
    failing_alloc.fail_call = n;
}

/* No request fails any more; true: one has failed. */
static inline bool failing_alloc_disarm(void)
{
    bool failed = failing_alloc.calls >= failing_alloc.fail_call;
    failing_alloc.fail_call = 0;
    return failed;
}

#endif
