#include "serve/files/files_root.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* base/inside is the root; base/secret must be out of reach. */
static char base[] = "/tmp/files_root_XXXXXX";
static struct files_root root;

static void write_file(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int make_tree(void **state)
{
    assert_non_null(mkdtemp(base));
    assert_int_equal(chdir(base), 0);
    assert_int_equal(mkdir("inside", 0700) | mkdir("inside/a", 0700) | mkdir("inside/a/b", 0700),
                     0);
    assert_int_equal(mkdir("outside", 0700), 0);
    write_file("secret", "secret");
    write_file("outside/file", "secret");
    write_file("inside/file", "root");
    write_file("inside/a/file", "a");
    write_file("inside/a/b/file", "b");
    static const char *const links[][2] = {
        {"file", "inside/link"},          {"a/file", "inside/deep"},
        {"../file", "inside/a/up"},       {"b/../../a/./b//file", "inside/a/around"},
        {"a", "inside/folder"},           {"link", "inside/twice"},
        {"../secret", "inside/out"},      {"../../secret", "inside/a/out"},
        {"/etc/passwd", "inside/passwd"}, {"../outside", "inside/yard"},
        {"loop", "inside/loop"},          {"pong", "inside/ping"},
        {"ping", "inside/pong"},          {"../inside/file", "inside/through"},
        {"nothing", "inside/dangling"},   {"..", "inside/parent"},
        {"a/..", "inside/self"},          {"/proc/self/root", "inside/magic"},
        {"b/..", "inside/a/back"},
    };
    for (size_t i = 0; i < WSL_COUNT(links); i++)
        assert_int_equal(symlink(links[i][0], links[i][1]), 0);
    assert_int_equal(mkfifo("inside/fifo", 0600), 0);
    return 0;
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *at)
{
    return remove(path);
}

static int remove_tree(void **state)
{
    return chdir("/") || nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void use(enum files_root_method method)
{
    assert_int_equal(files_root_open(&root, "inside"), 0);
    if (method > root.method)
        skip();
    root.method = method;
}

static void assert_holds(const char *name, const char *wanted)
{
    char text[16] = "";
    int fd = files_root_open_file(&root, name, true);
    if (fd < 0)
        fail_msg("%s: %s", name, strerror(-fd));
    assert_int_equal(read(fd, text, sizeof(text) - 1), strlen(wanted));
    assert_string_equal(text, wanted);
    assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    close(fd);
}

static void assert_folder(const char *name)
{
    struct stat stat;
    int fd = files_root_open_file(&root, name, true);
    if (fd < 0)
        fail_msg("%s: %s", name, strerror(-fd));
    assert_int_equal(fstat(fd, &stat), 0);
    assert_true(S_ISDIR(stat.st_mode));
    close(fd);
}

static void assert_fails(const char *name, int error)
{
    int fd = files_root_open_file(&root, name, true);
    if (fd != -error)
        fail_msg("%s: %d", name, fd);
}

static void test_finds_what_is_within(void **state)
{
    use(*(enum files_root_method *)*state);
    assert_holds("file", "root");
    assert_holds("a/b/file", "b");
    assert_holds("link", "root");
    assert_holds("twice", "root");
    assert_holds("deep", "a");
    assert_holds("folder/b/file", "b");
    assert_holds("folder/up", "root");
    assert_holds("a/around", "b");
    assert_holds("self/file", "root");
    assert_holds("a/back/file", "a");
    assert_folder("");
    assert_folder("a");
    assert_folder("folder");
    assert_folder("self");
    assert_folder("a/");
    assert_folder("folder/");
    assert_folder("a/b/");
    files_root_close(&root);
}

static void test_finds_nothing_outside(void **state)
{
    use(*(enum files_root_method *)*state);
    assert_fails("out", EXDEV);
    assert_fails("a/out", EXDEV);
    assert_fails("passwd", EXDEV);
    assert_fails("yard/file", EXDEV);
    assert_fails("yard", EXDEV);
    assert_fails("through", EXDEV);
    assert_fails("parent", EXDEV);
    assert_fails("parent/secret", EXDEV);
    assert_fails("magic/etc/passwd", EXDEV);
    assert_fails("..", EXDEV);
    assert_fails("../secret", EXDEV);
    assert_fails("a/../../secret", EXDEV);
    assert_fails("loop", ELOOP);
    assert_fails("ping", ELOOP);
    assert_fails("dangling", ENOENT);
    assert_fails("nothing", ENOENT);
    assert_fails("nothing/file", ENOENT);
    assert_fails("file/file", ENOTDIR);
    assert_fails("file/", ENOTDIR);
    assert_fails("link/", ENOTDIR);
    assert_fails("deep/", ENOTDIR);
    files_root_close(&root);
}

static void test_names_have_an_end(void **state)
{
    char name[PATH_MAX + 16];
    use(*(enum files_root_method *)*state);
    memset(name, 'x', 300);
    name[300] = '\0';
    assert_fails(name, ENAMETOOLONG);
    for (size_t i = 0; i < sizeof(name) - 1; i++)
        name[i] = i % 2 ? '/' : 'a';
    name[sizeof(name) - 1] = '\0';
    assert_fails(name, ENAMETOOLONG);
    files_root_close(&root);
}

static void test_does_not_wait_for_a_fifo(void **state)
{
    use(*(enum files_root_method *)*state);
    int fd = files_root_open_file(&root, "fifo", true);
    assert_true(fd >= 0); /* the caller checks the file type */
    close(fd);
    files_root_close(&root);
}

static void test_says_when_it_would_have_to_wait(void **state)
{
    enum files_root_method method = *(enum files_root_method *)*state;
    use(method);
    close(files_root_open_file(&root, "file", true));
    int fd = files_root_open_file(&root, "file", false);
    if (method == FILES_ROOT_CACHED && fd >= 0)
        close(fd);
    else
        assert_int_equal(fd, -EAGAIN);
    files_root_close(&root);
}

/* ---- concurrent renames ---- */

static atomic_bool stop;

/* "swing" is a folder and a link out of the root by turns; its content moves up and down. */
static void *swing(void *unused)
{
    while (!atomic_load(&stop)) {
        rename("inside/swing", "inside/kept");
        (void)!symlink("../outside", "inside/swing");
        unlink("inside/swing");
        rename("inside/kept", "inside/swing");
        rename("inside/swing/sub", "outside/sub");
        rename("outside/sub", "inside/swing/sub");
    }
    return NULL;
}

static void test_a_race_never_leads_out(void **state)
{
    pthread_t thread;
    unsigned found = 0, missed = 0;
    use(*(enum files_root_method *)*state);
    if (mkdir("inside/swing", 0700) == 0) {
        assert_int_equal(mkdir("inside/swing/sub", 0700), 0);
        write_file("inside/swing/file", "good");
        assert_int_equal(symlink("../file", "inside/swing/sub/link"), 0);
    }
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&thread, NULL, swing, NULL), 0);
    /* Until both states of "swing" were seen: the scheduler decides when. */
    for (unsigned i = 0; i < 20000 || found < 100 || missed < 100; i++) {
        char text[16] = "";
        int fd = files_root_open_file(&root, i % 2 ? "swing/file" : "swing/sub/link", true);
        if (fd < 0) {
            missed++;
            continue;
        }
        found++;
        assert_int_equal(read(fd, text, sizeof(text) - 1), 4);
        assert_string_equal(text, "good");
        close(fd);
    }
    atomic_store(&stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    files_root_close(&root);
}

static void test_a_root_is_a_folder(void **state)
{
    assert_int_equal(files_root_open(&root, "nothing"), -ENOENT);
    assert_int_equal(files_root_open(&root, "secret"), -ENOTDIR);
    files_root_close(&root);
}

int main(void)
{
    static enum files_root_method methods[] = {FILES_ROOT_WALK, FILES_ROOT_KERNEL,
                                               FILES_ROOT_CACHED};
#define EACH(test, i) cmocka_unit_test_prestate(test, &methods[i])
    const struct CMUnitTest tests[] = {
        EACH(test_finds_what_is_within, 0),
        EACH(test_finds_what_is_within, 1),
        EACH(test_finds_nothing_outside, 0),
        EACH(test_finds_nothing_outside, 1),
        EACH(test_names_have_an_end, 0),
        EACH(test_names_have_an_end, 1),
        EACH(test_does_not_wait_for_a_fifo, 0),
        EACH(test_does_not_wait_for_a_fifo, 1),
        EACH(test_says_when_it_would_have_to_wait, 0),
        EACH(test_says_when_it_would_have_to_wait, 1),
        EACH(test_says_when_it_would_have_to_wait, 2),
        EACH(test_a_race_never_leads_out, 0),
        EACH(test_a_race_never_leads_out, 1),
        cmocka_unit_test(test_a_root_is_a_folder),
    };
    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
