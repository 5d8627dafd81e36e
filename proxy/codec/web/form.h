/*
 * The body of a form, application/x-www-form-urlencoded, strict: a body that two programs could
 * read differently is refused.
 *
 * Pure. Owns: nothing. Thread: any. Errors: false. Lifetime: values lie in the caller's memory.
 */
#ifndef WSLUICE_CODEC_WEB_FORM_H
#define WSLUICE_CODEC_WEB_FORM_H

#include "codec/http/http_head.h"

/* More parameters are refused. Browsers and their extensions may add some. */
#define FORM_PARAMETERS_MAX 32

/* A parameter that is wanted, and where its value goes. */
struct form_field {
    struct slice name;
    char *out;       /* the caller's; NUL-terminated afterwards */
    size_t capacity; /* with the NUL */
    size_t length;
    bool found; /* false: `out` is "" */
};

/* Is the body of this request such a form, in UTF-8? */
bool form_is_sent(const struct http_head *head);

/*
 * Reads the fields that are wanted, and checks the rest. False: an escape without two digits, a
 * NUL, bytes that are no UTF-8, a wanted field that comes twice or does not fit, or too many
 * parameters. Then all values are wiped.
 */
WSL_MUST_CHECK bool form_read(struct slice body, struct form_field *fields, size_t count);

#endif
