#include "core/tokens/redis_request.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#if WSLUICE_HIREDIS

/* Into memory of exactly that size, so that a sanitizer reports a write behind it. */
static size_t format(const struct slice *words, size_t count, size_t room, const char *wanted)
{
    char *out = malloc(room + 1);
    assert_non_null(out);
    size_t length = redis_request_format(words, count, out + 1, room);
    if (length > 0) {
        assert_int_equal(length, strlen(wanted));
        assert_memory_equal(out + 1, wanted, length);
    }
    free(out);
    return length;
}

static void test_formats_any_bytes(void **state)
{
    const struct slice get[] = {SLICE("GET"), SLICE("desk:a\r\n*1 \"'")};
    const struct slice empty[] = {SLICE("AUTH"), SLICE("user"), {NULL, 0}};
    const char *wanted = "*2\r\n$3\r\nGET\r\n$13\r\ndesk:a\r\n*1 \"'\r\n";
    assert_true(format(get, 2, 200, wanted) > 0);
    assert_true(format(empty, 3, 200, "*3\r\n$4\r\nAUTH\r\n$4\r\nuser\r\n$0\r\n\r\n") > 0);
    const struct slice zero[] = {SLICE("GET"), {"a\0b", 3}};
    char out[64];
    assert_int_equal(redis_request_format(zero, 2, out, sizeof(out)), 22);
    assert_memory_equal(out, "*2\r\n$3\r\nGET\r\n$3\r\na\0b\r\n", 22);
}

static void test_writes_all_or_nothing(void **state)
{
    const struct slice ping[] = {SLICE("PING")};
    const char *wanted = "*1\r\n$4\r\nPING\r\n";
    for (size_t room = 0; room < 20; room++)
        assert_int_equal(format(ping, 1, room, wanted), room < strlen(wanted) ? 0 : strlen(wanted));
}

static void test_framing_is_enough(void **state)
{
    char token[4096], out[sizeof(token) + 3 + REDIS_REQUEST_FRAMING];
    memset(token, 'x', sizeof(token));
    const struct slice get[] = {SLICE("GET"), {token, sizeof(token)}};
    assert_true(redis_request_format(get, 2, out, sizeof(out)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats_any_bytes),
        cmocka_unit_test(test_writes_all_or_nothing),
        cmocka_unit_test(test_framing_is_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 0;
}

#endif
