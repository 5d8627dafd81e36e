#include "codec/ws/ws_keys.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static unsigned fills;

/* No byte is 0, and none repeats within two keys. */
static void fill(void *bytes, size_t length)
{
    uint8_t *at = bytes;

    assert_int_equal(length, WS_KEYS_BATCH * WS_KEY_SIZE);
    for (size_t i = 0; i < length; i++)
        at[i] = (uint8_t)(1 + (i + 100 * fills) % 255);
    fills++;
}

static void test_takes_each_key_once(void **unused)
{
    struct ws_keys keys = {.fill = fill};
    uint8_t batch[WS_KEYS_BATCH * WS_KEY_SIZE], key[WS_KEY_SIZE];
    bool taken[WS_KEYS_BATCH];

    for (unsigned round = 1; round <= 3; round++) {
        fills = round - 1;
        fill(batch, sizeof(batch));
        fills = round - 1;
        memset(taken, 0, sizeof(taken));
        for (size_t i = 0; i < WS_KEYS_BATCH; i++) {
            bool found = false;
            ws_keys_take(&keys, key);
            for (size_t at = 0; at < WS_KEYS_BATCH && !found; at++) {
                found = !taken[at] && memcmp(batch + at * WS_KEY_SIZE, key, WS_KEY_SIZE) == 0;
                taken[at] = taken[at] || found;
            }
            assert_true(found);
        }
        assert_int_equal(fills, round);
    }
}

static void test_wipes_taken_keys(void **unused)
{
    static const uint8_t none[WS_KEYS_BATCH * WS_KEY_SIZE];
    struct ws_keys keys = {.fill = fill};
    uint8_t key[WS_KEY_SIZE];

    for (size_t taken = 1; taken <= WS_KEYS_BATCH; taken++) {
        ws_keys_take(&keys, key);
        size_t zeros = 0;
        for (size_t i = 0; i < sizeof(keys.bytes); i++)
            zeros += keys.bytes[i] == 0;
        assert_int_equal(zeros, taken * WS_KEY_SIZE);
        assert_int_equal(keys.left, sizeof(keys.bytes) - zeros);
    }
    assert_memory_equal(keys.bytes, none, sizeof(none));
}

static void test_wipes_the_rest(void **unused)
{
    static const uint8_t none[WS_KEYS_BATCH * WS_KEY_SIZE];
    struct ws_keys keys = {.fill = fill};
    uint8_t key[WS_KEY_SIZE];

    ws_keys_take(&keys, key);
    ws_keys_wipe(&keys);
    assert_memory_equal(keys.bytes, none, sizeof(none));
    fills = 0;
    ws_keys_take(&keys, key);
    assert_int_equal(fills, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_each_key_once),
        cmocka_unit_test(test_wipes_taken_keys),
        cmocka_unit_test(test_wipes_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
