#include "base/proc.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static void test_descriptors(void **state)
{
    char name[PROC_NAME];
    struct stat folder, root, entry, named;
    int fd = open("/", O_PATH | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(stat(proc_fd(name, fd), &folder), 0);
    assert_int_equal(stat("/", &root), 0);
    assert_true(same_file(&folder, &root));
    assert_int_equal(stat(proc_entry(name, fd, "etc"), &entry), 0);
    assert_int_equal(stat("/etc", &named), 0);
    assert_true(same_file(&entry, &named));
    close(fd);
}

static void test_processes_and_threads(void **state)
{
    char name[PROC_NAME], thread[32];
    unsigned long pid = (unsigned long)getpid();
    snprintf(thread, sizeof(thread), "%lu",
             pid); /* the first thread has the number of its process */
    assert_int_equal(access(proc_process(name, pid, "status"), R_OK), 0);
    assert_int_equal(access(proc_process(name, pid, "task"), R_OK), 0);
    assert_int_equal(access(proc_thread(name, pid, thread, "status"), R_OK), 0);
    assert_int_equal(access(PROC_CGROUP, R_OK), 0);
}

static void test_the_longest_entry_has_room(void **state)
{
    char name[PROC_NAME], entry[NAME_MAX + 1];
    memset(entry, 'x', NAME_MAX);
    entry[NAME_MAX] = '\0';
    size_t length = strlen(proc_entry(name, INT_MAX, entry));
    assert_int_equal(length, strlen("/proc/self/fd/2147483647/") + NAME_MAX);
}

static void test_the_program(void **state)
{
    char path[PATH_MAX], shorter[PATH_MAX];
    assert_true(proc_program(path, sizeof(path)));
    assert_string_equal(strrchr(path, '/') + 1, "base_proc_test");
    assert_true(proc_program(shorter, strlen(path) + 1));
    assert_string_equal(shorter, path);
    assert_false(proc_program(shorter, strlen(path))); /* never cut */
    assert_false(proc_program(shorter, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_processes_and_threads),
        cmocka_unit_test(test_the_longest_entry_has_room),
        cmocka_unit_test(test_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
