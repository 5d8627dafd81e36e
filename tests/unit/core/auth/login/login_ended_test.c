#include "core/auth/login/login_ended.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

#define HOUR INT64_C(3600000)

/* Cookies of the same user and time differ in `number`. */
static struct login_cookie cookie_of(const char *user, int64_t issued, uint8_t number)
{
    struct login_cookie cookie = {
        .issued = issued, .expires = issued + HOUR, .user_length = strlen(user)};
    memcpy(cookie.user, user, cookie.user_length);
    memset(cookie.mac, number, sizeof(cookie.mac));
    return cookie;
}

static bool has(const struct login_ended *ended, const char *user, int64_t issued, uint8_t number)
{
    struct login_cookie cookie = cookie_of(user, issued, number);
    return login_ended_has(ended, slice_of(user), &cookie);
}

static void add(struct login_ended *ended, const char *user, int64_t issued, uint8_t number)
{
    struct login_cookie cookie = cookie_of(user, issued, number);
    assert_true(login_ended_add(ended, slice_of(user), &cookie, issued + 1));
}

static void test_ends_one_cookie(void **state)
{
    struct login_ended ended;
    assert_true(login_ended_init(&ended, 4));
    assert_false(has(&ended, "amy", 1000, 1));
    add(&ended, "amy", 1000, 1);
    add(&ended, "amy", 1000, 1);
    assert_true(has(&ended, "amy", 1000, 1));
    assert_false(has(&ended, "amy", 1000, 2));
    assert_false(has(&ended, "bob", 1000, 1));
    assert_int_equal(ended.users.count, 1);
    login_ended_free(&ended);
}

static void test_ends_all_until_now(void **state)
{
    struct login_ended ended;
    assert_true(login_ended_init(&ended, 4));
    assert_true(login_ended_add_all(&ended, SLICE("amy"), 5000, 5000 + HOUR));
    assert_true(has(&ended, "amy", 1, 1));
    assert_true(has(&ended, "amy", 5000, 1));
    assert_false(has(&ended, "amy", 5001, 1)); /* a new login */
    assert_false(has(&ended, "bob", 1, 1));
    login_ended_free(&ended);
}

/* More cookies than there are places: the oldest ones end by their time. */
static void test_many_cookies_of_a_user(void **state)
{
    struct login_ended ended;
    assert_true(login_ended_init(&ended, 4));
    for (uint8_t i = 0; i < 3 * LOGIN_ENDED_COOKIES; i++)
        add(&ended, "amy", 1000 + i, i);
    for (uint8_t i = 0; i < 3 * LOGIN_ENDED_COOKIES; i++)
        assert_true(has(&ended, "amy", 1000 + i, i));
    int64_t last = 1000 + 3 * LOGIN_ENDED_COOKIES - 1;
    assert_false(has(&ended, "amy", last, 99));
    assert_true(has(&ended, "amy", last - LOGIN_ENDED_COOKIES, 99));
    assert_false(has(&ended, "bob", 1, 0));
    assert_int_equal(ended.floor, INT64_MIN);
    login_ended_free(&ended);
}

/* Places of cookies that have expired are used again, and nothing else ends. */
static void test_cookies_expire(void **state)
{
    struct login_ended ended;
    assert_true(login_ended_init(&ended, 4));
    for (uint8_t i = 0; i < LOGIN_ENDED_COOKIES; i++)
        add(&ended, "amy", 1000 + i, i);
    add(&ended, "amy", 2000 + HOUR, 99);
    assert_false(has(&ended, "amy", 2000, 100));
    assert_true(has(&ended, "amy", 2000 + HOUR, 99));
    login_ended_free(&ended);
}

static void test_many_users(void **state)
{
    struct login_ended ended;
    assert_true(login_ended_init(&ended, 2));
    add(&ended, "amy", 1000, 1);
    add(&ended, "bob", 1500, 1);
    add(&ended, "amy", 1600, 2); /* amy is the newest now */
    add(&ended, "cyd", 2000, 1);
    assert_int_equal(ended.users.count, 2);
    assert_int_equal(ended.floor, 1500);
    assert_true(has(&ended, "bob", 1500, 1));
    assert_true(has(&ended, "dan", 1500, 9)); /* issued before: must log in again */
    assert_false(has(&ended, "dan", 1501, 9));
    assert_true(has(&ended, "amy", 1600, 2));
    assert_true(has(&ended, "cyd", 2000, 1));
    login_ended_free(&ended);
}

/* A user whose cookies have all expired makes room without harm. */
static void test_users_expire(void **state)
{
    struct login_ended ended;
    assert_true(login_ended_init(&ended, 2));
    add(&ended, "amy", 1000, 1);
    assert_true(login_ended_add_all(&ended, SLICE("bob"), 1000, 1000 + HOUR));
    add(&ended, "cyd", 2000 + HOUR, 1);
    assert_int_equal(ended.users.count, 1);
    assert_int_equal(ended.floor, INT64_MIN);
    login_ended_free(&ended);
}

static void test_all_users_and_one_too_many(void **state)
{
    struct login_ended ended;
    char name[16];
    assert_true(login_ended_init(&ended, 100));
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        add(&ended, name, 1000 + i, 1);
        assert_true(ended.users.count <= 100);
    }
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "user%d", i);
        assert_true(has(&ended, name, 1000 + i, 1));
    }
    assert_int_equal(ended.floor, 1199);
    login_ended_free(&ended);
}

static void test_out_of_memory(void **state)
{
    struct login_ended ended;
    assert_true(login_ended_init(&ended, 1));
    add(&ended, "amy", 1000, 1);
    struct login_cookie cookie = cookie_of("bob", 1000, 1);
    failing_alloc_arm(1);
    assert_false(login_ended_add(&ended, SLICE("bob"), &cookie, 1001));
    assert_true(failing_alloc_disarm());
    failing_alloc_arm(1);
    assert_false(login_ended_add_all(&ended, SLICE("bob"), 1001, 2000));
    assert_true(failing_alloc_disarm());
    assert_true(has(&ended, "amy", 1000, 1));
    assert_false(has(&ended, "bob", 1000, 1));
    login_ended_free(&ended);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_one_cookie),
        cmocka_unit_test(test_ends_all_until_now),
        cmocka_unit_test(test_many_cookies_of_a_user),
        cmocka_unit_test(test_cookies_expire),
        cmocka_unit_test(test_many_users),
        cmocka_unit_test(test_users_expire),
        cmocka_unit_test(test_all_users_and_one_too_many),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
