#include "net/http/http_origins.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static const struct config_place place = {0};

/* By the option, not by its text: each has its own CA. */
static void test_finds(void **state)
{
    static const char one[] = "http://a/", other[] = "http://b/", third[] = "http://c/";
    char error[256];
    struct http_origins *origins = http_origins_create();
    assert_non_null(origins);
    assert_true(http_origins_add(origins, one, NULL, &place, NULL, error, sizeof(error)));
    assert_true(http_origins_add(origins, other, NULL, &place, NULL, error, sizeof(error)));
    assert_string_equal(http_origins_find(origins, one)->host, "a");
    assert_string_equal(http_origins_find(origins, other)->host, "b");
    assert_null(http_origins_find(origins, third));
    assert_null(http_origins_find(origins, NULL));
    assert_false(http_origins_add(origins, "x", NULL, &place, NULL, error, sizeof(error)));
    assert_non_null(strstr(error, "x: must be"));
    failing_alloc_arm(1);
    assert_false(http_origins_add(origins, third, NULL, &place, NULL, error, sizeof(error)));
    assert_true(failing_alloc_disarm());
    http_origins_free(origins);
    http_origins_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
