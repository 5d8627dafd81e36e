#include "codec/http/http_accept.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int weight(const char *value, const char *item)
{
    struct http_head head = {.field_count = 1};
    char *copy = malloc(strlen(value) + 1);
    assert_non_null(copy);
    memcpy(copy, value, strlen(value));
    head.fields[0] = (struct http_field){SLICE("Accept-Encoding"), {copy, strlen(value)}};
    int found = http_accept_weight(&head, SLICE("accept-encoding"), slice_of(item));
    free(copy);
    return found;
}

static void test_weights_of_listed_items(void **state)
{
    assert_int_equal(weight("gzip, deflate, br", "br"), 1000);
    assert_int_equal(weight("gzip;q=0.5, br;q=1", "gzip"), 500);
    assert_int_equal(weight("gzip ; Q=0.123 ,br", "gzip"), 123);
    assert_int_equal(weight("GZIP;q=0", "gzip"), 0);
    assert_int_equal(weight("gzip;q=0.000", "gzip"), 0);
    assert_int_equal(weight("gzip;q=1.000", "gzip"), 1000);
    assert_int_equal(weight("gzip;q=0.", "gzip"), 0);
    assert_int_equal(weight("*;q=0.1", "*"), 100);
    assert_int_equal(weight("text/html,application/xml;q=0.9,*/*;q=0.8", "*/*"), 800);
}

static void test_unlisted_or_malformed_items(void **state)
{
    static const char *const values[] = {
        "",
        "br",
        "gzipped",
        "gz ip",
        "gzip;q=2",
        "gzip;q=1.1",
        "gzip;q=0.1234",
        "gzip;q=",
        "gzip;q=-1",
        "gzip;q",
        "gzip;x=1",
        "gzip;level=1;q=0.5",
        "gzip;q=0,5a",
        "gzip;",
        ";gzip",
        "gzip;q=1.0001",
        "gzip;q= 0.5",
        "gzip;q=.5",
    };
    for (size_t i = 0; i < WSL_COUNT(values); i++) {
        int found = weight(values[i], "gzip");
        bool list = strcmp(values[i], "gzip;q=0,5a") == 0; /* a comma ends the element */
        if (found != (list ? 0 : HTTP_ACCEPT_NOT_LISTED))
            fail_msg("%s weighs %d", values[i], found);
    }
}

static void test_several_fields(void **state)
{
    struct http_head head = {
        .field_count = 3,
        .fields = {{SLICE("Accept-Encoding"), SLICE("gzip;q=0.2")},
                   {SLICE("Accept"), SLICE("identity")},
                   {SLICE("accept-encoding"), SLICE("br")}},
    };
    struct slice name = SLICE("Accept-Encoding");
    assert_int_equal(http_accept_weight(&head, name, SLICE("gzip")), 200);
    assert_int_equal(http_accept_weight(&head, name, SLICE("br")), 1000);
    assert_int_equal(http_accept_weight(&head, name, SLICE("identity")), HTTP_ACCEPT_NOT_LISTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_of_listed_items),
        cmocka_unit_test(test_unlisted_or_malformed_items),
        cmocka_unit_test(test_several_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
