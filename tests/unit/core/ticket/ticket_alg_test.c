#include "core/ticket/ticket_alg.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_names(void **state)
{
    static const char *const names[] = {"HS256", "HS384", "HS512", "RS256", "RS384",
                                        "RS512", "PS256", "PS384", "PS512", "ES256",
                                        "ES384", "ES512", "EdDSA"};
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        assert_string_equal(ticket_alg_at(i)->name, names[i]);
        assert_ptr_equal(ticket_alg_find(slice_of(names[i])), ticket_alg_at(i));
    }
    assert_null(ticket_alg_at(WSL_COUNT(names)));
    assert_ptr_equal(ticket_alg_find(SLICE("Ed25519")), ticket_alg_find(SLICE("EdDSA")));
}

static void test_no_other_names(void **state)
{
    static const char *const names[] = {"",      "none",     "None",       "NONE",
                                        "hs256", "HS256 ",   "HS1",        "ES256K",
                                        "Ed448", "RSA-OAEP", "HS256,RS256"};
    for (size_t i = 0; i < WSL_COUNT(names); i++)
        assert_null(ticket_alg_find(slice_of(names[i])));
    assert_null(ticket_alg_find((struct slice){"HS256\0", 6}));
    assert_null(ticket_alg_find((struct slice){0}));
}

static void test_curves(void **state)
{
    assert_string_equal(ticket_alg_of_curve(SLICE("P-256"))->name, "ES256");
    assert_string_equal(ticket_alg_of_curve(SLICE("P-384"))->name, "ES384");
    assert_string_equal(ticket_alg_of_curve(SLICE("P-521"))->name, "ES512");
    assert_string_equal(ticket_alg_of_curve(SLICE("Ed25519"))->name, "EdDSA");
    assert_null(ticket_alg_of_curve(SLICE("secp256k1")));
    assert_null(ticket_alg_of_curve(SLICE("X25519")));
    assert_null(ticket_alg_of_curve((struct slice){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_no_other_names),
        cmocka_unit_test(test_curves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
