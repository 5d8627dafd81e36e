#include "codec/b64.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* RFC 4648 section 10. */
static const struct {
    const char *bytes, *text;
} vectors[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void test_rfc_vectors(void **state)
{
    for (size_t i = 0; i < WSL_COUNT(vectors); i++) {
        size_t length = strlen(vectors[i].bytes), encoded = strlen(vectors[i].text);
        char text[B64_ENCODED(6)];
        assert_int_equal(encoded, B64_ENCODED(length));
        assert_int_equal(b64_encode(text, (const uint8_t *)vectors[i].bytes, length), encoded);
        assert_memory_equal(text, vectors[i].text, encoded);

        uint8_t bytes[6];
        assert_int_equal(b64_decode(bytes, length, slice_of(vectors[i].text)), length);
        assert_memory_equal(bytes, vectors[i].bytes, length);
    }
}

static void test_round_trip_of_every_byte(void **state)
{
    uint8_t bytes[256], again[256];
    char text[B64_ENCODED(256)];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7);
    for (size_t length = 0; length <= sizeof(bytes); length++) {
        size_t encoded = b64_encode(text, bytes, length);
        assert_int_equal(b64_decode(again, sizeof(again), (struct slice){text, encoded}), length);
        assert_memory_equal(again, bytes, length);
    }
}

/* Before padding, the unused bits of the last digit must be zero. */
static void test_one_encoding_per_value(void **state)
{
    for (int c = 0; c < 256; c++) {
        const char one[] = {'A', (char)c, '=', '='}, two[] = {'A', 'A', (char)c, '='};
        uint8_t bytes[3];
        char again[4];
        long length = b64_decode(bytes, 3, (struct slice){one, 4});
        assert_int_equal(length, c && strchr("AQgw", c) ? 1 : -1);
        if (length == 1)
            assert_true(b64_encode(again, bytes, 1) == 4 && memcmp(again, one, 4) == 0);
        length = b64_decode(bytes, 3, (struct slice){two, 4});
        assert_int_equal(length, c == '=' ? 1 : c && strchr("AEIMQUYcgkosw048", c) ? 2 : -1);
        if (length > 0)
            assert_true(b64_encode(again, bytes, (size_t)length) == 4 &&
                        memcmp(again, two, 4) == 0);
    }
}

static void test_refuses_invalid_texts(void **state)
{
    static const char *const texts[] = {
        "Z",        "Zg",   "Zg=",      "Zm9",      "=",        "==",         "====",
        "A===",     "=AAA", "Zg==Zg==", "Zm8=Zm9v", "Zm 9",     "Zm9\n",      "Zm9v\r\n",
        "Zm9v    ", "Zm-_", "Zm9v=",    "Zm9v==",   "Zm9v====", "\xC3\xA9Zg",
    };
    uint8_t bytes[16];
    for (size_t i = 0; i < WSL_COUNT(texts); i++)
        assert_int_equal(b64_decode(bytes, sizeof(bytes), slice_of(texts[i])), -1);
    assert_int_equal(b64_decode(bytes, sizeof(bytes), (struct slice){"Zm\0v", 4}), -1);
}

static void test_capacity(void **state)
{
    uint8_t bytes[3] = {0, 0, 0xEE};
    assert_int_equal(b64_decode(bytes, 2, SLICE("Zm9v")), -1);
    assert_int_equal(b64_decode(bytes, 2, SLICE("Zm8=")), 2);
    assert_int_equal(bytes[2], 0xEE);
}

/* ---- for URLs ---- */

static void test_url_vectors(void **state)
{
    for (size_t i = 0; i < WSL_COUNT(vectors); i++) {
        size_t length = strlen(vectors[i].bytes), encoded = strcspn(vectors[i].text, "=");
        char text[B64_URL_ENCODED(6)];
        uint8_t bytes[6];
        assert_int_equal(encoded, B64_URL_ENCODED(length));
        assert_int_equal(b64_url_encode(text, (const uint8_t *)vectors[i].bytes, length), encoded);
        assert_memory_equal(text, vectors[i].text, encoded);
        assert_int_equal(b64_url_decode(bytes, length, (struct slice){text, encoded}), length);
        assert_memory_equal(bytes, vectors[i].bytes, length);
    }
}

static void test_url_digits(void **state)
{
    static const uint8_t high[] = {0xFB, 0xEF, 0xFF};
    uint8_t bytes[3];
    char text[4];
    assert_int_equal(b64_url_encode(text, high, 3), 4);
    assert_memory_equal(text, "--__", 4);
    assert_int_equal(b64_url_decode(bytes, 3, SLICE("--__")), 3);
    assert_memory_equal(bytes, high, 3);
    assert_int_equal(b64_url_decode(bytes, 3, SLICE("++//")), -1);
    for (int c = 0; c < 256; c++) {
        const char one[] = {'A', (char)c}, two[] = {'A', 'A', (char)c};
        assert_int_equal(b64_url_decode(bytes, 3, (struct slice){one, 2}),
                         c && strchr("AQgw", c) ? 1 : -1);
        assert_int_equal(b64_url_decode(bytes, 3, (struct slice){two, 3}),
                         c && strchr("AEIMQUYcgkosw048", c) ? 2 : -1);
    }
}

static void test_url_round_trip(void **state)
{
    uint8_t bytes[256], again[256];
    char text[B64_URL_ENCODED(256)];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7);
    for (size_t length = 0; length <= sizeof(bytes); length++) {
        size_t encoded = b64_url_encode(text, bytes, length);
        assert_int_equal(encoded, B64_URL_ENCODED(length));
        assert_int_equal(b64_url_decode(again, length, (struct slice){text, encoded}), length);
        assert_memory_equal(again, bytes, length);
        if (length > 0)
            assert_int_equal(b64_url_decode(again, length - 1, (struct slice){text, encoded}), -1);
    }
}

static void test_url_refuses(void **state)
{
    static const char *const texts[] = {"Z", "Zm9vY", "Zg==", "Zm8=", "Zm 9", "Zm9\n", "====", "="};
    uint8_t bytes[16];
    for (size_t i = 0; i < WSL_COUNT(texts); i++)
        assert_int_equal(b64_url_decode(bytes, sizeof(bytes), slice_of(texts[i])), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_vectors),
        cmocka_unit_test(test_round_trip_of_every_byte),
        cmocka_unit_test(test_one_encoding_per_value),
        cmocka_unit_test(test_refuses_invalid_texts),
        cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_url_vectors),
        cmocka_unit_test(test_url_digits),
        cmocka_unit_test(test_url_round_trip),
        cmocka_unit_test(test_url_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
