#include "core/tokens/answer_cache.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static struct answer_cache cache;

static void expect(const char *key, uint64_t now, const char *answer)
{
    unsigned verdict = 0;
    struct slice found;
    if (!answer) {
        assert_false(answer_cache_get(&cache, slice_of(key), now, &verdict, &found));
        return;
    }
    assert_true(answer_cache_get(&cache, slice_of(key), now, &verdict, &found));
    assert_int_equal(verdict, 7);
    assert_true(slice_equal(found, slice_of(answer)));
}

static void put(const char *key, const char *answer, uint64_t until)
{
    answer_cache_put(&cache, slice_of(key), 7, slice_of(answer), until);
}

static void test_keeps_for_a_while(void **state)
{
    assert_true(answer_cache_open(&cache));
    expect("a", 0, NULL);
    put("a", "one", 100);
    put("b", "", 50);
    expect("a", 99, "one");
    expect("b", 49, "");
    expect("b", 50, NULL);
    put("a", "two", 200);
    expect("a", 150, "two");
    expect("a", 200, NULL);
    expect("a", 0, NULL);
    assert_int_equal(cache.bytes, 0);
    answer_cache_close(&cache);
}

/* The one that was used longest ago goes first. */
static void test_how_many(void **state)
{
    char key[16];
    assert_true(answer_cache_open(&cache));
    put("first", "1", 10);
    for (unsigned i = 0; i < ANSWER_CACHE_MOST; i++) {
        snprintf(key, sizeof(key), "%u", i);
        put(key, "x", 10);
        expect("first", 0, "1");
    }
    expect("0", 0, NULL);
    expect("1", 0, "x");
    assert_int_equal(cache.map.count, ANSWER_CACHE_MOST);
    answer_cache_close(&cache);
}

static void test_how_much(void **state)
{
    static char large[16 * 1024];
    char key[16];
    assert_true(answer_cache_open(&cache));
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "%u", i);
        answer_cache_put(&cache, slice_of(key), 7, (struct slice){large, sizeof(large)}, 10);
        assert_true(cache.bytes <= ANSWER_CACHE_BYTES);
    }
    assert_in_range(cache.map.count, 200, 256);
    answer_cache_close(&cache);
}

static void test_without_memory(void **state)
{
    assert_true(answer_cache_open(&cache));
    put("a", "one", 100);
    failing_alloc_arm(1);
    put("a", "two", 100);
    assert_true(failing_alloc_disarm());
    expect("a", 0, NULL); /* neither the old one */
    answer_cache_close(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_for_a_while),
        cmocka_unit_test(test_how_many),
        cmocka_unit_test(test_how_much),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
