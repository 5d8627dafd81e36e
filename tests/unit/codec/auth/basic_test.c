#include "codec/auth/basic.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "codec/b64.h"

/* From memory of exactly that size, so that a sanitizer reports a read behind it. */
static enum basic_verdict decode(struct slice value, char text[static BASIC_MAX],
                                 struct basic *basic)
{
    char *copy = malloc(value.len + 1);
    assert_non_null(copy);
    memcpy(copy + 1, value.ptr, value.len);
    enum basic_verdict verdict = basic_decode((struct slice){copy + 1, value.len}, text, basic);
    free(copy);
    return verdict;
}

/* The field's value for so many bytes of USER:PASSWORD. */
static struct slice encode(char *out, const char *bytes, size_t length)
{
    memcpy(out, "Basic ", 6);
    return (struct slice){out, 6 + b64_encode(out + 6, (const uint8_t *)bytes, length)};
}

static void assert_pair(const char *value, const char *user, const char *password)
{
    char text[BASIC_MAX];
    struct basic basic;
    assert_int_equal(decode(slice_of(value), text, &basic), BASIC_CREDENTIALS);
    assert_true(slice_equal(basic.user, slice_of(user)));
    assert_true(slice_equal(basic.password, slice_of(password)));
}

static void assert_verdict(const char *value, enum basic_verdict wanted)
{
    char text[BASIC_MAX];
    struct basic basic;
    enum basic_verdict verdict = decode(slice_of(value), text, &basic);
    if (verdict != wanted)
        fail_msg("%s: %d", value, verdict);
}

static void test_decodes(void **state)
{
    assert_pair("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame");
    assert_pair("basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame");
    assert_pair("BASIC dGVzdDoxMjPCow==", "test", "123\xC2\xA3"); /* RFC 7617 section 2.1 */
    assert_pair("Basic YTpiOmM=", "a", "b:c");
    assert_pair("Basic Og==", "", "");
    assert_pair("Basic YTo=", "a", "");
    assert_pair("Basic YTr/", "a", "\xFF");
}

static void test_refuses_what_is_malformed(void **state)
{
    assert_verdict("Basic", BASIC_MALFORMED);
    assert_verdict("Basic ", BASIC_MALFORMED);
    assert_verdict("Basic YQ==", BASIC_MALFORMED);      /* no colon */
    assert_verdict("Basic YTpi YTpi", BASIC_MALFORMED); /* white space inside */
    assert_verdict("Basic\tYTpi", BASIC_OTHER);         /* no space behind the scheme */
    assert_verdict("Basic \tYTpi", BASIC_MALFORMED);
    assert_verdict("Basic YTo", BASIC_MALFORMED);  /* padding is missing */
    assert_verdict("Basic YTp=", BASIC_MALFORMED); /* stray bits */
    assert_verdict("Basic YTpi====", BASIC_MALFORMED);
    assert_verdict("Basic YTpi,", BASIC_MALFORMED);
    assert_verdict("Basic YTp_", BASIC_MALFORMED); /* the other alphabet */
    assert_verdict("Basic realm=\"a\"", BASIC_MALFORMED);
    assert_verdict("Basic YTpiAA==", BASIC_MALFORMED); /* "a:b" and NUL */
    assert_verdict("Basic YQo6Yg==", BASIC_MALFORMED); /* LF in the user */
    assert_verdict("Basic YTpifw==", BASIC_MALFORMED); /* DEL */
}

static void test_leaves_other_schemes_alone(void **state)
{
    assert_verdict("", BASIC_OTHER);
    assert_verdict(" Basic YTpi", BASIC_OTHER);
    assert_verdict("Bearer YTpi", BASIC_OTHER);
    assert_verdict("Basics YTpi", BASIC_OTHER);
    assert_verdict("BasicYTpi", BASIC_OTHER);
    assert_verdict("Digest username=\"a\"", BASIC_OTHER);
}

static void test_has_a_limit(void **state)
{
    char bytes[BASIC_MAX + 1], value[8 + B64_ENCODED(BASIC_MAX + 1)], text[BASIC_MAX];
    struct basic basic;
    memset(bytes, 'p', sizeof(bytes));
    memcpy(bytes, "u:", 2);
    assert_int_equal(decode(encode(value, bytes, BASIC_MAX), text, &basic), BASIC_CREDENTIALS);
    assert_int_equal(basic.password.len, BASIC_MAX - 2);
    assert_int_equal(decode(encode(value, bytes, BASIC_MAX + 1), text, &basic), BASIC_MALFORMED);
}

/* Cut anywhere, the value is refused, or it is the shorter pair that its whole groups hold. */
static void test_is_cut_off(void **state)
{
    static const char pair[] = "ann:open sesame:2";
    char value[64], text[BASIC_MAX];
    struct slice whole = encode(value, pair, sizeof(pair) - 1);
    for (size_t length = 0; length < whole.len; length++) {
        struct basic basic;
        enum basic_verdict verdict = decode((struct slice){value, length}, text, &basic);
        size_t bytes = length > 6 ? (length - 6) / 4 * 3 : 0;
        if (length < 5) {
            assert_int_equal(verdict, BASIC_OTHER);
        } else if (bytes < 4 || (length - 6) % 4 != 0) {
            assert_int_equal(verdict, BASIC_MALFORMED);
        } else {
            assert_int_equal(verdict, BASIC_CREDENTIALS);
            assert_true(slice_equal(basic.user, SLICE("ann")));
            assert_true(slice_equal(basic.password, (struct slice){pair + 4, bytes - 4}));
        }
    }
}

static void test_encodes(void **state)
{
    char value[BASIC_VALUE_MAX], text[BASIC_MAX], long_one[BASIC_SENT_MAX + 1];
    struct basic basic;
    struct writer out = writer_to(value, sizeof(value));
    assert_true(basic_encode(&out, SLICE("Aladdin"), SLICE("open:sesame")));
    assert_int_equal(decode((struct slice){value, out.length}, text, &basic), BASIC_CREDENTIALS);
    assert_true(slice_equal(basic.user, SLICE("Aladdin")));
    assert_true(slice_equal(basic.password, SLICE("open:sesame")));
    out = writer_to(value, sizeof(value));
    assert_true(basic_encode(&out, SLICE("u"), (struct slice){0}));
    assert_true(slice_equal((struct slice){value, out.length}, SLICE("Basic dTo=")));
    assert_false(basic_encode(&out, SLICE("u:v"), SLICE("")));

    memset(long_one, 'p', sizeof(long_one));
    out = writer_to(value, sizeof(value));
    assert_true(basic_encode(&out, SLICE("u"), (struct slice){long_one, BASIC_SENT_MAX - 2}));
    out = writer_to(value, sizeof(value));
    assert_false(basic_encode(&out, SLICE("u"), (struct slice){long_one, BASIC_SENT_MAX - 1}));
    for (size_t room = 0; room < 16; room++) { /* "Basic YTpi" has ten */
        out = writer_to(value, room);
        assert_int_equal(basic_encode(&out, SLICE("a"), SLICE("b")), room >= 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decodes),
        cmocka_unit_test(test_refuses_what_is_malformed),
        cmocka_unit_test(test_leaves_other_schemes_alone),
        cmocka_unit_test(test_has_a_limit),
        cmocka_unit_test(test_is_cut_off),
        cmocka_unit_test(test_encodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
