#include "core/auth/password.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

static const uint8_t random_bytes[PASSWORD_RANDOM] = {
    0, 63, 64, 255, 7, 100, 12, 13, 14, 15, 16, 117, 118, 19, 20, 21, 22, 23, 24, 25, 26, 2};

/* Made by others: libxcrypt through Python, and htpasswd ($2y$). Of the password "sesame". */
static const struct {
    enum users_hash kind;
    const char *hash;
} others[] = {
    {USERS_HASH_yescrypt,
     "$y$j75$abcdefghijklmnopqrstu/$woE83aIPxi8x0ZF.ntgax4cuUUtDnJ1fHNfHtsVQQo."},
    {USERS_HASH_bcrypt, "$2b$04$abcdefghijklmnopqrstuuinwY/tkBVrn3xrxQI/TgnMHhkvl85RW"},
    {USERS_HASH_bcrypt, "$2y$04$abcdefghijklmnopqrstuuinwY/tkBVrn3xrxQI/TgnMHhkvl85RW"},
    {USERS_HASH_sha512,
     "$6$rounds=1000$abcdefgh$"
     "1WhD5NSPfUW3vvjZt0oAl77wZvqZB/nJcOoNyFB4UHH98F.JCFg5bmMLyU4dXf5WU9tCX9pTKt8"
     "vIYOpqoRCm0"},
    {USERS_HASH_sha256, "$5$rounds=1000$abcdefgh$ErG1rn0GpODYQsD0nq3v3MbXT2boicTUhjw4zQRk1//"},
    {USERS_HASH_sha256, "$5$$20zxPk8RmbtafFYTaWGZgQ27nSvhbkZQ3Zu8fBcciE."},
};

static void test_verifies_hashes_of_others(void **state)
{
    for (size_t i = 0; i < WSL_COUNT(others); i++) {
        struct slice hash = slice_of(others[i].hash);
        if (!password_supports(others[i].kind))
            continue;
        if (i + 1 == WSL_COUNT(others)) /* without a salt, as old tools allowed */
            assert_int_equal(password_verify(SLICE("other"), hash), PASSWORD_WRONG);
        else
            assert_int_equal(password_verify(SLICE("sesame"), hash), PASSWORD_RIGHT);
        assert_int_equal(password_verify(SLICE("Sesame"), hash), PASSWORD_WRONG);
        assert_int_equal(password_verify(SLICE("sesam"), hash), PASSWORD_WRONG);
        assert_int_equal(password_verify(SLICE("sesame2"), hash), PASSWORD_WRONG);
        assert_int_equal(password_verify(SLICE("sesame\0x"), hash), PASSWORD_WRONG);
        assert_int_equal(password_verify((struct slice){NULL, 0}, hash), PASSWORD_WRONG);
    }
}

static void test_makes_hashes(void **state)
{
    for (enum users_hash kind = 0; kind < USERS_HASHES; kind++) {
        char hash[USERS_HASH_MAX + 1];
        enum users_hash found;
        if (!password_supports(kind))
            continue;
        assert_true(password_hash(SLICE("p\xC3\xA4ssword"), kind, random_bytes, hash));
        const char *fault = users_file_hash(slice_of(hash), &found);
        if (fault)
            fail_msg("%s: %s", hash, fault);
        assert_int_equal(found, kind);
        assert_int_equal(password_verify(SLICE("p\xC3\xA4ssword"), slice_of(hash)), PASSWORD_RIGHT);
        assert_int_equal(password_verify(SLICE("password"), slice_of(hash)), PASSWORD_WRONG);
    }
}

/* Any salt is one that crypt(3) takes: the digits of the last bits, too. */
static void test_takes_any_random_bytes(void **state)
{
    for (unsigned n = 0; n < 256; n += 51) {
        uint8_t bytes[PASSWORD_RANDOM];
        char hash[USERS_HASH_MAX + 1];
        memset(bytes, (int)n, sizeof(bytes));
        if (password_supports(USERS_HASH_yescrypt))
            assert_true(password_hash(SLICE("a"), USERS_HASH_yescrypt, bytes, hash));
        if (!password_supports(USERS_HASH_bcrypt))
            continue;
        assert_true(password_hash(SLICE("a"), USERS_HASH_bcrypt, bytes, hash));
        assert_int_equal(password_verify(SLICE("a"), slice_of(hash)), PASSWORD_RIGHT);
    }
}

static void test_lengths(void **state)
{
    char password[PASSWORD_MAX + 1], hash[USERS_HASH_MAX + 1];
    memset(password, 'p', sizeof(password));
    struct slice longest = {password, PASSWORD_MAX}, longer = {password, PASSWORD_MAX + 1};
    assert_false(password_hash(longer, USERS_HASH_sha512, random_bytes, hash));
    assert_false(password_hash(SLICE("a\0b"), USERS_HASH_sha512, random_bytes, hash));
    if (password_hash(longest, USERS_HASH_sha512, random_bytes, hash)) { /* musl takes 256 */
        assert_int_equal(password_verify(longest, slice_of(hash)), PASSWORD_RIGHT);
        assert_int_equal(password_verify(longer, slice_of(hash)), PASSWORD_WRONG);
    }
    if (!password_supports(USERS_HASH_sha512))
        skip();
    assert_true(password_hash(SLICE(""), USERS_HASH_sha512, random_bytes, hash));
    assert_int_equal(password_verify(SLICE(""), slice_of(hash)), PASSWORD_RIGHT);
}

static void test_without_memory(void **state)
{
    char hash[USERS_HASH_MAX + 1];
    failing_alloc_arm(1);
    assert_int_equal(password_verify(SLICE("sesame"), slice_of(others[1].hash)), PASSWORD_FAILED);
    failing_alloc_arm(1);
    assert_false(password_hash(SLICE("sesame"), USERS_HASH_sha512, random_bytes, hash));
    failing_alloc_disarm();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verifies_hashes_of_others),
        cmocka_unit_test(test_makes_hashes),
        cmocka_unit_test(test_takes_any_random_bytes),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
