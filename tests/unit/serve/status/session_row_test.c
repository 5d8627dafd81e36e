/* Rows by themselves: the words for states and stalls, the filter, the order, copies. */
#include "serve/status/session_row.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "core/session/life.h"
#include "lib/failing_alloc.h"
#include "serve/session/session_priv.h"

static const struct session_row desk = {
    .id = ((uint64_t)2 << 48) + 17,
    .age_ms = 9,
    .ping_ms = 3,
    .state = LIFE_OPEN,
    .client = "10.0.0.7:4711",
    .listener = ":443",
    .route = "desk",
    .user = "Ada",
    .target = "10.1.1.1:5900",
};

static void test_words(void **unused)
{
    static const char *const sides[] = {"client", "target", "both"};
    struct session_row row = desk;
    assert_null(session_row_stalled(&row));
    for (uint8_t i = 1; i <= 3; i++) {
        row.stalled = i;
        assert_string_equal(session_row_stalled(&row), sides[i - 1]);
    }
    assert_string_equal(session_row_state(&row), "open");
    row.state = LIFE_CLOSING;
    assert_string_equal(session_row_state(&row), "closing");
}

static void test_listed(void **unused)
{
    static const uint8_t listed[] = {LIFE_DIALLING, LIFE_UPGRADED, LIFE_OPEN};
    static const uint8_t others[] = {LIFE_PREFACE, LIFE_TLS, LIFE_HEAD, LIFE_LOOKING_UP};
    struct session session = {0};
    for (size_t i = 0; i < WSL_COUNT(listed); i++) {
        session.state = listed[i];
        assert_true(session_row_is_listed(&session));
    }
    for (size_t i = 0; i < WSL_COUNT(others); i++) {
        session.state = others[i];
        assert_false(session_row_is_listed(&session));
    }
    session.state = LIFE_CLOSING;
    assert_false(session_row_is_listed(&session));
    session.opened = true;
    assert_true(session_row_is_listed(&session));
}

static void test_filter(void **unused)
{
    assert_true(session_row_matches(&desk, ""));
    assert_true(session_row_matches(&desk, "2-17"));
    assert_true(session_row_matches(&desk, "ada"));
    assert_true(session_row_matches(&desk, "desk"));
    assert_true(session_row_matches(&desk, ":5900"));
    assert_true(session_row_matches(&desk, ":443"));
    assert_false(session_row_matches(&desk, "eve"));
}

static void test_order(void **unused)
{
    struct session_row younger = desk;
    struct status_query query = {.sort = STATUS_SORT_ping};
    younger.id++;
    assert_true(session_row_compare(&query, &desk, &younger) < 0);
    query.falling = true; /* equal rows: still the oldest first */
    assert_true(session_row_compare(&query, &desk, &younger) < 0);
    younger.ping_ms = 4;
    assert_true(session_row_compare(&query, &desk, &younger) > 0);
    younger.ping_ms = SESSION_ROW_NEVER; /* less than any */
    assert_true(session_row_compare(&query, &desk, &younger) < 0);
    query = (struct status_query){.sort = STATUS_SORT_input};
    younger.input_ms = desk.input_ms + 1;
    assert_true(session_row_compare(&query, &desk, &younger) < 0);
    younger.input_ms = SESSION_ROW_NEVER; /* a process of an older version does not say it */
    assert_true(session_row_compare(&query, &desk, &younger) > 0);
    query = (struct status_query){.sort = STATUS_SORT_user};
    younger.user = NULL; /* as "" */
    assert_true(session_row_compare(&query, &desk, &younger) > 0);
}

static void test_copy(void **unused)
{
    char name[] = "desk";
    struct session_row row = desk;
    row.route = name;
    struct session_row *copy = session_row_copy(&row);
    assert_non_null(copy);
    name[0] = 'x';
    assert_string_equal(copy->route, "desk");
    assert_string_equal(copy->client, desk.client);
    assert_string_equal(copy->target, desk.target);
    assert_null(copy->proxy);
    assert_null(copy->tls);
    assert_int_equal(copy->id, desk.id);
    free(copy);
    failing_alloc_arm(1);
    assert_null(session_row_copy(&row));
    assert_true(failing_alloc_disarm());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words), cmocka_unit_test(test_listed), cmocka_unit_test(test_filter),
        cmocka_unit_test(test_order), cmocka_unit_test(test_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
