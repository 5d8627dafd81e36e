/*
 * What every layer shares: slices, must-check, assertions, minima, intrusive lists.
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_BASE_BASE_H
#define WSLUICE_BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WSL_MUST_CHECK                   __attribute__((warn_unused_result))
#define WSL_PRINTF(fmt, args)            __attribute__((format(printf, fmt, args)))
#define WSL_LIKELY(x)                    __builtin_expect(!!(x), 1)
#define WSL_UNLIKELY(x)                  __builtin_expect(!!(x), 0)
#define WSL_COUNT(array)                 (sizeof(array) / sizeof((array)[0]))
#define WSL_CONTAINER(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define WSL_CONST_CONTAINER(ptr, type, member)                                                     \
    ((const type *)((const char *)(ptr)-offsetof(type, member)))

/*
 * For our own bugs only, as a failure ends the process for all sessions. Stays on in release. What
 * a peer chooses (bytes, and their number, length and order) never decides the condition: that is
 * checked with `if`, and answered with a reason. tests/check/ASSERTIONS lists each one and what
 * decides it.
 */
#define wsl_assert(condition)                                                                      \
    do {                                                                                           \
        if (WSL_UNLIKELY(!(condition))) {                                                          \
            fprintf(stderr, "wsluice: %s:%d: assertion failed: %s\n", __FILE__, __LINE__,          \
                    #condition);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The smaller one; `a` may exceed a size_t. */
static inline size_t size_min(uint64_t a, size_t b)
{
    return a < b ? (size_t)a : b;
}

/* For an interface that only reads but lacks const, and for memory to be wiped or freed. */
static inline void *without_const(const void *pointer)
{
    union {
        const void *read_only;
        void *writable;
    } alias = {.read_only = pointer};
    return alias.writable;
}

/* Borrowed bytes, valid as long as their owner says. Never NUL-terminated. */
struct slice {
    const char *ptr;
    size_t len;
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

static inline struct slice slice_of(const char *text)
{
    return (struct slice){text, text ? strlen(text) : 0};
}

/* Without its first `start` bytes. An empty slice may have no pointer, to which C adds nothing. */
static inline struct slice slice_from(struct slice text, size_t start)
{
    return (struct slice){start ? text.ptr + start : text.ptr, text.len - start};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Cuts off what is in front of `mark`, and the mark. False: it is not there. */
static inline bool slice_cut_to(struct slice *text, char mark, struct slice *part)
{
    const char *found = text->len > 0 ? memchr(text->ptr, mark, text->len) : NULL;
    if (!found)
        return false;
    *part = (struct slice){text->ptr, (size_t)(found - text->ptr)};
    *text = slice_from(*text, part->len + 1);
    return true;
}

/* Cuts `prefix` off the beginning of *text; false: *text begins otherwise and stays as it is. */
static inline bool slice_cut_prefix(struct slice *text, struct slice prefix)
{
    if (text->len < prefix.len || !slice_equal((struct slice){text->ptr, prefix.len}, prefix))
        return false;
    *text = slice_from(*text, prefix.len);
    return true;
}

/* NUL-terminated texts, each of which may be NULL; NULL equals NULL alone. */
static inline bool string_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* malloc'd, with a NUL behind it. NULL: out of memory. */
static inline char *slice_copy(struct slice text)
{
    char *copy = malloc(text.len + 1);
    if (!copy)
        return NULL;
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

static inline char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* ASCII only, as HTTP field names and tokens are; no locale. */
static inline bool slice_equal_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
            return false;
    return true;
}

/* A circular list through its members; the head is a link of its own. */
struct list {
    struct list *next, *prev;
};

static inline void list_init(struct list *head)
{
    head->next = head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_append(struct list *head, struct list *item)
{
    item->prev = head->prev;
    item->next = head;
    head->prev->next = item;
    head->prev = item;
}

static inline void list_remove(struct list *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    list_init(item);
}

#endif
