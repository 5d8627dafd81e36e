#include "codec/web/form.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- the request ---- */

static void assert_sent(const char *type, bool wanted)
{
    struct http_head head = {.field_count = 1, .fields = {{SLICE("content-type"), slice_of(type)}}};
    if (form_is_sent(&head) != wanted)
        fail_msg("%s", type);
}

static void test_types(void **state)
{
    assert_sent("application/x-www-form-urlencoded", true);
    assert_sent("Application/X-WWW-Form-URLencoded ;charset=UTF-8", true);
    assert_sent("application/x-www-form-urlencoded; charset=\"utf-8\"", true);
    assert_sent("application/x-www-form-urlencoded;", true);
    assert_sent("application/x-www-form-urlencoded; charset=latin1", false);
    assert_sent("application/x-www-form-urlencoded; charset", false);
    assert_sent("application/x-www-form-urlencoded; boundary=utf-8", false);
    assert_sent("application/x-www-form-urlencoded2", false);
    assert_sent("application/x-www-form-urlencoded, text/plain", false);
    assert_sent("multipart/form-data; boundary=x", false);
    assert_sent("text/plain", false);
    assert_sent("", false);
    struct http_head none = {0};
    assert_false(form_is_sent(&none));
    struct slice type = SLICE("application/x-www-form-urlencoded");
    struct http_head twice = {
        .field_count = 2, .fields = {{SLICE("Content-Type"), type}, {SLICE("Content-Type"), type}}};
    assert_false(form_is_sent(&twice));
}

/* ---- the body ---- */

struct result {
    bool good;
    struct form_field user, password;
    char texts[2][8];
};

/* From memory of exactly that size: a sanitizer reports a read behind it. */
static void read_into(struct result *result, const char *body, size_t length)
{
    char *bytes = malloc(length ? length : 1);
    assert_non_null(bytes);
    memcpy(bytes, body, length);
    memset(result->texts, 'x', sizeof(result->texts));
    struct form_field fields[] = {
        {.name = SLICE("user"), .out = result->texts[0], .capacity = sizeof(result->texts[0])},
        {.name = SLICE("password"), .out = result->texts[1], .capacity = sizeof(result->texts[1])},
    };
    result->good = form_read((struct slice){bytes, length}, fields, 2);
    result->user = fields[0];
    result->password = fields[1];
    free(bytes);
}

static void assert_reads(const char *body, const char *user, const char *password)
{
    struct result result;
    read_into(&result, body, strlen(body));
    if (!result.good)
        fail_msg("refused: %s", body);
    assert_int_equal(result.user.found, user != NULL);
    assert_int_equal(result.password.found, password != NULL);
    assert_string_equal(result.texts[0], user ? user : "");
    assert_string_equal(result.texts[1], password ? password : "");
    assert_int_equal(result.user.length, strlen(result.texts[0]));
    assert_int_equal(result.password.length, strlen(result.texts[1]));
}

/* Nothing of a value is left. */
static void assert_refused(struct slice body)
{
    static const char empty[2][8];
    struct result result;
    read_into(&result, body.ptr, body.len);
    if (result.good)
        fail_msg("taken: %.*s", (int)body.len, body.ptr);
    assert_false(result.user.found || result.password.found);
    assert_memory_equal(result.texts, empty, sizeof(empty));
}

static void test_reads_what_is_wanted(void **state)
{
    assert_reads("user=amy&password=p+%26%3D", "amy", "p &=");
    assert_reads("password=&other=1&%75ser=%C3%A4", "\xc3\xa4", "");
    assert_reads("&&user&", "", NULL);
    assert_reads("", NULL, NULL);
    assert_reads("User=amy&username=b&use=c", NULL, NULL);
    assert_reads("user=a=b&x=%0d%0a", "a=b", NULL);
    assert_reads("user=1234567", "1234567", NULL);
}

static void test_refuses_what_can_be_misread(void **state)
{
    static const struct slice bodies[] = {
        {"user=a&user=b", 13}, {"user=a&%75ser=b", 15},
        {"user=12345678", 13}, {"user=%0", 7},
        {"user=%", 6},         {"user=%zz", 8},
        {"user=a%00b", 10},    {"user=\0", 6},
        {"user=%ff", 8},       {"user=%C3", 8},
        {"user=\xff", 6},      {"x=%00", 5},
        {"x=%u0041", 8},       {"%zz=1", 5},
        {"%C3=%A4", 7},        {"user=amy&x=%ED%A0%80", 20},
    };
    for (size_t i = 0; i < WSL_COUNT(bodies); i++)
        assert_refused(bodies[i]);
}

static void test_bounds_the_parameters(void **state)
{
    char body[3 * FORM_PARAMETERS_MAX + 8];
    for (unsigned count = FORM_PARAMETERS_MAX - 1; count <= FORM_PARAMETERS_MAX + 1; count++) {
        memset(body, '&', sizeof(body));
        struct result result;
        read_into(&result, body, count);
        assert_int_equal(result.good, count <= FORM_PARAMETERS_MAX);
    }
}

/* A cut body has the values of its beginning, or is refused. */
static void test_bodies_cut_at_every_byte(void **state)
{
    static const char body[] = "user=a%C3%A4&password=b%26";
    for (size_t cut = 0; cut < sizeof(body); cut++) {
        struct result result;
        read_into(&result, body, cut);
        bool whole_escape = (cut <= 6 || cut >= 12) && cut != 24 && cut != 25;
        assert_int_equal(result.good, whole_escape);
        if (result.good && cut >= 12)
            assert_string_equal(result.texts[0], "a\xc3\xa4");
        assert_int_equal(result.password.found, result.good && cut >= 21);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_reads_what_is_wanted),
        cmocka_unit_test(test_refuses_what_can_be_misread),
        cmocka_unit_test(test_bounds_the_parameters),
        cmocka_unit_test(test_bodies_cut_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
