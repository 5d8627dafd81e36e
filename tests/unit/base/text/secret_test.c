#include "base/text/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void compares_every_byte(void **state)
{
    char a[] = "a secret of some length", b[sizeof(a)];
    for (size_t length = 0; length < sizeof(a); length++) {
        memcpy(b, a, sizeof(a));
        assert_true(secret_is_same((struct slice){a, length}, (struct slice){b, length}));
        for (size_t i = 0; i < length * 8; i++) {
            b[i / 8] = (char)(b[i / 8] ^ (1 << i % 8));
            assert_false(secret_is_same((struct slice){a, length}, (struct slice){b, length}));
            b[i / 8] = a[i / 8];
        }
    }
}

static void another_length_is_another_secret(void **state)
{
    assert_false(secret_is_same(SLICE("abc"), SLICE("abcd")));
    assert_false(secret_is_same(SLICE("abcd"), SLICE("abc")));
    assert_false(secret_is_same(SLICE(""), SLICE("a")));
    assert_true(secret_is_same((struct slice){NULL, 0}, SLICE("")));
}

static void frees_nothing(void **state)
{
    secret_free(NULL, 0);
    secret_free_text(NULL);
    secret_free_text(strdup("x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_every_byte),
        cmocka_unit_test(another_length_is_another_secret),
        cmocka_unit_test(frees_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
