/* Whether files have changed: written in place, renamed over, swapped behind a link, gone. */
#include "net/tls/context/tls_files.h"

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

struct fixture {
    char directory[32], path[2][64];
    struct tls_files files;
    char text[512];
    struct tls_error error;
};

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void read_file(struct fixture *f, const char *path, const char *expected)
{
    struct tls_bytes bytes;
    assert_true(tls_files_read(&f->files, "test", path, &bytes, &f->error));
    assert_int_equal(bytes.length, strlen(expected));
    if (bytes.length > 0)
        assert_memory_equal(bytes.data, expected, bytes.length);
    tls_files_free_bytes(&bytes);
    assert_null(bytes.data);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->directory, sizeof(f->directory), "/tmp/wsluice-files-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    for (int i = 0; i < 2; i++) {
        snprintf(f->path[i], sizeof(f->path[i]), "%s/%d", f->directory, i);
        write_file(f->path[i], i ? "one" : "zero");
    }
    f->error = (struct tls_error){.text = f->text, .size = sizeof(f->text)};
    tls_files_init(&f->files);
    read_file(f, f->path[0], "zero");
    read_file(f, f->path[1], "one");
    *state = f;
    return 0;
}

static int remove_cb(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    tls_files_free(&f->files);
    assert_int_equal(nftw(f->directory, remove_cb, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(f);
    return 0;
}

/* Not at the first look, at the second, and then no more. */
static void assert_reported_once(struct fixture *f)
{
    assert_false(tls_files_changed(&f->files));
    assert_true(tls_files_changed(&f->files));
    assert_false(tls_files_changed(&f->files));
    assert_false(tls_files_changed(&f->files));
}

static void test_nothing_happens(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++)
        assert_false(tls_files_changed(&f->files));
}

static void test_each_change_is_reported_once(void **state)
{
    struct fixture *f = *state;
    char other[64];
    write_file(f->path[0], "longer than before");
    assert_reported_once(f);

    snprintf(other, sizeof(other), "%s/new", f->directory);
    write_file(other, "one");
    assert_int_equal(rename(other, f->path[1]), 0);
    assert_reported_once(f);

    unlink(f->path[1]);
    assert_reported_once(f);
    write_file(f->path[1], "one");
    assert_reported_once(f);

    /* The same size and, as after cp -p, the same time. */
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(utimensat(AT_FDCWD, f->path[0], times, 0), 0);
    assert_reported_once(f);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL); /* a tick of the file system */
    int fd = open(f->path[0], O_WRONLY);
    assert_int_equal(write(fd, "LONGER", 6), 6);
    close(fd);
    assert_int_equal(utimensat(AT_FDCWD, f->path[0], times, 0), 0);
    assert_reported_once(f);
}

/* A pair that is being replaced: no report between its two files. */
static void test_waits_until_it_is_quiet(void **state)
{
    struct fixture *f = *state;
    write_file(f->path[0], "certificate");
    assert_false(tls_files_changed(&f->files));
    write_file(f->path[1], "its key");
    assert_reported_once(f);
    write_file(f->path[0], "another one");
    assert_false(tls_files_changed(&f->files));
    write_file(f->path[0], "and another");
    unlink(f->path[1]);
    assert_reported_once(f);
}

/* Kubernetes: tls.crt -> ..data/tls.crt, ..data -> ..2026_1, and a rename changes ..data. */
static void test_link_on_the_way(void **state)
{
    struct fixture *f = *state;
    char path[6][96];
    static const char *const names[] = {"a", "b", "..data", "..tmp", "tls.crt", "..data/tls.crt"};
    for (int i = 0; i < 6; i++)
        snprintf(path[i], sizeof(path[i]), "%s/%s", f->directory, names[i]);
    for (int i = 0; i < 2; i++) {
        char file[sizeof(path[0]) + 16];
        assert_int_equal(mkdir(path[i], 0700), 0);
        snprintf(file, sizeof(file), "%.*s/tls.crt", (int)sizeof(path[0]), path[i]);
        write_file(file, "same");
    }
    assert_int_equal(symlink("a", path[2]), 0);
    assert_int_equal(symlink("..data/tls.crt", path[4]), 0);
    read_file(f, path[4], "same");
    assert_false(tls_files_changed(&f->files));
    assert_int_equal(symlink("b", path[3]), 0);
    assert_int_equal(rename(path[3], path[2]), 0);
    assert_reported_once(f);
}

static void test_what_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    struct tls_bytes bytes;
    const struct config_place place = {"gateway.yaml", 7, 3};
    f->error.place = &place;
    assert_false(tls_files_read(&f->files, "key", "/nowhere/a.pem", &bytes, &f->error));
    assert_string_equal(f->text,
                        "gateway.yaml:7:3: key file '/nowhere/a.pem' cannot be read: No such file "
                        "or directory; check the path and that the user running wsluice may read "
                        "it");
    assert_false(tls_files_read(&f->files, "key", f->directory, &bytes, &f->error));
    assert_non_null(strstr(f->text, "Is a directory"));
    assert_false(tls_files_read(&f->files, "key", "/dev/zero", &bytes, &f->error));
    assert_non_null(strstr(f->text, "File too large"));
    read_file(f, "/dev/null", ""); /* not a regular file: never changes */
    assert_int_equal(f->files.count, 2);
}

/* As a shell's <(command), and longer than the first buffer. */
static void test_pipe(void **state)
{
    struct fixture *f = *state;
    static char text[20000];
    int fds[2];
    char path[32];
    memset(text, 'x', sizeof(text) - 1);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], text, sizeof(text) - 1), sizeof(text) - 1);
    close(fds[1]);
    snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
    read_file(f, path, text);
    close(fds[0]);
    assert_false(tls_files_changed(&f->files));
}

/* A program that has begun, and writes when the reader waits already. */
static void test_pipe_of_a_slow_program(void **state)
{
    struct fixture *f = *state;
    int fds[2], status;
    char path[32];
    assert_int_equal(pipe(fds), 0);
    pid_t reader = fork();
    assert_true(reader >= 0);
    if (reader == 0) {
        struct tls_bytes bytes;
        close(fds[1]);
        snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
        _exit(tls_files_read(&f->files, "key", path, &bytes, &f->error) && bytes.length == 4 ? 0
                                                                                             : 1);
    }
    close(fds[0]);
    for (int i = 0; i < 4; i++) {
        sched_yield();
        assert_int_equal(write(fds[1], &"late"[i], 1), 1);
    }
    close(fds[1]);
    assert_int_equal(waitpid(reader, &status, 0), reader);
    assert_int_equal(status, 0);
}

/* Nothing waits for a writer, who may never come. */
static void test_fifo_without_a_writer(void **state)
{
    struct fixture *f = *state;
    char path[64];
    snprintf(path, sizeof(path), "%s/fifo", f->directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    read_file(f, path, "");
}

static void test_each_allocation_fails(void **state)
{
    struct fixture *f = *state;
    bool failed = true;
    for (unsigned n = 1; failed; n++) {
        struct tls_files files;
        bool read = true;
        tls_files_init(&files);
        failing_alloc_arm(n);
        for (int i = 0; read && i < 6; i++) {
            struct tls_bytes bytes;
            read = tls_files_read(&files, "test", f->path[0], &bytes, &f->error);
            tls_files_free_bytes(&bytes);
        }
        failed = failing_alloc_disarm();
        assert_int_equal(read, !failed);
        tls_files_free(&files);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_happens),         TEST(test_each_change_is_reported_once),
        TEST(test_waits_until_it_is_quiet), TEST(test_link_on_the_way),
        TEST(test_what_cannot_be_read),     TEST(test_pipe),
        TEST(test_pipe_of_a_slow_program),  TEST(test_fifo_without_a_writer),
        TEST(test_each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
