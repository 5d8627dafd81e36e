/* Ciphertext that is kept between calls: in order, and without memory while empty. */
#include "net/tls/tls_buffer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static void append(struct tls_buffer *buffer, const char *text)
{
    assert_true(tls_buffer_append(buffer, (const uint8_t *)text, strlen(text)));
}

static void expect(const struct tls_buffer *buffer, const char *text)
{
    assert_int_equal(buffer->end - buffer->at, strlen(text));
    assert_memory_equal(buffer->bytes + buffer->at, text, strlen(text));
}

static void test_bytes_keep_their_order(void **unused)
{
    struct tls_buffer buffer = {0};
    assert_true(tls_buffer_is_empty(&buffer));
    append(&buffer, "one");
    append(&buffer, "two");
    expect(&buffer, "onetwo");
    buffer.at += 4; /* taken */
    append(&buffer, "three");
    expect(&buffer, "wothree");
    assert_int_equal(buffer.at, 0); /* what was taken costs no memory */
    buffer.at = buffer.end;
    assert_true(tls_buffer_is_empty(&buffer));
    tls_buffer_clear(&buffer);
    assert_null(buffer.bytes);
    assert_true(tls_buffer_is_empty(&buffer));
    tls_buffer_clear(&buffer);
}

static void test_without_memory_it_stays(void **unused)
{
    struct tls_buffer buffer = {0};
    append(&buffer, "kept");
    failing_alloc_arm(1);
    assert_false(tls_buffer_append(&buffer, (const uint8_t *)"lost", 4));
    assert_true(failing_alloc_disarm());
    expect(&buffer, "kept");
    tls_buffer_clear(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_keep_their_order),
        cmocka_unit_test(test_without_memory_it_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
