/*
 * Secrets: tokens, passwords, requests that hold them. Compared without saying by the time it takes
 * where they differ, and wiped before their memory is free.
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_BASE_TEXT_SECRET_H
#define WSLUICE_BASE_TEXT_SECRET_H

#include "base/base.h"

/* The time depends on the lengths alone, which are no secret. */
static inline bool secret_is_same(struct slice a, struct slice b)
{
    /* volatile: a compiler could leave the loop once the result is known. */
    volatile unsigned char difference = 0;
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        difference |= (unsigned char)(a.ptr[i] ^ b.ptr[i]);
    return difference == 0;
}

/* As free, of a block of which `size` bytes were used. */
static inline void secret_free(void *memory, size_t size)
{
    if (memory)
        explicit_bzero(memory, size);
    free(memory);
}

static inline void secret_free_text(char *text)
{
    secret_free(text, text ? strlen(text) : 0);
}

#endif
