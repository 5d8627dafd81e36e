/* Authorities of URLs: their parts, their limits, and texts that are none. */
#include "config/model/section/authority.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char wanted[] = "must be something else";

/* Text and room have exactly their size, so that a sanitizer reports a byte beyond it. */
static const char *parse(const char *text, struct authority *authority, char **room, size_t *rest)
{
    size_t length = strlen(text);
    char *copy = malloc(length ? length : 1);
    *room = malloc(AUTHORITY_ROOM(length));
    assert_true(copy && *room);
    memcpy(copy, text, length);
    struct slice slice = {copy, length};
    const char *fault = authority_parse(&slice, 7, wanted, *room, authority);
    *rest = slice.len;
    free(copy);
    return fault;
}

static void assert_parts(const char *text, const char *host, unsigned port, const char *user,
                         const char *password, size_t rest)
{
    struct authority authority;
    char *room;
    size_t left;
    const char *fault = parse(text, &authority, &room, &left);
    if (fault)
        fail_msg("%s %s", text, fault);
    assert_string_equal(authority.host, host);
    assert_int_equal(authority.port, port);
    assert_true(string_equal(authority.user, user));
    assert_true(string_equal(authority.password, password));
    assert_int_equal(left, rest);
    free(room);
}

static void assert_fault(const char *text, const char *phrase)
{
    struct authority authority;
    char *room;
    size_t left;
    const char *fault = parse(text, &authority, &room, &left);
    if (!fault || !strstr(fault, phrase))
        fail_msg("%s: %s", text, fault);
    free(room);
}

static void test_parts(void **state)
{
    assert_parts("h", "h", 7, NULL, NULL, 0);
    assert_parts("h:1", "h", 1, NULL, NULL, 0);
    assert_parts("[::1]", "::1", 7, NULL, NULL, 0);
    assert_parts("[::1]:65535/", "::1", 65535, NULL, NULL, 1);
    assert_parts("u:p@h/x@y", "y", 7, "u", "p@h/x", 0);
    assert_parts("u@h:1/path", "h", 1, "u", NULL, 5);
    assert_parts("u:p@h", "h", 7, "u", "p", 0);
    assert_parts(":p@h", "h", 7, NULL, "p", 0);
    assert_parts("u:@h", "h", 7, "u", NULL, 0);
    assert_parts("@h", "h", 7, NULL, NULL, 0);
}

static void test_escapes(void **state)
{
    assert_parts("a%3Ab:p%40%2f%25%20@h", "h", 7, "a:b", "p@/% ", 0);
    assert_parts(":a:b/c@d@h:1", "h", 1, NULL, "a:b/c@d", 0);
    assert_fault("%@h", "a user with an invalid escape");
    assert_fault("%00@h", "a user with an invalid escape");
    assert_fault(":%4@h", "a password with an invalid escape");
    assert_fault(":%00@h", "a password with an invalid escape");
}

static void test_texts_of_another_form(void **state)
{
    static const char *const wrong[] = {"",     ":1",       "[::1", "[::1]x", "[g]", "h h", "h?x",
                                        "h%41", "\xc3\xa4", "u:p@", "u@/x",   "[]",  "/x"};
    for (size_t i = 0; i < WSL_COUNT(wrong); i++)
        assert_fault(wrong[i], wanted);
    assert_fault("::1", "no valid port");
    assert_fault("h:", "no valid port");
    assert_fault("h:0", "no valid port");
    assert_fault("h:65536", "no valid port");
    assert_fault("h:1x", "no valid port");
    assert_fault("[::1]:", "no valid port");
}

static void test_hosts(void **state)
{
    char name[AUTHORITY_HOST_MAX + 1];
    memset(name, 'n', sizeof(name));
    assert_true(authority_is_host((struct slice){name, AUTHORITY_HOST_MAX}, false));
    assert_false(authority_is_host((struct slice){name, AUTHORITY_HOST_MAX + 1}, false));
    assert_false(authority_is_host(SLICE(""), false));
    assert_true(authority_is_host(SLICE("a-b_c.D0"), false));
    assert_false(authority_is_host(SLICE("a:b"), false));
    assert_true(authority_is_host(SLICE("::ffff:1.2.3.4"), true));
    assert_false(authority_is_host(SLICE("x"), true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_texts_of_another_form),
        cmocka_unit_test(test_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
