#include "core/files/file_listing.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char *page_of(struct file_listing listing)
{
    size_t length;
    char *page = file_listing_page(&listing, &length);
    assert_non_null(page);
    assert_int_equal(strlen(page), length);
    return page;
}

static char *page_of_name(const char *name, bool folder)
{
    struct file_listing_entry entry = {strdup(name), folder, 1234, 784111777};
    assert_non_null(entry.name);
    char *page = page_of((struct file_listing){
        .title = SLICE("/a/"),
        .entries = &entry,
        .count = 1,
    });
    free(entry.name);
    return page;
}

static void assert_has(const char *page, const char *text)
{
    if (!strstr(page, text))
        fail_msg("no %s in %s", text, page);
}

static void test_lists_folders_first_and_by_name(void **state)
{
    struct file_listing_entry entries[] = {{(char[]){"b.txt"}, false, 5, 0},
                                           {(char[]){"a.txt"}, false, 999, 0},
                                           {(char[]){"z"}, true, 0, 0},
                                           {(char[]){"B"}, true, 0, 0}};
    char *page = page_of((struct file_listing){
        .title = SLICE("/web/"),
        .has_parent = true,
        .entries = entries,
        .count = WSL_COUNT(entries),
    });
    static const char *const order[] = {"href=\"../\"", "./B/\"", "./z/\"",
                                        "./a.txt\"",    "999 B",  "./b.txt\""};
    const char *at = page;
    for (size_t i = 0; i < WSL_COUNT(order); i++) {
        at = strstr(at, order[i]);
        assert_non_null(at);
    }
    assert_has(page, "<title>/web/</title>");
    assert_null(strstr(page, "Only"));
    free(page);
}

static void test_escapes_names(void **state)
{
    char *page = page_of_name("<script>alert('1')&\"\n.js", false);
    assert_null(strstr(page, "<script"));
    assert_has(page, "&lt;script&gt;alert(&#39;1&#39;)&amp;&quot;\xEF\xBF\xBD.js</a>");
    assert_has(page, "href=\"./%3Cscript%3Ealert%28%271%27%29%26%22%0A.js\"");
    free(page);

    page = page_of((struct file_listing){.title = SLICE("/<img src=x onerror=y>/")});
    assert_null(strstr(page, "<img"));
    free(page);
}

static void test_names_with_any_bytes(void **state)
{
    char *page = page_of_name("b\xC3\xBCro \xFF\xC3", true);
    assert_has(page, ">b\xC3\xBCro \xEF\xBF\xBD\xEF\xBF\xBD/</a>");
    assert_has(page, "href=\"./b%C3%BCro%20%FF%C3/\"");
    free(page);
    page = page_of_name("javascript:x", false);
    assert_has(page, "href=\"./javascript%3Ax\"");
    free(page);
}

static void test_sizes_and_times(void **state)
{
    static const struct {
        uint64_t size;
        const char *shown;
    } rows[] = {
        {0, "<td>0 B<td>"},       {999, "<td>999 B<td>"},     {1000, "<td>1.0 KB<td>"},
        {12345, "<td>12 KB<td>"}, {9960000, "<td>10 MB<td>"}, {UINT64_MAX, "<td>18 EB<td>"},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        struct file_listing_entry entry = {(char[]){"a"}, false, rows[i].size, 784111777};
        char *page = page_of((struct file_listing){.entries = &entry, .count = 1, .cut = true});
        assert_has(page, rows[i].shown);
        assert_has(page, "<td>06 Nov 1994 08:49\n");
        assert_has(page, "Only 1 entries are shown");
        free(page);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_folders_first_and_by_name),
        cmocka_unit_test(test_escapes_names),
        cmocka_unit_test(test_names_with_any_bytes),
        cmocka_unit_test(test_sizes_and_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
