/* A folder as a page: which of its names are listed. */
#include "serve/files/files_listing.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char base[] = "/tmp/files_listing_test_XXXXXX";
static struct files_root root;

static void touch(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static int make_tree(void **unused)
{
    assert_non_null(mkdtemp(base));
    assert_int_equal(chdir(base), 0);
    assert_int_equal(mkdir("root", 0700) | mkdir("root/sub", 0700), 0);
    touch("secret");
    touch("root/file.txt");
    touch("root/.hidden");
    touch("root/sub/inner.txt");
    assert_int_equal(mkfifo("root/fifo", 0600), 0);
    assert_int_equal(symlink("sub/inner.txt", "root/inside"), 0);
    assert_int_equal(symlink("../secret", "root/outside"), 0);
    assert_int_equal(symlink("nowhere", "root/dangling"), 0);
    return files_root_open(&root, "root");
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *at)
{
    return remove(path);
}

static int remove_tree(void **unused)
{
    files_root_close(&root);
    return chdir("/") || nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static char *list(const char *folder, bool hidden)
{
    size_t length;
    char *page = files_listing_read(&root, folder, hidden, &length);
    if (!page)
        return NULL;
    char *text = slice_copy((struct slice){page, length});
    free(page);
    assert_non_null(text);
    return text;
}

static void test_names(void **unused)
{
    static const char *const listed[] = {"file.txt", "sub/", "inside"};
    static const char *const others[] = {".hidden", "fifo", "outside", "dangling", "secret"};
    char *page = list("", false);
    assert_non_null(page);
    for (size_t i = 0; i < WSL_COUNT(listed); i++)
        assert_non_null(strstr(page, listed[i]));
    for (size_t i = 0; i < WSL_COUNT(others); i++)
        assert_null(strstr(page, others[i]));
    assert_null(strstr(page, "\"../\"")); /* the root has no parent that is served */
    free(page);
}

static void test_hidden(void **unused)
{
    char *page = list("", true);
    assert_non_null(page);
    assert_non_null(strstr(page, ".hidden"));
    free(page);
}

static void test_below_the_root(void **unused)
{
    char *page = list("sub/", false);
    assert_non_null(page);
    assert_non_null(strstr(page, "inner.txt"));
    assert_non_null(strstr(page, "\"../\""));
    free(page);
}

static void test_no_folder(void **unused)
{
    assert_null(list("nowhere/", false));
    assert_null(list("file.txt", false));
    assert_null(list("../", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_below_the_root),
        cmocka_unit_test(test_no_folder),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
