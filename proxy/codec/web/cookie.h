/*
 * Cookies, RFC 6265: those of a request, and the field that sets one.
 *
 * Pure. Owns: nothing. Thread: any. Errors: false, or 0. Lifetime: slices borrow the head.
 */
#ifndef WSLUICE_CODEC_WEB_COOKIE_H
#define WSLUICE_CODEC_WEB_COOKIE_H

#include "codec/http/http_head.h"

/* The cookies of a request; cookie_begin is the state before the first one. */
struct cookie_cursor {
    const struct http_head *head;
    unsigned field;    /* of the head: the next one to look at */
    struct slice rest; /* of the field before it */
};

static inline struct cookie_cursor cookie_begin(const struct http_head *head)
{
    return (struct cookie_cursor){.head = head};
}

/*
 * The next cookie of that name (in that case), without the quotes around its value; false: there is
 * none. A browser sends several if they differ in path or domain, the longest path first. A proxy
 * that speaks HTTP/2 may split them into several fields.
 */
WSL_MUST_CHECK bool cookie_next(struct cookie_cursor *cursor, struct slice name,
                                struct slice *value);

/* The first cookie of that name; ptr NULL: none. */
struct slice cookie_find(const struct http_head *head, struct slice name);

/* The longest Max-Age: browsers keep no cookie for more than 400 days. */
#define COOKIE_AGE_MAX (400L * 24 * 3600)

#define COOKIE_SESSION (-1) /* the cookie lasts until the browser ends */
#define COOKIE_DELETE  0

/* A cookie that scripts cannot read, and that requests from other sites do not carry. */
struct cookie {
    struct slice name, value, path;
    long max_age; /* seconds, COOKIE_SESSION or COOKIE_DELETE */
    bool secure;  /* for TLS only */
};

/*
 * The value of its Set-Cookie field, with HttpOnly and SameSite=Lax. Returns the length, and puts a
 * NUL behind it. 0: it does not fit, or name, value or path have a character that a cookie cannot
 * have.
 */
WSL_MUST_CHECK size_t cookie_print(char *out, size_t capacity, const struct cookie *cookie);

/* A cookie's value may have this character: RFC 6265 section 4.1.1. */
bool cookie_is_value(char c);

#endif
