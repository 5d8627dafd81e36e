/*
 * A request's head from its text, or from its field lines.
 *
 * Owns: nothing; the head borrows the caller's text. Thread: one. Errors: the test fails. Lifetime:
 * that of the text.
 */
#ifndef WSLUICE_TESTS_LIB_HEAD_OF_H
#define WSLUICE_TESTS_LIB_HEAD_OF_H

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "codec/http/http_head.h"

#define HEAD_OF_TEXT 16384

/* `text`: the whole head. */
static inline struct http_head head_of_text(const char *text)
{
    static const struct http_limits limits = {16384, 8192, HTTP_FIELDS_MAX};
    struct http_head head;
    struct http_scan scan = {0};
    enum reason bad;
    size_t consumed;
    assert_int_equal(http_head_parse(&head, text, strlen(text), &limits, &scan, &consumed, &bad),
                     HTTP_HEAD);
    return head;
}

/* `target` "/?a=b"; `fields` "A: b\r\n". */
static inline struct http_head head_of(const char *target, const char *fields,
                                       char text[static HEAD_OF_TEXT])
{
    snprintf(text, HEAD_OF_TEXT, "GET %s HTTP/1.1\r\nHost: h\r\n%s\r\n", target, fields);
    return head_of_text(text);
}

#endif
