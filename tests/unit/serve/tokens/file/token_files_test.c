#include "serve/tokens/file/token_files.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"
#include "lib/token_folder.h"

static const struct siphash_seed seed = {1, 2};

static char error[512];

static struct token_text read_source(const char *path)
{
    struct token_text text;
    assert_true(token_files_read(path, &text, error, sizeof(error)));
    return text;
}

static void assert_text(const struct token_text *text, const char *bytes, size_t pieces)
{
    assert_int_equal(text->length, strlen(bytes));
    assert_memory_equal(text->bytes, bytes, text->length);
    assert_int_equal(text->count, pieces);
}

static uint64_t fingerprint_of(const char *path)
{
    struct token_scan scan;
    assert_true(token_files_scan(path, &seed, &scan, error, sizeof(error)));
    uint64_t fingerprint = scan.fingerprint;
    token_files_scan_free(&scan);
    return fingerprint;
}

/* ---- reading ---- */

static void test_reads_a_file(void **unused)
{
    token_folder_write("file", "a: h:1\n");
    struct token_text text = read_source(token_folder_path("file"));
    assert_text(&text, "a: h:1\n", 1);
    assert_null(text.pieces[0].name);
    token_files_free(&text);
    assert_null(text.bytes);
}

static void test_reads_a_folder_in_the_order_of_names(void **unused)
{
    token_folder_write("b", "2");
    token_folder_write("a", "1");
    token_folder_write(".c", "0");
    token_folder_write("empty", "");
    token_folder_make("folder");
    struct token_text text = read_source(token_folder_root());
    assert_text(&text, "012", 4);
    assert_string_equal(text.pieces[0].name, ".c");
    assert_string_equal(text.pieces[1].name, "a");
    assert_string_equal(text.pieces[2].name, "b");
    assert_string_equal(text.pieces[3].name, "empty");
    token_files_free(&text);
}

static void test_names_a_file_of_a_folder_that_cannot_be_read(void **unused)
{
    token_folder_write("a", "1");
    token_folder_link("nowhere", "dangling");
    struct token_text text = read_source(token_folder_root());
    assert_text(&text, "1", 2);
    assert_int_equal(text.pieces[0].error_code, 0);
    assert_string_equal(text.pieces[1].name, "dangling");
    assert_int_equal(text.pieces[1].error_code, ENOENT);
    token_files_free(&text);
}

static void test_a_source_that_is_missing_is_an_error(void **unused)
{
    struct token_text text;
    struct token_scan scan;
    assert_false(token_files_read(token_folder_path("x"), &text, error, sizeof(error)));
    assert_non_null(strstr(error, "/x: No such file"));
    assert_false(token_files_scan(token_folder_path("x"), &seed, &scan, error, sizeof(error)));
    assert_non_null(strstr(error, "/x: No such file"));
    token_files_scan_free(&scan);
}

static void test_a_source_that_is_a_device_is_an_error(void **unused)
{
    struct token_text text;
    assert_false(token_files_read("/dev/null", &text, error, sizeof(error)));
    assert_string_equal(error, "/dev/null: not a regular file");
}

static void test_without_memory_nothing_is_read(void **unused)
{
    token_folder_write("a", "1");
    token_folder_write("b", "2");
    for (unsigned i = 1;; i++) {
        struct token_text text;
        failing_alloc_arm(i);
        bool read = token_files_read(token_folder_root(), &text, error, sizeof(error));
        bool failed = failing_alloc_disarm();
        if (read)
            token_files_free(&text);
        assert_true(read || failed);
        if (!failed)
            return;
    }
}

static void test_texts_that_are_the_same(void **unused)
{
    token_folder_write("a", "1");
    token_folder_write("b", "23");
    struct token_text first = read_source(token_folder_root());
    struct token_text again = read_source(token_folder_root());
    assert_true(token_files_is_same(&first, &again));
    token_files_free(&again);

    token_folder_write("a", "12"); /* the same bytes, cut elsewhere */
    token_folder_write("b", "3");
    again = read_source(token_folder_root());
    assert_false(token_files_is_same(&first, &again));
    token_files_free(&again);

    token_folder_write("a", "1");
    token_folder_write("b", "24");
    again = read_source(token_folder_root());
    assert_false(token_files_is_same(&first, &again));
    token_files_free(&again);
    token_files_free(&first);
}

/* ---- scans ---- */

static void test_the_fingerprint_changes_with_the_files(void **unused)
{
    uint64_t empty = fingerprint_of(token_folder_root());
    token_folder_write("a", "1");
    uint64_t one = fingerprint_of(token_folder_root());
    assert_true(one != empty);
    assert_true(fingerprint_of(token_folder_root()) == one);
    token_folder_write("a", "12");
    uint64_t longer = fingerprint_of(token_folder_root());
    assert_true(longer != one);
    token_folder_move("a", "b");
    assert_true(fingerprint_of(token_folder_root()) != longer);
}

static void test_links_name_the_folders_they_lead_into(void **unused)
{
    struct token_scan scan;
    token_folder_make("data");
    token_folder_write("data/a", "1");
    token_folder_write("data/b", "2");
    token_folder_make("source");
    token_folder_link("../data/a", "source/a");
    token_folder_link("../data/b", "source/b");
    token_folder_write("source/c", "3");
    token_folder_link("c", "source/d"); /* to a file of the folder itself */
    const char *path = token_folder_path("source");
    assert_true(token_files_scan(path, &seed, &scan, error, sizeof(error)));
    assert_true(scan.watchable);
    assert_int_equal(scan.link_count, 1);
    assert_non_null(strstr(scan.links[0], "source/../data"));
    token_files_scan_free(&scan);
}

static void test_links_that_lead_too_far_are_not_watchable(void **unused)
{
    struct token_scan scan;
    token_folder_make("source");
    token_folder_write("file", "1");
    token_folder_link("file", "link");
    token_folder_link("../link", "source/a"); /* a link to a link */
    const char *path = token_folder_path("source");
    assert_true(token_files_scan(path, &seed, &scan, error, sizeof(error)));
    assert_false(scan.watchable);
    token_files_scan_free(&scan);
}

static void test_links_into_too_many_folders_are_not_watchable(void **unused)
{
    struct token_scan scan;
    char to[32], name[32];
    token_folder_make("source");
    for (int i = 0; i <= TOKEN_SCAN_LINKS; i++) {
        snprintf(name, sizeof(name), "folder%d", i);
        token_folder_make(name);
        snprintf(to, sizeof(to), "../folder%d/x", i);
        snprintf(name, sizeof(name), "source/%d", i);
        token_folder_link(to, name);
    }
    const char *path = token_folder_path("source");
    assert_true(token_files_scan(path, &seed, &scan, error, sizeof(error)));
    assert_false(scan.watchable);
    assert_int_equal(scan.link_count, TOKEN_SCAN_LINKS);
    token_files_scan_free(&scan);
}

static void test_a_file_is_not_watchable(void **unused)
{
    struct token_scan scan;
    struct stat info;
    token_folder_write("file", "1");
    const char *path = token_folder_path("file");
    assert_true(token_files_scan(path, &seed, &scan, error, sizeof(error)));
    assert_false(scan.watchable);
    assert_int_equal(stat(path, &info), 0);
    assert_true(scan.fingerprint == token_files_fingerprint(&seed, &info));
    token_files_scan_free(&scan);
}

/* ---- a file for each token ---- */

static bool read_named(struct slice name, char *out, size_t size, size_t *length)
{
    return token_files_read_named(token_folder_root(), name, out, size, length, error,
                                  sizeof(error));
}

static void test_reads_the_file_of_a_name(void **unused)
{
    char out[8];
    size_t length;
    token_folder_write("one", "h:1");
    assert_true(read_named(SLICE("one"), out, sizeof(out), &length));
    assert_int_equal(length, 3);
    assert_memory_equal(out, "h:1", 3);
}

static void test_there_is_no_file_for_other_names(void **unused)
{
    static const struct slice names[] = {{"", 0},     {"two", 3},    {".one", 4},
                                         {"..", 2},   {"one/", 4},   {"one\0x", 5},
                                         {"../x", 4}, {"folder", 6}, {"out", 3}};
    char out[8];
    size_t length;
    token_folder_write("one", "h:1");
    token_folder_write(".one", "h:1");
    token_folder_make("folder");
    token_folder_link("/etc/passwd", "out"); /* out of the folder */
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        assert_false(read_named(names[i], out, sizeof(out), &length));
        assert_string_equal(error, "");
    }
}

static void test_a_file_that_is_too_long_is_an_error(void **unused)
{
    char out[2];
    size_t length;
    token_folder_write("one", "h:1");
    assert_false(read_named(SLICE("one"), out, sizeof(out), &length));
    assert_non_null(strstr(error, "File too large"));
    assert_null(strstr(error, "one")); /* the name is a secret */
}

/* Of 4 GiB and three bytes: a size of 32 bits would be three. */
static void test_a_file_beyond_4_gib_is_an_error(void **unused)
{
    char out[8];
    size_t length;
    struct token_text text;
    token_folder_write("one", "h:1");
    assert_int_equal(truncate(token_folder_path("one"), ((off_t)1 << 32) + 3), 0);
    assert_false(read_named(SLICE("one"), out, sizeof(out), &length));
    assert_non_null(strstr(error, "File too large"));
    assert_false(token_files_read(token_folder_path("one"), &text, error, sizeof(error)));
    assert_non_null(strstr(error, "File too large"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, token_folder_open, token_folder_close)
    const struct CMUnitTest tests[] = {
        TEST(test_reads_a_file),
        TEST(test_reads_a_folder_in_the_order_of_names),
        TEST(test_names_a_file_of_a_folder_that_cannot_be_read),
        TEST(test_a_source_that_is_missing_is_an_error),
        TEST(test_a_source_that_is_a_device_is_an_error),
        TEST(test_without_memory_nothing_is_read),
        TEST(test_texts_that_are_the_same),
        TEST(test_the_fingerprint_changes_with_the_files),
        TEST(test_links_name_the_folders_they_lead_into),
        TEST(test_links_that_lead_too_far_are_not_watchable),
        TEST(test_links_into_too_many_folders_are_not_watchable),
        TEST(test_a_file_is_not_watchable),
        TEST(test_reads_the_file_of_a_name),
        TEST(test_there_is_no_file_for_other_names),
        TEST(test_a_file_that_is_too_long_is_an_error),
        TEST(test_a_file_beyond_4_gib_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
