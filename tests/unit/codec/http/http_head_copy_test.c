/* A head that outlives the buffer it was read from. */
#include "codec/http/http_head.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static const struct http_limits limits = {16384, 8192, HTTP_FIELDS_MAX};

static void parse(struct http_head *head, const char *bytes)
{
    size_t consumed;
    enum reason bad;
    assert_int_equal(http_head_parse(head, bytes, strlen(bytes), &limits, &(struct http_scan){0},
                                     &consumed, &bad),
                     HTTP_HEAD);
}

static void expect_same(const struct http_head *a, const struct http_head *b)
{
    assert_true(slice_equal(a->method, b->method));
    assert_true(slice_equal(a->target, b->target));
    assert_true(slice_equal(a->host, b->host));
    assert_true(slice_equal(a->path, b->path));
    assert_true(slice_equal(a->query, b->query));
    assert_int_equal(a->host.ptr == NULL, b->host.ptr == NULL);
    assert_int_equal(a->path.ptr == NULL, b->path.ptr == NULL);
    assert_int_equal(a->query.ptr == NULL, b->query.ptr == NULL);
    assert_int_equal(a->field_count, b->field_count);
    for (unsigned i = 0; i < a->field_count; i++) {
        assert_true(slice_equal(a->fields[i].name, b->fields[i].name));
        assert_true(slice_equal(a->fields[i].value, b->fields[i].value));
    }
}

/* The copy has its own bytes, except for the "/" that the parser added. */
static void test_outlives_the_buffer(void **unused)
{
    static const char *const texts[] = {
        "GET /a/b?c=d HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nIf-None-Match: \"x\"\r\n\r\n",
        "GET http://desk.example HTTP/1.1\r\nHost: desk.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-Empty:\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
    };
    for (size_t i = 0; i < WSL_COUNT(texts); i++) {
        struct http_head read, again;
        char *bytes = slice_copy(slice_of(texts[i]));
        assert_non_null(bytes);
        parse(&read, bytes);
        struct http_head *copy = http_head_copy(&read);
        assert_non_null(copy);
        free(bytes);
        parse(&again, texts[i]);
        expect_same(copy, &again);
        http_head_free(copy);
    }
}

static void test_without_memory(void **unused)
{
    struct http_head head;
    parse(&head, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    failing_alloc_arm(1);
    struct http_head *copy = http_head_copy(&head);
    assert_true(failing_alloc_disarm());
    assert_null(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outlives_the_buffer),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
