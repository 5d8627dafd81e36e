#include "codec/web/cookie.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- of a request ---- */

/* A head with Cookie fields, and another one between them. */
static struct http_head head_with(const char *one, const char *other)
{
    return (struct http_head){
        .field_count = 3,
        .fields = {{SLICE("cookie"), slice_of(one)},
                   {SLICE("X-Cookie"), SLICE("desk=wrong")},
                   {SLICE("Cookie"), slice_of(other)}},
    };
}

/* All cookies of the name "desk", each with a "|" behind it. */
static void assert_cookies(const char *one, const char *other, const char *wanted)
{
    struct http_head head = head_with(one, other);
    struct cookie_cursor cursor = cookie_begin(&head);
    char found[256] = "";
    struct slice value;
    while (cookie_next(&cursor, SLICE("desk"), &value)) {
        size_t used = strlen(found);
        snprintf(found + used, sizeof(found) - used, "%.*s|", (int)value.len, value.ptr);
    }
    assert_string_equal(found, wanted);
    struct slice first = cookie_find(&head, SLICE("desk"));
    size_t length = strcspn(wanted, "|");
    assert_int_equal(first.ptr != NULL, wanted[0] != '\0');
    assert_true(slice_equal(first, (struct slice){wanted, length}));
}

static void test_finds_all_of_a_name(void **state)
{
    assert_cookies("desk=a", "", "a|");
    assert_cookies("a=b; desk=1; desk=2;desk=3", "c=d; desk=4", "1|2|3|4|");
    assert_cookies("desk=\"quoted\"; desk=\"; desk=\"half", "", "quoted|\"|\"half|");
    assert_cookies("desk=a=b==", "", "a=b==|");
    assert_cookies(" desk=a ; \tdesk=b\t", "", "a|b|");
}

static void test_finds_no_other_name(void **state)
{
    assert_cookies("", "", "");
    assert_cookies("desk1=a; Desk=b; des=c; x-desk=d; =desk", "", "");
    assert_cookies("a=\"; desk=in quotes", "", "in quotes|"); /* as browsers and servers read it */
    assert_cookies("; ;;", ";", "");
}

/* A name without a value is the cookie of that name, with an empty one. */
static void test_empty_values(void **state)
{
    struct http_head head = head_with("desk", "desk=; desk=\"\"");
    struct cookie_cursor cursor = cookie_begin(&head);
    struct slice value;
    for (int i = 0; i < 3; i++) {
        assert_true(cookie_next(&cursor, SLICE("desk"), &value));
        assert_int_equal(value.len, 0);
        assert_non_null(value.ptr);
    }
    assert_false(cookie_next(&cursor, SLICE("desk"), &value));
    assert_false(cookie_next(&cursor, SLICE("desk"), &value));
}

/* From memory of exactly that size: a sanitizer reports a read behind the cut. */
static void test_fields_cut_at_every_byte(void **state)
{
    static const char text[] = "a=b; desk=\"x\"; desk=y";
    for (size_t cut = 0; cut < sizeof(text); cut++) {
        char *bytes = malloc(cut ? cut : 1);
        assert_non_null(bytes);
        memcpy(bytes, text, cut);
        struct http_head head = {.field_count = 1, .fields = {{SLICE("Cookie"), {bytes, cut}}}};
        struct cookie_cursor cursor = cookie_begin(&head);
        struct slice value;
        unsigned count = 0;
        while (cookie_next(&cursor, SLICE("desk"), &value)) {
            assert_true(value.ptr >= bytes && value.ptr + value.len <= bytes + cut);
            count++;
        }
        unsigned wanted = cut < 9 ? 0 : cut < 19 ? 1 : 2;
        assert_int_equal(count, wanted);
        free(bytes);
    }
}

/* ---- of an answer ---- */

static void assert_prints(const struct cookie *cookie, const char *wanted)
{
    char out[256];
    size_t length = strlen(wanted);
    assert_int_equal(cookie_print(out, sizeof(out), cookie), length);
    assert_string_equal(out, wanted);
    for (size_t capacity = 0; capacity <= length; capacity++)
        assert_int_equal(cookie_print(out, capacity, cookie), 0);
    assert_int_equal(cookie_print(out, length + 1, cookie), length);
}

static void test_prints(void **state)
{
    struct cookie cookie = {SLICE("desk"), SLICE("a+b/c=="), SLICE("/a%20b"), 60, false};
    assert_prints(&cookie, "desk=a+b/c==; Path=/a%20b; Max-Age=60; HttpOnly; SameSite=Lax");
    cookie.secure = true;
    cookie.max_age = COOKIE_SESSION;
    assert_prints(&cookie, "desk=a+b/c==; Path=/a%20b; Secure; HttpOnly; SameSite=Lax");
    cookie.max_age = COOKIE_DELETE;
    cookie.value = SLICE("");
    cookie.path = SLICE("/");
    assert_prints(&cookie, "desk=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
    cookie.max_age = COOKIE_AGE_MAX + 1;
    assert_prints(&cookie, "desk=; Path=/; Max-Age=34560000; Secure; HttpOnly; SameSite=Lax");
}

/* Each byte in each place: only those that end nothing and begin nothing. */
static void test_prints_no_other_bytes(void **state)
{
    for (int c = 0; c < 256; c++) {
        char text[3] = {'/', (char)c, 'x'}, out[128];
        struct slice bad = {text, 3}, good = SLICE("/x");
        bool visible = c > ' ' && c < 0x7f && c != ';';
        struct cookie value = {good, bad, good, 1, false};
        value.name = SLICE("x");
        bool printed = cookie_print(out, sizeof(out), &value) > 0;
        assert_int_equal(printed, visible && !strchr("\",\\", c));
        assert_int_equal(printed, cookie_is_value((char)c));
        struct cookie path = {SLICE("x"), good, bad, 1, false};
        assert_int_equal(cookie_print(out, sizeof(out), &path) > 0, visible);
        struct cookie name = {slice_from(bad, 1), good, good, 1, false};
        assert_int_equal(cookie_print(out, sizeof(out), &name) > 0,
                         visible && !strchr("\",\\()<>@:/[]?={}", c));
    }
    char out[128];
    struct cookie no_name = {SLICE(""), SLICE(""), SLICE("/"), 1, false};
    assert_int_equal(cookie_print(out, sizeof(out), &no_name), 0);
    struct cookie relative = {SLICE("a"), SLICE(""), SLICE("a/"), 1, false};
    assert_int_equal(cookie_print(out, sizeof(out), &relative), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_all_of_a_name),
        cmocka_unit_test(test_finds_no_other_name),
        cmocka_unit_test(test_empty_values),
        cmocka_unit_test(test_fields_cut_at_every_byte),
        cmocka_unit_test(test_prints),
        cmocka_unit_test(test_prints_no_other_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
