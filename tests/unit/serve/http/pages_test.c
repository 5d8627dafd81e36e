/* The pages in the binary are complete, and their policies allow their own style and script. */
#include "serve/http/pages.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The text that a browser hashes: all between the tags. */
static void expect_allowed(const struct page *page, const char *begin_tag, const char *end_tag)
{
    const char *bytes = (const char *)page->bytes, *limit = bytes + page->length;
    const char *begin = memmem(bytes, page->length, begin_tag, strlen(begin_tag));
    assert_non_null(begin);
    begin += strlen(begin_tag);
    const char *end = memmem(begin, (size_t)(limit - begin), end_tag, strlen(end_tag));
    assert_non_null(end);
    unsigned char hash[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];
    unsigned length;
    assert_int_equal(EVP_Digest(begin, (size_t)(end - begin), hash, &length, EVP_sha256(), NULL),
                     1);
    EVP_EncodeBlock(text, hash, (int)length);
    char source[sizeof(text) + 16];
    snprintf(source, sizeof(source), "'sha256-%s'", (char *)text);
    assert_non_null(strstr(page->csp, source));
}

static void expect_page(const struct page *page)
{
    static const char first[] = "<!doctype html>\n", last[] = "</html>\n";
    assert_in_range(page->length, 1000, 40 * 1000);
    assert_memory_equal(page->bytes, first, strlen(first));
    assert_memory_equal(page->bytes + page->length - strlen(last), last, strlen(last));
    expect_allowed(page, "<style>", "</style>");
    expect_allowed(page, "<script>", "</script>");
    assert_memory_equal(page->csp, "default-src 'none';", 19);
    assert_null(strstr(page->csp, "unsafe"));
}

static void test_pages_are_whole(void **state)
{
    (void)state;
    expect_page(pages_demo());
    expect_page(pages_status());
    expect_page(pages_login());
    assert_in_range(pages_login()->length, 1000, 20 * 1000);
    assert_non_null(strstr(pages_login()->csp, "form-action 'self'"));
    assert_non_null(strstr(pages_demo()->csp, "form-action 'none'; frame-ancestors 'none'"));
}

static void test_tags_are_quoted_and_differ(void **state)
{
    (void)state;
    const char *demo = pages_demo()->etag, *status = pages_status()->etag;
    assert_int_equal(strlen(demo), 18);
    assert_true(demo[0] == '"' && demo[17] == '"');
    assert_string_not_equal(demo, status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_are_whole),
        cmocka_unit_test(test_tags_are_quoted_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
