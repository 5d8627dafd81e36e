#include "codec/web/html.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_fills(const char *page, const char *wanted)
{
    static const struct html_value values[] = {
        {"title", {"A & B", 5}},
        {"bad", {"\"'><script>&{{title}}", 21}},
        {"empty", {NULL, 0}},
    };
    struct text text = {0};
    size_t length;
    html_fill(&text, slice_of(page), values, WSL_COUNT(values));
    char *made = text_take(&text, &length);
    assert_non_null(made);
    assert_int_equal(length, strlen(wanted));
    assert_string_equal(made, wanted);
    free(made);
}

static void test_fills(void **state)
{
    assert_fills("", "");
    assert_fills("<p>no name</p>", "<p>no name</p>");
    assert_fills("<h1>{{title}}</h1>{{title}}", "<h1>A &amp; B</h1>A &amp; B");
    assert_fills("{{empty}}{{none}}{{}}|", "|");
    assert_fills("{{title", "{{title");
    assert_fills("{{{title}}", "");
    assert_fills("{ {title} } }}", "{ {title} } }}");
}

/* Values are neither markup nor templates. */
static void test_escapes(void **state)
{
    assert_fills("<a b=\"{{bad}}\">{{bad}}", "<a b=\"&quot;&#39;&gt;&lt;script&gt;&amp;{{title}}\">"
                                             "&quot;&#39;&gt;&lt;script&gt;&amp;{{title}}");
}

static void test_every_byte(void **state)
{
    for (int c = 1; c < 256; c++) {
        char byte[2] = {(char)c};
        struct text text = {0};
        size_t length;
        html_escape(&text, (struct slice){byte, 1});
        char *made = text_take(&text, &length);
        assert_non_null(made);
        assert_true(strchr("&<>\"'", c) ? length > 3 && made[0] == '&' : strcmp(made, byte) == 0);
        free(made);
    }
}

/* From memory of exactly that size: a sanitizer reports a read behind the cut. */
static void test_pages_cut_at_every_byte(void **state)
{
    static const char page[] = "a{{title}}b";
    for (size_t cut = 0; cut < sizeof(page); cut++) {
        char *bytes = malloc(cut ? cut : 1);
        assert_non_null(bytes);
        memcpy(bytes, page, cut);
        struct text text = {0};
        size_t length;
        html_fill(&text, (struct slice){bytes, cut}, NULL, 0);
        char *made = text_take(&text, &length);
        assert_non_null(made);
        assert_int_equal(length, cut < 10 ? cut : cut - 9);
        free(made);
        free(bytes);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fills),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_pages_cut_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
