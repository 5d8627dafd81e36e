#include "serve/auth/users/users_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "core/auth/password.h"
#include "lib/users_lab.h"

static struct users_store *store;
static char text[256];

static int set_up(void **state)
{
    users_lab_enter();
    users_lab_write("ann:" USERS_LAB_HASH "\n");
    store = users_store_create("users", text, sizeof(text));
    return store ? 0 : -1;
}

static int tear_down(void **state)
{
    users_store_free(store);
    users_lab_leave();
    return 0;
}

static struct recent_digest digest_of(const char *user, const char *password)
{
    struct recent_digest digest;
    assert_true(users_store_digest(store, slice_of(user), slice_of(password), &digest));
    return digest;
}

static void test_finds_users_and_decoys(void **state)
{
    struct users_trial trial;
    assert_string_equal(users_store_path(store), "users");
    assert_true(users_store_describe(store, text, sizeof(text)));
    assert_string_equal(text, "users users: 1 known");
    assert_true(users_store_try(store, SLICE("ann"), &trial, text, sizeof(text)));
    assert_true(trial.is_user);
    assert_string_equal(trial.hash, USERS_LAB_HASH);
    assert_true(users_store_try(store, SLICE("bob"), &trial, text, sizeof(text)));
    assert_false(trial.is_user);
    assert_string_equal(trial.hash, USERS_LAB_HASH);
    users_lab_write("");
    users_store_refresh(store);
    assert_true(users_store_try(store, SLICE("bob"), &trial, text, sizeof(text)));
    assert_string_equal(trial.hash, "");
}

static void test_takes_a_change_up(void **state)
{
    struct users_trial trial;
    users_lab_write("ann:" USERS_LAB_OTHER "\nbob:" USERS_LAB_HASH "\n");
    assert_false(users_store_is_current(store));
    users_store_refresh(store);
    assert_true(users_store_try(store, SLICE("ann"), &trial, text, sizeof(text)));
    assert_string_equal(trial.hash, USERS_LAB_OTHER);
    assert_true(users_store_try(store, SLICE("bob"), &trial, text, sizeof(text)));
    assert_true(trial.is_user);
}

static void test_a_file_that_rests_is_current(void **state)
{
    assert_false(users_store_is_current(store));
    assert_int_equal(nanosleep(&(struct timespec){.tv_sec = 3, .tv_nsec = 100000000}, NULL), 0);
    assert_false(users_store_is_current(store)); /* it has not been read since */
    users_store_refresh(store);
    assert_true(users_store_is_current(store));
    users_lab_write("ann:" USERS_LAB_OTHER "\n");
    assert_false(users_store_is_current(store));
    users_store_refresh(store);
    assert_false(users_store_is_current(store));
    unlink("users");
    assert_false(users_store_is_current(store));
}

static void test_a_broken_file_lets_nobody_in(void **state)
{
    static const char *const broken[] = {"ann:" USERS_LAB_HASH "\nbob:sesame\n", NULL};
    for (size_t i = 0; i < WSL_COUNT(broken); i++) {
        struct users_trial trial;
        struct recent_digest digest = digest_of("ann", "sesame");
        assert_true(users_store_try(store, SLICE("ann"), &trial, text, sizeof(text)));
        users_store_keep(store, &trial, &digest, true, 1000);
        assert_int_equal(users_store_recall(store, &digest, 1000), VERDICT_RIGHT);
        if (broken[i])
            users_lab_write(broken[i]);
        else
            unlink("users");
        assert_false(users_store_is_current(store));
        users_store_refresh(store);
        assert_int_equal(users_store_recall(store, &digest, 1000), VERDICT_UNKNOWN);
        assert_false(users_store_try(store, SLICE("ann"), &trial, text, sizeof(text)));
        assert_non_null(strstr(text, broken[i] ? "users:2: no password hash" : "No such file"));
        assert_false(users_store_describe(store, text, sizeof(text)));
        users_lab_write("ann:" USERS_LAB_HASH "\n");
        users_store_refresh(store);
        assert_true(users_store_try(store, SLICE("ann"), &trial, text, sizeof(text)));
    }
}

static void test_verdicts_end_with_the_text(void **state)
{
    struct users_trial trial;
    struct recent_digest digest = digest_of("ann", "sesame");
    assert_true(users_store_try(store, SLICE("ann"), &trial, text, sizeof(text)));
    users_store_keep(store, &trial, &digest, true, 1000);
    users_lab_write("ann:" USERS_LAB_HASH "\n"); /* the same text in a new file */
    users_store_refresh(store);
    assert_int_equal(users_store_recall(store, &digest, 1000), VERDICT_RIGHT);
    users_lab_write("ann:" USERS_LAB_OTHER "\n");
    users_store_refresh(store);
    assert_int_equal(users_store_recall(store, &digest, 1000), VERDICT_UNKNOWN);
    /* A hash that was made from the old text comes too late. */
    users_store_keep(store, &trial, &digest, true, 1000);
    assert_int_equal(users_store_recall(store, &digest, 1000), VERDICT_UNKNOWN);
}

static void test_what_cannot_be_read_at_first(void **state)
{
    assert_null(users_store_create("missing", text, sizeof(text)));
    assert_string_equal(text, "users: missing: No such file or directory");
    assert_null(users_store_create(".", text, sizeof(text)));
    assert_string_equal(text, "users: .: not a regular file");
    users_lab_write("ann:sesame\n");
    assert_null(users_store_create("users", text, sizeof(text)));
    assert_non_null(strstr(text, "users: users:1: no password hash"));
    users_store_free(NULL);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILE(test_finds_users_and_decoys),       WITH_FILE(test_takes_a_change_up),
        WITH_FILE(test_a_file_that_rests_is_current), WITH_FILE(test_a_broken_file_lets_nobody_in),
        WITH_FILE(test_verdicts_end_with_the_text),   WITH_FILE(test_what_cannot_be_read_at_first),
    };
    if (!password_supports(USERS_HASH_sha256))
        return 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
