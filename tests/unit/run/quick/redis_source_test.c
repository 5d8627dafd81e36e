#include "run/quick/redis_source.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_source(const char *source, const char *url, const char *prefix)
{
    struct text value = {0};
    assert_null(redis_source_url(source, &value));
    text_add_byte(&value, '\0');
    assert_string_equal(value.bytes, url);
    text_free(&value);
    assert_null(redis_source_prefix(source, &value));
    text_add_byte(&value, '\0');
    assert_string_equal(value.bytes, prefix);
    text_free(&value);
}

static void test_fields(void **state)
{
    assert_source("host", "redis://host/", "");
    assert_source("host:7000", "redis://host:7000/", "");
    assert_source("host:7000:3", "redis://host:7000/3", "");
    assert_source("host:7000:3:pass", "redis://:pass@host:7000/3", "");
    assert_source("host:7000:3:pass:desks", "redis://:pass@host:7000/3", "desks:");
    assert_source("host:::pass", "redis://:pass@host/", "");
    assert_source("host::::desks", "redis://host/", "desks:");
    assert_source("host::2::", "redis://host/2", "");
    assert_source("host:", "redis://host/", "");
}

static void test_quoted_fields(void **state)
{
    assert_source("host::::\"first:second\"", "redis://host/", "first:second:");
    assert_source("host:::\"a:b\":desks", "redis://:a%3Ab@host/", "desks:");
    assert_source("\"::1\":7000", "redis://[::1]:7000/", "");
    assert_source("host:\"\":\"\":\"\":\"\"", "redis://host/", "");
    assert_source("host:::p@/%\xc3", "redis://:p%40%2F%25%C3@host/", "");
}

static void test_mistakes(void **state)
{
    static const char *const wrong[] = {"",       ":7000",     "\"\"",     "host:1:2:3:4:5",
                                        "\"host", "\"host\"x", "host:\"1", "h:1:2:\"3\"4"};
    for (size_t i = 0; i < WSL_COUNT(wrong); i++) {
        struct text value = {0};
        if (!redis_source_url(wrong[i], &value) || !redis_source_prefix(wrong[i], &value))
            fail_msg("accepted: %s", wrong[i]);
        text_free(&value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_quoted_fields),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
