/* The scratch's BIO: OpenSSL reads what was received, and writes as much as there is room for. */
#include "net/tls/tls_scratch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

struct fixture {
    struct tls_scratch *scratch;
    BIO *bio;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->scratch = tls_scratch_create();
    assert_non_null(f->scratch);
    f->bio = f->scratch->bio;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    tls_scratch_free(f->scratch);
    free(f);
    return 0;
}

static void test_reading(void **state)
{
    struct fixture *f = *state;
    char bytes[8];
    size_t moved;
    assert_int_equal(BIO_read_ex(f->bio, bytes, sizeof(bytes), &moved), 0);
    assert_true(BIO_should_retry(f->bio) && BIO_should_read(f->bio));
    memcpy(f->scratch->in, "0123456789", 10);
    f->scratch->in_end = 10;
    assert_int_equal(BIO_read_ex(f->bio, bytes, 8, &moved), 1);
    assert_int_equal(moved, 8);
    assert_memory_equal(bytes, "01234567", 8);
    assert_int_equal(BIO_read_ex(f->bio, bytes, 8, &moved), 1);
    assert_int_equal(moved, 2);
    assert_int_equal(f->scratch->in_at, f->scratch->in_end);
    assert_int_equal(BIO_read_ex(f->bio, bytes, 8, &moved), 0);
    assert_true(BIO_should_retry(f->bio));
}

static void test_writing(void **state)
{
    struct fixture *f = *state;
    static char bytes[TLS_SCRATCH_OUT];
    size_t moved;
    assert_int_equal(BIO_write_ex(f->bio, "hello", 5, &moved), 1);
    assert_int_equal(moved, 5);
    assert_int_equal(BIO_flush(f->bio), 1);
    assert_int_equal(f->scratch->out_end, 5);
    assert_memory_equal(f->scratch->out, "hello", 5);
    /* What does not fit as a whole is refused, for good. */
    assert_int_equal(BIO_write_ex(f->bio, bytes, sizeof(bytes) - 4, &moved), 0);
    assert_false(BIO_should_retry(f->bio));
    assert_int_equal(f->scratch->out_end, 5);
    assert_int_equal(BIO_write_ex(f->bio, bytes, sizeof(bytes) - 5, &moved), 1);
    assert_int_equal(f->scratch->out_end, TLS_SCRATCH_OUT);
}

static void test_without_memory(void **unused)
{
    failing_alloc_arm(1);
    assert_null(tls_scratch_create());
    assert_true(failing_alloc_disarm());
    tls_scratch_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_writing, set_up, tear_down),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
