#include "core/auth/login/login_form.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_value(const struct login_form *form, enum login_form_field field,
                         const char *wanted)
{
    assert_true(slice_equal(login_form_value(form, field), slice_of(wanted)));
}

static void test_reads_the_form(void **state)
{
    struct login_form form;
    assert_true(login_form_read(&form, SLICE("user=amy&password=a+b%26&page=abc%3D&x=y")));
    assert_value(&form, LOGIN_FORM_USER, "amy");
    assert_value(&form, LOGIN_FORM_PASSWORD, "a b&");
    assert_value(&form, LOGIN_FORM_PAGE, "abc=");
    assert_false(form.fields[LOGIN_FORM_EVERYWHERE].found);
    assert_true(login_form_read(&form, SLICE("page=abc&everywhere=1")));
    assert_true(form.fields[LOGIN_FORM_EVERYWHERE].found);
    assert_value(&form, LOGIN_FORM_USER, "");
}

/* The longest user and password fit, and one byte more is refused. */
static void test_bounds(void **state)
{
    static const struct {
        const char *name;
        size_t most;
    } rows[] = {{"user=", LOGIN_USER_MAX}, {"password=", LOGIN_FORM_PASSWORD_MAX}};
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        char body[1024];
        size_t length = (size_t)snprintf(body, sizeof(body), "%s", rows[i].name);
        memset(body + length, 'x', sizeof(body) - length);
        struct login_form form;
        assert_true(login_form_read(&form, (struct slice){body, length + rows[i].most}));
        assert_false(login_form_read(&form, (struct slice){body, length + rows[i].most + 1}));
    }
}

/* What a sloppy parser would take is refused as a whole. */
static void test_leaves_nothing_behind(void **state)
{
    struct login_form form;
    static const struct login_form empty;
    assert_false(login_form_read(&form, SLICE("password=SECRET&user=a&user=b")));
    assert_memory_equal(form.password, empty.password, sizeof(form.password));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_the_form),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
