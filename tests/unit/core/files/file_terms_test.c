#include "core/files/file_terms.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW      1795132800
#define MODIFIED 784111777
#define ETAG     "\"3e8-2ebc98a1.7b\""
#define DATE     "Sun, 06 Nov 1994 08:49:37 GMT"
#define LATER    "Sun, 06 Nov 1994 08:49:38 GMT"
#define EARLIER  "Sun, 06 Nov 1994 08:49:36 GMT"

static const struct file_facts file = {1000, MODIFIED, 123, FILE_IDENTITY};

/* Names and values alternate. */
static struct http_head head_of(const char *method, const char *const *texts)
{
    struct http_head head = {.method = slice_of(method)};
    for (; texts[0]; texts += 2)
        head.fields[head.field_count++] =
            (struct http_field){slice_of(texts[0]), slice_of(texts[1])};
    return head;
}

#define JUDGE(method, ...) judge(method, (const char *const[]){__VA_ARGS__, NULL})

/* With its fields as text, because they point into the terms. */
struct verdict {
    unsigned status;
    uint64_t offset, length;
    char fields[320];
};

static struct verdict verdict_of(const struct http_head *head, const struct file_facts *facts,
                                 int64_t now)
{
    struct file_terms terms;
    file_terms_decide(head, facts, now, &terms);
    struct verdict verdict = {terms.status, terms.offset, terms.length, ""};
    for (size_t i = 0; i < terms.field_count; i++) {
        size_t used = strlen(verdict.fields);
        snprintf(verdict.fields + used, sizeof(verdict.fields) - used, "%s: %s\r\n",
                 terms.fields[i].name, terms.fields[i].value);
    }
    return verdict;
}

static struct verdict judge(const char *method, const char *const *texts)
{
    struct http_head head = head_of(method, texts);
    return verdict_of(&head, &file, NOW);
}

static void assert_line(const struct verdict *terms, const char *line)
{
    if (!strstr(terms->fields, line))
        fail_msg("no %s in %s", line, terms->fields);
}

static void test_whole_file(void **state)
{
    struct verdict terms = JUDGE("GET", "Host", "a");
    assert_int_equal(terms.status, 200);
    assert_int_equal(terms.offset, 0);
    assert_int_equal(terms.length, 1000);
    assert_string_equal(terms.fields,
                        "ETag: " ETAG "\r\nLast-Modified: " DATE "\r\nAccept-Ranges: bytes\r\n");
}

static void test_order_of_conditions(void **state)
{
    static const struct {
        const char *fields[8];
        unsigned status;
    } rows[] = {
        {{"If-None-Match", ETAG}, 304},
        {{"If-None-Match", "W/" ETAG}, 304},
        {{"If-None-Match", "*"}, 304},
        {{"If-None-Match", "\"x\", " ETAG}, 304},
        {{"If-None-Match", "\"x\""}, 200},
        {{"If-None-Match", "\"x\"", "If-Modified-Since", DATE}, 200}, /* the tag decides */
        {{"If-None-Match", "garbage", "If-Modified-Since", DATE}, 200},
        {{"If-Modified-Since", DATE}, 304},
        {{"If-Modified-Since", LATER}, 304},
        {{"If-Modified-Since", EARLIER}, 200},
        {{"If-Modified-Since", "garbage"}, 200},
        {{"If-Modified-Since", DATE, "If-Modified-Since", DATE}, 200},
        {{"If-Match", ETAG}, 200},
        {{"If-Match", "*"}, 200},
        {{"If-Match", "W/" ETAG}, 412},
        {{"If-Match", "\"x\""}, 412},
        {{"If-Match", ETAG, "If-Unmodified-Since", EARLIER}, 200},
        {{"If-Match", ETAG, "If-None-Match", ETAG}, 304},
        {{"If-Match", "\"x\"", "If-None-Match", ETAG}, 412},
        {{"If-Unmodified-Since", DATE}, 200},
        {{"If-Unmodified-Since", EARLIER}, 412},
        {{"If-Unmodified-Since", "garbage"}, 200},
        {{"If-None-Match", ETAG, "Range", "bytes=0-1"}, 304},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++)
        for (unsigned head_only = 0; head_only < 2; head_only++) {
            struct verdict terms = judge(head_only ? "HEAD" : "GET", rows[i].fields);
            if (terms.status != rows[i].status)
                fail_msg("%s: %s became %u", rows[i].fields[0], rows[i].fields[1], terms.status);
            assert_int_equal(terms.length, terms.status == 200 ? 1000 : 0);
        }
}

static void test_fields_of_a_304(void **state)
{
    struct verdict terms = JUDGE("GET", "If-None-Match", ETAG);
    assert_string_equal(terms.fields, "ETag: " ETAG "\r\nLast-Modified: " DATE "\r\n");
}

static void test_ranges(void **state)
{
    struct verdict terms = JUDGE("GET", "Range", "bytes=10-19");
    assert_int_equal(terms.status, 206);
    assert_int_equal(terms.offset, 10);
    assert_int_equal(terms.length, 10);
    assert_line(&terms, "Content-Range: bytes 10-19/1000\r\n");

    terms = JUDGE("GET", "Range", "bytes=1000-");
    assert_int_equal(terms.status, 416);
    assert_int_equal(terms.length, 0);
    assert_string_equal(terms.fields, "Content-Range: bytes */1000\r\n");

    assert_int_equal(JUDGE("HEAD", "Range", "bytes=0-1").status, 200);
    assert_int_equal(JUDGE("GET", "Range", "bytes=0-1,4-5").status, 200);
    assert_int_equal(JUDGE("GET", "Range", "bytes=0-1", "Range", "bytes=0-1").status, 200);
}

static void test_if_range(void **state)
{
    static const struct {
        const char *value;
        unsigned status;
    } rows[] = {
        {ETAG, 206},  {"W/" ETAG, 200}, {"\"x\"", 200}, {DATE, 206},
        {LATER, 200}, {EARLIER, 200},   {"*", 200},     {"garbage", 200},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++)
        assert_int_equal(JUDGE("GET", "Range", "bytes=0-1", "If-Range", rows[i].value).status,
                         rows[i].status);
}

static void test_recent_and_future_dates(void **state)
{
    const struct file_facts fresh = {1000, NOW, 0, FILE_IDENTITY};
    const struct file_facts future = {1000, NOW + 1000, 0, FILE_IDENTITY};
    char date[] = "Fri, 20 Nov 2026 00:00:00 GMT";
    const char *const texts[] = {"Range", "bytes=0-1", "If-Range", date, NULL};
    struct http_head head = head_of("GET", texts);
    struct verdict terms = verdict_of(&head, &fresh, NOW);
    assert_int_equal(terms.status, 200); /* it may change again within that second */
    terms = verdict_of(&head, &fresh, NOW + 1);
    assert_int_equal(terms.status, 206);
    terms = verdict_of(&head, &future, NOW);
    assert_int_equal(terms.status, 200);
    assert_line(&terms, "Last-Modified: Fri, 20 Nov 2026 00:00:00 GMT\r\n");
}

static void test_tags_of_codings(void **state)
{
    const char *const none[] = {NULL};
    struct http_head head = head_of("GET", none);
    struct file_facts coded = file;
    coded.coding = FILE_GZIP;
    struct verdict terms = verdict_of(&head, &coded, NOW);
    assert_line(&terms, "ETag: \"3e8-2ebc98a1.7b-gz\"\r\n");
    assert_line(&terms, "Content-Encoding: gzip\r\n");
    coded.coding = FILE_BROTLI;
    terms = verdict_of(&head, &coded, NOW);
    assert_line(&terms, "ETag: \"3e8-2ebc98a1.7b-br\"\r\n");
    assert_line(&terms, "Content-Encoding: br\r\n");
}

static void test_longest_fields(void **state)
{
    const struct file_facts huge = {UINT64_MAX, INT64_MIN, 999999999, FILE_BROTLI};
    const char *const range[] = {"Range", "bytes=1-", NULL};
    struct http_head head = head_of("GET", range);
    struct verdict terms = verdict_of(&head, &huge, NOW);
    assert_int_equal(terms.status, 206);
    assert_line(&terms, "-br\"\r\n");
    assert_line(&terms, "/18446744073709551615\r\n");
}

static void test_codings_by_preference(void **state)
{
    static const struct {
        const char *value;
        size_t count;
        enum file_coding first;
    } rows[] = {
        {"gzip, deflate, br", 2, FILE_BROTLI},
        {"gzip, deflate", 1, FILE_GZIP},
        {"x-gzip", 1, FILE_GZIP},
        {"br;q=0.5, gzip", 2, FILE_GZIP},
        {"br;q=0, gzip", 1, FILE_GZIP},
        {"*", 2, FILE_BROTLI},
        {"*;q=0", 0, FILE_IDENTITY},
        {"*;q=0, gzip", 1, FILE_GZIP},
        {"br;q=0, *", 1, FILE_GZIP},
        {"identity, gzip;q=0.5", 0, FILE_IDENTITY},
        {"identity;q=0.5, gzip;q=0.6", 1, FILE_GZIP},
        {"identity;q=0, gzip;q=0.001", 1, FILE_GZIP},
        {"identity", 0, FILE_IDENTITY},
        {"", 0, FILE_IDENTITY},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        const char *const texts[] = {"Accept-Encoding", rows[i].value, NULL};
        struct http_head head = head_of("GET", texts);
        enum file_coding list[FILE_CODING_COUNT];
        size_t count = file_terms_codings(&head, list);
        if (count != rows[i].count || (count > 0 && list[0] != rows[i].first))
            fail_msg("%s gives %zu", rows[i].value, count);
    }
    struct http_head bare = {0};
    enum file_coding list[FILE_CODING_COUNT];
    assert_int_equal(file_terms_codings(&bare, list), 0);
    assert_string_equal(file_terms_suffix(FILE_GZIP), ".gz");
    assert_string_equal(file_terms_suffix(FILE_BROTLI), ".br");
}

static void test_prefers_a_page(void **state)
{
    static const struct {
        const char *value;
        bool page;
    } rows[] = {
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true},
        {"*/*", false},
        {"text/css,*/*;q=0.1", false},
        {"text/html;q=0", false},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        const char *const texts[] = {"Accept", rows[i].value, NULL};
        struct http_head head = head_of("GET", texts);
        assert_int_equal(file_terms_wants_page(&head), rows[i].page);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_file),
        cmocka_unit_test(test_order_of_conditions),
        cmocka_unit_test(test_fields_of_a_304),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_if_range),
        cmocka_unit_test(test_recent_and_future_dates),
        cmocka_unit_test(test_tags_of_codings),
        cmocka_unit_test(test_longest_fields),
        cmocka_unit_test(test_codings_by_preference),
        cmocka_unit_test(test_prefers_a_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
