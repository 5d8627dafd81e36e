#include "serve/tokens/file/token_inotify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/token_folder.h"

static const struct siphash_seed seed = {1, 2};
static struct token_inotify watch;
static char source[256];

static int set_up(void **state)
{
    assert_int_equal(token_folder_open(state), 0);
    token_folder_make("source");
    snprintf(source, sizeof(source), "%s", token_folder_path("source"));
    token_inotify_init(&watch);
    token_inotify_follow(&watch, source);
    return 0;
}

static int tear_down(void **state)
{
    token_inotify_close(&watch);
    return token_folder_close(state);
}

static bool is_quiet(void)
{
    return token_inotify_is_quiet(&watch, source);
}

/* As a refresh does: the links of a scan are watched. */
static bool follow_links(void)
{
    struct token_scan scan;
    char error[256];
    token_inotify_follow(&watch, source);
    assert_true(token_files_scan(source, &seed, &scan, error, sizeof(error)));
    bool all = token_inotify_follow_links(&watch, &scan);
    token_files_scan_free(&scan);
    return all;
}

static void test_each_change_is_reported_once(void **unused)
{
    assert_true(token_inotify_is_active(&watch));
    assert_true(is_quiet());
    token_folder_write("source/a", "1");
    assert_false(is_quiet());
    assert_true(is_quiet());
    token_folder_write("source/a", "2");
    assert_false(is_quiet());
    token_folder_move("source/a", "source/b");
    assert_false(is_quiet());
    assert_int_equal(chmod(token_folder_path("source/b"), 0600), 0);
    assert_false(is_quiet());
    assert_int_equal(unlink(token_folder_path("source/b")), 0);
    assert_false(is_quiet());
    assert_true(is_quiet());
}

static void test_a_file_is_not_watched(void **unused)
{
    token_folder_write("file", "1");
    token_inotify_follow(&watch, token_folder_path("file"));
    assert_false(token_inotify_is_active(&watch));
    assert_false(token_inotify_is_quiet(&watch, token_folder_path("file")));
}

static void test_a_folder_that_is_replaced_is_not_quiet(void **unused)
{
    token_folder_make("other");
    token_folder_move("source", "before");
    token_folder_move("other", "source");
    assert_false(is_quiet());
    assert_false(is_quiet()); /* until it is followed again */
    token_inotify_follow(&watch, source);
    (void)is_quiet(); /* the end of the watch before is reported as well */
    assert_true(is_quiet());
    token_folder_write("before/a", "1");
    assert_true(is_quiet());
    token_folder_write("source/a", "1");
    assert_false(is_quiet());
}

static void test_a_folder_that_is_removed_is_not_watched(void **unused)
{
    assert_int_equal(rmdir(source), 0);
    assert_false(is_quiet());
    token_inotify_follow(&watch, source);
    assert_false(token_inotify_is_active(&watch));
    token_folder_make("source");
    token_inotify_follow(&watch, source);
    assert_true(token_inotify_is_active(&watch));
    assert_true(is_quiet());
}

static void test_following_again_keeps_the_watch(void **unused)
{
    int number = watch.folder.number;
    token_folder_write("source/a", "1");
    token_inotify_follow(&watch, source);
    assert_int_equal(watch.folder.number, number);
    assert_false(is_quiet()); /* the change before is not lost */
}

static void test_changes_behind_links_are_reported(void **unused)
{
    token_folder_make("data");
    token_folder_write("data/a", "1");
    token_folder_link("../data/a", "source/a");
    assert_false(follow_links()); /* it was not watched before that scan */
    assert_true(follow_links());
    assert_false(is_quiet()); /* the link was made */
    assert_true(is_quiet());
    token_folder_write("data/a", "2");
    assert_false(is_quiet());
    assert_int_equal(unlink(token_folder_path("source/a")), 0);
    assert_true(follow_links());
    assert_false(is_quiet());
    token_folder_write("data/a", "3"); /* no link leads there any more */
    assert_true(is_quiet());
}

static void test_a_link_on_the_way_that_is_replaced_is_not_quiet(void **unused)
{
    token_folder_make("one");
    token_folder_make("two");
    token_folder_link("one", "current");
    token_folder_link("../current/a", "source/a");
    (void)follow_links();
    (void)follow_links();
    (void)is_quiet();
    assert_true(is_quiet());
    token_folder_link("two", "next");
    token_folder_move("next", "current");
    assert_false(is_quiet());
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_each_change_is_reported_once),
        TEST(test_a_file_is_not_watched),
        TEST(test_a_folder_that_is_replaced_is_not_quiet),
        TEST(test_a_folder_that_is_removed_is_not_watched),
        TEST(test_following_again_keeps_the_watch),
        TEST(test_changes_behind_links_are_reported),
        TEST(test_a_link_on_the_way_that_is_replaced_is_not_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
