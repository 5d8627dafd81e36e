#include "base/hash_map.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

#define MANY 5000

struct item {
    struct hash_map_link link;
    char name[16];
};

static struct slice key_of(const struct hash_map_link *link)
{
    return slice_of(((const struct item *)(const void *)link)->name);
}

static struct item *name_item(struct item *item, unsigned number)
{
    snprintf(item->name, sizeof(item->name), "item-%u", number);
    return item;
}

static struct hash_map_link *find(const struct hash_map *map, unsigned number)
{
    struct item wanted;
    return hash_map_find(map, slice_of(name_item(&wanted, number)->name));
}

static void test_an_empty_map(void **state)
{
    struct hash_map map;
    hash_map_init(&map, key_of, NULL);
    assert_null(find(&map, 0));
    assert_null(hash_map_next(&map, NULL));
    hash_map_free(&map);
}

static size_t count_by_walking(const struct hash_map *map)
{
    size_t count = 0;
    for (struct hash_map_link *link = NULL; (link = hash_map_next(map, link)) != NULL;)
        count++;
    return count;
}

static void check_many(struct hash_map *map, struct item *items)
{
    for (unsigned i = 0; i < MANY; i++) {
        hash_map_add(map, &name_item(&items[i], i)->link);
        assert_ptr_equal(find(map, i), &items[i].link);
        assert_ptr_equal(find(map, 0), &items[0].link);
    }
    assert_int_equal(map->count, MANY);
    assert_int_equal(count_by_walking(map), MANY);
    for (unsigned i = 0; i < MANY; i += 2)
        hash_map_remove(map, &items[i].link);
    for (unsigned i = 0; i < MANY; i++)
        assert_ptr_equal(find(map, i), i % 2 == 0 ? NULL : &items[i].link);
    assert_int_equal(count_by_walking(map), MANY / 2);
}

static void test_many_links(void **state)
{
    static struct item items[MANY];
    static const struct siphash_seed seed = {1, 2};
    struct hash_map map;
    hash_map_init(&map, key_of, &seed);
    check_many(&map, items);
    assert_true(map.bucket_count >= MANY);
    hash_map_free(&map);
    assert_null(find(&map, 1));
    assert_int_equal(count_by_walking(&map), 0);
}

static void test_grows_chains_without_memory(void **state)
{
    static struct item items[MANY];
    for (unsigned nth = 1; nth < 6; nth++) {
        struct hash_map map;
        hash_map_init(&map, key_of, NULL);
        failing_alloc_arm(nth);
        check_many(&map, items);
        assert_true(failing_alloc_disarm());
        hash_map_free(&map);
    }
}

static void test_finds_the_newest_link_first(void **state)
{
    struct item items[64], twin;
    struct hash_map map;
    hash_map_init(&map, key_of, NULL);
    hash_map_add(&map, &name_item(&items[0], 0)->link);
    hash_map_add(&map, &name_item(&twin, 0)->link);
    for (unsigned i = 1; i < WSL_COUNT(items); i++) { /* the map grows meanwhile */
        hash_map_add(&map, &name_item(&items[i], i)->link);
        assert_ptr_equal(find(&map, 0), &twin.link);
        assert_ptr_equal(hash_map_find_next(&map, &twin.link), &items[0].link);
        assert_null(hash_map_find_next(&map, &items[0].link));
    }
    hash_map_remove(&map, &twin.link);
    assert_ptr_equal(find(&map, 0), &items[0].link);
    hash_map_free(&map);
}

static void test_reserve_avoids_growth(void **state)
{
    static struct item items[MANY];
    struct hash_map map;
    hash_map_init(&map, key_of, NULL);
    failing_alloc_arm(1);
    assert_false(hash_map_reserve(&map, MANY));
    assert_true(failing_alloc_disarm());
    assert_true(hash_map_reserve(&map, MANY));
    struct hash_map_link **buckets = map.buckets;
    check_many(&map, items);
    assert_ptr_equal(map.buckets, buckets);
    hash_map_free(&map);
}

static void test_reuse_after_emptying(void **state)
{
    struct item item;
    struct hash_map map;
    hash_map_init(&map, key_of, NULL);
    hash_map_add(&map, &name_item(&item, 7)->link);
    hash_map_free(&map);
    hash_map_add(&map, &item.link);
    assert_ptr_equal(find(&map, 7), &item.link);
    hash_map_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_map),
        cmocka_unit_test(test_many_links),
        cmocka_unit_test(test_grows_chains_without_memory),
        cmocka_unit_test(test_finds_the_newest_link_first),
        cmocka_unit_test(test_reserve_avoids_growth),
        cmocka_unit_test(test_reuse_after_emptying),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
