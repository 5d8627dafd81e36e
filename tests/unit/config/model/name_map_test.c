#include "config/model/name_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

enum { NAMES = 5000 };

static void finds_added_names(void **state)
{
    static char names[NAMES][8];
    struct name_map map = {0};
    size_t number;
    assert_false(name_map_find(&map, (struct slice){"0", 1}, &number));
    for (size_t i = 0; i < NAMES; i++) {
        snprintf(names[i], sizeof(names[i]), "%zu", i);
        number = i;
        assert_int_equal(name_map_add(&map, slice_of(names[i]), &number), NAME_MAP_ADDED);
    }
    for (size_t i = 0; i < NAMES; i++) {
        number = NAMES;
        assert_int_equal(name_map_add(&map, slice_of(names[i]), &number), NAME_MAP_FOUND);
        assert_int_equal(number, i);
        assert_true(name_map_find(&map, slice_of(names[i]), &number));
        assert_int_equal(number, i);
    }
    assert_int_equal(map.map.count, NAMES);
    assert_false(name_map_find(&map, (struct slice){"x", 1}, &number));
    name_map_free(&map);
}

static void does_not_match_prefixes(void **state)
{
    struct name_map map = {0};
    size_t one = 1, two = 2, number;
    name_map_add(&map, (struct slice){"desk", 4}, &one);
    assert_int_equal(name_map_add(&map, (struct slice){"desk", 3}, &two), NAME_MAP_ADDED);
    assert_int_equal(name_map_add(&map, (struct slice){"", 0}, &two), NAME_MAP_ADDED);
    assert_true(name_map_find(&map, (struct slice){"desktop", 4}, &number));
    assert_int_equal(number, 1);
    name_map_free(&map);
}

static void unchanged_without_memory(void **state)
{
    struct name_map map = {0};
    size_t number = 7;
    failing_alloc_arm(1);
    assert_int_equal(name_map_add(&map, (struct slice){"a", 1}, &number), NAME_MAP_NO_MEMORY);
    assert_true(failing_alloc_disarm());
    assert_int_equal(map.map.count, 0);
    assert_int_equal(name_map_add(&map, (struct slice){"a", 1}, &number), NAME_MAP_ADDED);
    name_map_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_added_names),
        cmocka_unit_test(does_not_match_prefixes),
        cmocka_unit_test(unchanged_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
