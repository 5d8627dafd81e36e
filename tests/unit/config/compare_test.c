#include "config/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/options/snapshot.h"

static const struct options_row *row_of(enum options_section section, const char *key)
{
    const struct options_row *row = options_find(section, key);
    assert_non_null(row);
    return row;
}

static void set(struct config *config, const struct options_row *row, void *object,
                const char *text)
{
    char why[100];
    assert_int_equal(snapshot_set(config, row, object, text, why, sizeof(why)), VALUE_OK);
}

/* One option of each type that is stored in its own way. */
static void compares_values(void **state)
{
    static const struct {
        enum options_section section;
        const char *key, *text, *other;
    } cases[] = {
        {OPTIONS_PROCESS, "workers", "2", "3"},
        {OPTIONS_PROCESS, "user", "a", "b"},
        {OPTIONS_PROCESS, "trusted_proxies", "10.0.0.0/8", "10.0.0.0/9"},
        {OPTIONS_LOG, "access", "true", "false"},
        {OPTIONS_LISTENER, "address", ":1", "unix:/s"},
        {OPTIONS_LISTENER, "address", "h:1", "i:1"},
        {OPTIONS_LISTENER, "routes", "a", "b"},
    };
    for (size_t i = 0; i < WSL_COUNT(cases); i++) {
        const struct options_row *row = row_of(cases[i].section, cases[i].key);
        struct config *config = snapshot_begin();
        const char *texts[] = {cases[i].text, cases[i].text, cases[i].other};
        union {
            struct config config;
            struct config_log log;
            struct config_listener listener;
        } objects[3] = {0};
        for (size_t j = 0; j < 3; j++)
            set(config, row, &objects[j], texts[j]);
        assert_true(compare_is_same(row, &objects[0], &objects[1]));
        assert_false(compare_is_same(row, &objects[0], &objects[2]));
        config_release(config);
    }
}

static void detects_a_longer_list(void **state)
{
    const struct options_row *row = row_of(OPTIONS_PROCESS, "trusted_proxies");
    struct config *a = snapshot_begin(), *b = snapshot_begin();
    set(a, row, a, "10.0.0.1");
    set(b, row, b, "10.0.0.1");
    assert_true(compare_is_same(row, a, b));
    set(b, row, b, "10.0.0.2");
    assert_false(compare_is_same(row, a, b));
    config_release(a);
    config_release(b);
}

static void lists_options_that_need_a_restart(void **state)
{
    struct config *old = snapshot_begin(), *changed = snapshot_begin();
    set(changed, row_of(OPTIONS_PROCESS, "workers"), changed, "3");
    set(changed, row_of(OPTIONS_LOG, "level"), &changed->log, "debug"); /* applies at once */
    set(changed, row_of(OPTIONS_EXIT, "once"), &changed->exit, "true");
    size_t cursor = 0;
    const struct options_row *row;
    while ((row = compare_next_restart(old, changed, &cursor)))
        assert_int_equal(row->reload, OPTIONS_RESTART);
    cursor = 0;
    assert_string_equal(compare_next_restart(old, changed, &cursor)->key, "workers");
    assert_string_equal(compare_next_restart(old, changed, &cursor)->key, "once");
    assert_null(compare_next_restart(old, changed, &cursor));
    cursor = 0;
    assert_null(compare_next_restart(changed, changed, &cursor));
    config_release(old);
    config_release(changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_values),
        cmocka_unit_test(detects_a_longer_list),
        cmocka_unit_test(lists_options_that_need_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
