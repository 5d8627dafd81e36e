/* Every key of the query, right and wrong. */
#include "core/status/status_query.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct status_query good(const char *query)
{
    struct status_query parsed;
    const char *problem = status_query_parse(slice_of(query), &parsed);
    if (problem)
        fail_msg("%s: %s", query, problem);
    return parsed;
}

static void test_defaults(void **unused)
{
    struct status_query parsed = good("");
    assert_int_equal(parsed.format, STATUS_FORMAT_ANY);
    assert_int_equal(parsed.sort, STATUS_SORT_age);
    assert_true(parsed.falling);
    assert_int_equal(parsed.limit, STATUS_QUERY_LIMIT);
    assert_string_equal(parsed.filter, "");
    assert_true(parsed.kill == 0);
    assert_false(good("sort=client").falling);
    assert_null(status_query_parse((struct slice){NULL, 0}, &parsed));
}

static void test_keys(void **unused)
{
    struct status_query parsed =
        good("format=json&filter=Desk+%5b::1%5D&sort=rate_down&order=asc&limit=7&width=80&x=1&&y");
    assert_int_equal(parsed.format, STATUS_FORMAT_JSON);
    assert_string_equal(parsed.filter, "desk [::1]");
    assert_int_equal(parsed.sort, STATUS_SORT_rate_down);
    assert_false(parsed.falling);
    assert_int_equal(parsed.limit, 7);
    assert_int_equal(parsed.width, 80);
    assert_true(good("kill=2-9").kill == session_id(0, 2, 9));
    assert_true(good("order=desc&sort=client").falling);
    assert_int_equal(good("limit=3&limit=4").limit, 4);
    assert_string_equal(good("filter=100%").filter, "100%");
    assert_string_equal(good("filter=%zz").filter, "%zz");
    assert_string_equal(good("filter=a&filter=").filter, "");
    for (int i = 0; i < STATUS_SORTS; i++) {
        char query[40];
        snprintf(query, sizeof(query), "sort=%s", status_query_sort_name((enum status_sort)i));
        assert_int_equal(good(query).sort, i);
    }
}

static void test_wrong(void **unused)
{
    static const char *const wrong[] = {
        "format=xml", "format=",    "sort=colour", "order=up",   "limit=0",
        "limit=1001", "limit=-1",   "limit=",      "width=1001", "kill=",
        "kill=17",    "filter=%00", "filter=%0a",  "x=%1b",
    };
    struct status_query parsed;
    for (size_t i = 0; i < WSL_COUNT(wrong); i++)
        assert_non_null(status_query_parse(slice_of(wrong[i]), &parsed));
    char longer[STATUS_QUERY_FILTER + 16] = "filter=";
    memset(longer + 7, 'a', STATUS_QUERY_FILTER);
    assert_non_null(status_query_parse(slice_of(longer), &parsed));
    longer[7 + STATUS_QUERY_FILTER - 1] = '\0';
    assert_int_equal(strlen(good(longer).filter), STATUS_QUERY_FILTER - 1);
}

static void test_matches(void **unused)
{
    assert_true(status_query_matches(SLICE("abc"), ""));
    assert_true(status_query_matches(SLICE(""), ""));
    assert_true(status_query_matches(SLICE("10.0.0.5:5900"), "0.5:"));
    assert_true(status_query_matches(SLICE("DESK"), "esk"));
    assert_false(status_query_matches(SLICE("desk"), "desks"));
    assert_false(status_query_matches(SLICE("desk"), "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_matches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
