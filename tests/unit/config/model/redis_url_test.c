#include "config/model/redis_url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_url(const char *text, bool tls, const char *address, const char *user,
                       const char *password, unsigned database)
{
    struct redis_url url;
    char printed[128];
    const char *fault = redis_url_parse(text, &url);
    if (fault)
        fail_msg("%s %s", text, fault);
    assert_int_equal(url.tls, tls);
    assert_string_equal(config_address_print(&url.address, printed, sizeof(printed)), address);
    assert_true(string_equal(url.user, user));
    assert_true(string_equal(url.password, password));
    assert_int_equal(url.database, database);
    assert_int_equal(redis_url_is_public(text), password == NULL);
    assert_null(redis_url_check(text));
}

static void test_reads_urls(void **state)
{
    assert_url("redis://localhost", false, "localhost:6379", NULL, NULL, 0);
    assert_url("redis://localhost/", false, "localhost:6379", NULL, NULL, 0);
    assert_url("rediss://redis.example.com:6380/15", true, "redis.example.com:6380", NULL, NULL,
               15);
    assert_url("redis://[::1]/2", false, "[::1]:6379", NULL, NULL, 2);
    assert_url("redis://[::1]:1/1000000", false, "[::1]:1", NULL, NULL, 1000000);
    assert_url("redis://:pass@10.0.0.5:7000/0", false, "10.0.0.5:7000", NULL, "pass", 0);
    assert_url("redis://desk:pass@h", false, "h:6379", "desk", "pass", 0);
    assert_url("redis://desk@h", false, "h:6379", "desk", NULL, 0);
    assert_url("redis://desk:@h", false, "h:6379", "desk", NULL, 0);
    assert_url("unix:/run/redis.sock", false, "unix:/run/redis.sock", NULL, NULL, 0);
    assert_url("unix:/run/redis.sock?db=3", false, "unix:/run/redis.sock", NULL, NULL, 3);
    assert_url("unix:///run/redis.sock", false, "unix:/run/redis.sock", NULL, NULL, 0);
    assert_url("unix:@redis", false, "unix:@redis", NULL, NULL, 0);
}

static void test_passwords_have_any_character(void **state)
{
    assert_url("redis://a%3Ab:p%40%2f%25%20@h", false, "h:6379", "a:b", "p@/% ", 0);
    assert_url("redis://:a:b/c@d@h:1", false, "h:1", NULL, "a:b/c@d", 0);
    assert_url("redis://:p\xc3\xa4ss@h", false, "h:6379", NULL, "p\xc3\xa4ss", 0);
}

static void test_refuses_others(void **state)
{
    static const char *const wrong[] = {
        "",
        "localhost:6379",
        "http://localhost",
        "redis:",
        "redis://",
        "redis:///1",
        "redis://:6379",
        "redis://h:",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:6379x",
        "redis://h/x",
        "redis://h/-1",
        "redis://h/1000001",
        "redis://h/0/1",
        "redis://h?db=1",
        "redis://h/0?db=1",
        "redis://h h",
        "redis://[::1",
        "redis://[::1]x",
        "redis://::1",
        "redis://[g]",
        "redis://:%@h",
        "redis://:%4@h",
        "redis://:%00@h",
        "redis://%00:p@h",
        "unix:",
        "unix:/",
        "unix:relative",
        "unix:/s?db=",
        "unix:/s?x=1",
        "REDIS://h",
    };
    for (size_t i = 0; i < WSL_COUNT(wrong); i++)
        if (!redis_url_check(wrong[i]) || redis_url_is_public(wrong[i]))
            fail_msg("accepted: %s", wrong[i]);
}

static void test_has_limits(void **state)
{
    char text[2000];
    memset(text, 'x', sizeof(text));
    for (size_t length = 1000; length < sizeof(text) - 1; length++) {
        struct redis_url url;
        memcpy(text, "redis://:", 9);
        memcpy(text + length - 2, "@h", 3);
        const char *fault = redis_url_parse(text, &url);
        assert_int_equal(fault == NULL, length <= REDIS_URL_MAX);
        text[length] = 'x';
        text[length - 1] = text[length - 2] = 'x';
    }
    memset(text, 'x', sizeof(text));
    memcpy(text, "unix:/", 6);
    text[5 + 107] = '\0';
    assert_null(redis_url_check(text));
    text[5 + 107] = 'x';
    text[5 + 108] = '\0';
    assert_non_null(redis_url_check(text));
    memset(text, 'x', sizeof(text));
    memcpy(text, "redis://", 8);
    text[8 + 254] = '\0';
    assert_non_null(redis_url_check(text));
    text[8 + 253] = '\0';
    assert_null(redis_url_check(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_urls),
        cmocka_unit_test(test_passwords_have_any_character),
        cmocka_unit_test(test_refuses_others),
        cmocka_unit_test(test_has_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
