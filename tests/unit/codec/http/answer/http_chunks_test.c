#include "codec/http/answer/http_chunks.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct http_chunks chunks;
static char body[256];
static size_t length;

static enum http_chunks_verdict take(struct slice *bytes)
{
    struct slice data;
    enum http_chunks_verdict verdict;
    while ((verdict = http_chunks_next(&chunks, bytes, &data)) == HTTP_CHUNKS_DATA) {
        assert_true(data.len > 0 && length + data.len <= sizeof(body));
        memcpy(body + length, data.ptr, data.len);
        length += data.len;
    }
    return verdict;
}

static void begin(void)
{
    chunks = (struct http_chunks){0};
    length = 0;
}

/* In one piece, in two with each cut, and byte by byte. */
static void expect(const char *text, enum http_chunks_verdict expected, const char *decoded,
                   size_t left)
{
    size_t size = strlen(text);
    for (size_t cut = 0; cut <= size; cut++) {
        struct slice first = {text, cut}, second = {text + cut, size - cut};
        begin();
        enum http_chunks_verdict verdict = take(&first);
        if (verdict == HTTP_CHUNKS_MORE) {
            assert_int_equal(first.len, 0);
            verdict = take(&second);
        }
        assert_int_equal(verdict, expected);
        assert_memory_equal(body, decoded, strlen(decoded));
        assert_int_equal(length, strlen(decoded));
        if (expected == HTTP_CHUNKS_DONE)
            assert_int_equal(first.len + second.len, left);
    }
    begin();
    enum http_chunks_verdict verdict = HTTP_CHUNKS_MORE;
    for (size_t i = 0; i < size && verdict == HTTP_CHUNKS_MORE; i++)
        verdict = take(&(struct slice){text + i, 1});
    assert_int_equal(verdict, expected);
    assert_int_equal(length, strlen(decoded));
}

static void test_decodes(void **state)
{
    expect("0\r\n\r\n", HTTP_CHUNKS_DONE, "", 0);
    expect("5\r\nhello\r\n0\r\n\r\n", HTTP_CHUNKS_DONE, "hello", 0);
    expect("5\r\nhello\r\n1\r\n!\r\n000\r\n\r\nrest", HTTP_CHUNKS_DONE, "hello!", 4);
    expect("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", HTTP_CHUNKS_DONE,
           "01234567890123456789", 0);
    expect("5;a=\"b c\";d\r\nhello\r\n0;x\r\nTrailer: x\r\nSecond:\r\n\r\n", HTTP_CHUNKS_DONE,
           "hello", 0);
    expect("5\r\nhel", HTTP_CHUNKS_MORE, "hel", 0);
    expect("5\r\nhello\r\n0\r\n", HTTP_CHUNKS_MORE, "hello", 0);
}

static void test_refuses(void **state)
{
    static const char *const malformed[] = {
        "\r\n",
        ";a\r\n",
        " 5\r\nhello\r\n",
        "5 \r\nhello\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n",
        "-1\r\n",
        "+5\r\n",
        "g\r\n",
        "000000005\r\n",
        "FFFFFFFFF\r\n",
        "5;a\n",
        "5;\x01\r\n",
        "0\r\n x\r\n\r\n",
        "0\r\n: x\r\n\r\n",
        "0\r\nA x\r\n\r\n",
        "0\r\nA: x\r\n folded\r\n\r\n",
        "0\r\nA: x\n\r\n",
        "0\r\n\rx",
        "0\r\n\n",
    };
    for (size_t i = 0; i < WSL_COUNT(malformed); i++)
        expect(malformed[i], HTTP_CHUNKS_BAD, "", 0);
    expect("5\r\nhello!\r\n", HTTP_CHUNKS_BAD, "hello", 0);
    expect("5\r\nhello\n0\r\n\r\n", HTTP_CHUNKS_BAD, "hello", 0);
    expect("5\r\nhello\r\r", HTTP_CHUNKS_BAD, "hello", 0);
}

static enum http_chunks_verdict repeat(const char *front, size_t count, const char *back)
{
    begin();
    struct slice bytes = slice_of(front);
    enum http_chunks_verdict verdict = take(&bytes);
    for (size_t i = 0; i < count && verdict == HTTP_CHUNKS_MORE; i++)
        verdict = take(&SLICE("x"));
    bytes = slice_of(back);
    return verdict == HTTP_CHUNKS_MORE ? take(&bytes) : verdict;
}

static void test_bounds(void **state)
{
    const char *end = "\r\n\r\n";
    assert_int_equal(repeat("0;", HTTP_CHUNKS_EXTENSION, end), HTTP_CHUNKS_DONE);
    assert_int_equal(repeat("0;", HTTP_CHUNKS_EXTENSION + 1, end), HTTP_CHUNKS_BAD);
    assert_int_equal(repeat("0\r\nA:", HTTP_CHUNKS_TRAILER - 1, end), HTTP_CHUNKS_DONE);
    assert_int_equal(repeat("0\r\nA:", HTTP_CHUNKS_TRAILER, end), HTTP_CHUNKS_BAD);
    /* The bound of extensions is that of each chunk. */
    assert_int_equal(repeat("1;", HTTP_CHUNKS_EXTENSION, "\r\nx\r\n0;x\r\n\r\n"), HTTP_CHUNKS_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decodes),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
