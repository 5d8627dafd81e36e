/* Each part in a child of its own, which is restricted for good. Skipped where the kernel has none.
 */
#include "run/sandbox/landlock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/sandbox/sandbox_grants.h"
#include "core/sandbox/sandbox_verdict.h"
#include "lib/in_child.h"

static char folder[] = "/tmp/wsluice-landlock-XXXXXX";

static int set_up(void **state)
{
    return mkdtemp(folder) && chdir(folder) == 0 && mkdir("in", 0700) == 0 &&
                   mkdir("out", 0700) == 0
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    static const char *const files[] = {"in/a", "in/b", "in/c", "out/a", "out/b"};
    for (size_t i = 0; i < WSL_COUNT(files); i++)
        unlink(files[i]);
    return rmdir("in") == 0 && rmdir("out") == 0 && chdir("/") == 0 ? rmdir(folder) : -1;
}

static void touch(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static int try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int version_or_skip(int needed)
{
    const char *problem;
    int version = landlock_version(&problem);
    if (version < needed) {
        print_message("skipped: the kernel has Landlock %d (%s), the test needs %d\n", version,
                      problem ? problem : "older", needed);
        skip();
    }
    return version;
}

static void enter(struct landlock *landlock)
{
    in_child_expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    in_child_expect(landlock_enter(landlock));
    in_child_expect(landlock->fd == -1);
}

static void allow(const struct landlock *landlock, const char *path, unsigned rights, bool is_file)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    in_child_expect(fd >= 0);
    in_child_expect(landlock_allow_path(landlock, fd, rights, is_file));
    close(fd);
}

static void open_files(struct landlock *landlock, int version)
{
    const struct landlock_scope scope = {.version = version, .files = true};
    in_child_expect(landlock_open(landlock, &scope));
}

static void read_only(void *argument)
{
    struct landlock landlock;
    open_files(&landlock, *(int *)argument);
    allow(&landlock, "in", SANDBOX_READ, false);
    enter(&landlock);
    in_child_expect(try_open("in/a", O_RDONLY) == 0);
    in_child_expect(try_open("in", O_RDONLY | O_DIRECTORY) == 0);
    in_child_expect(try_open("in/a", O_WRONLY) == EACCES);
    in_child_expect(try_open("in/b", O_WRONLY | O_CREAT) == EACCES);
    in_child_expect(unlink("in/a") == -1 && errno == EACCES);
    in_child_expect(try_open("out/a", O_RDONLY) == EACCES);
    in_child_expect(try_open("out/a", O_PATH) == 0); /* which reads nothing */
    in_child_expect(try_open("/etc/passwd", O_RDONLY) == EACCES);
    in_child_expect(execl("/bin/true", "true", (char *)NULL) == -1 && errno == EACCES);
}

static void make_and_append(void *argument)
{
    struct landlock landlock;
    open_files(&landlock, *(int *)argument);
    allow(&landlock, "in", SANDBOX_WRITE | SANDBOX_MAKE_FILE, false);
    enter(&landlock);
    in_child_expect(try_open("in/b", O_WRONLY | O_CREAT | O_APPEND) == 0);
    in_child_expect(try_open("in/a", O_WRONLY) == 0);
    in_child_expect(try_open("in/a", O_RDONLY) == EACCES);
    in_child_expect(unlink("in/a") == -1 && errno == EACCES);
    in_child_expect(mkdir("in/d", 0700) == -1 && errno == EACCES);
    in_child_expect(mknod("in/d", S_IFIFO | 0600, 0) == -1 && errno == EACCES);
}

static void replace(void *argument)
{
    struct landlock landlock;
    open_files(&landlock, *(int *)argument);
    allow(&landlock, "in",
          SANDBOX_WRITE | SANDBOX_MAKE_FILE | SANDBOX_REMOVE | SANDBOX_TRUNCATE |
              SANDBOX_MAKE_SOCKET,
          false);
    enter(&landlock);
    in_child_expect(unlink("in/c") == 0);
    in_child_expect(try_open("in/c", O_WRONLY | O_CREAT | O_EXCL) == 0);
    in_child_expect(try_open("in/c", O_WRONLY | O_TRUNC) == 0);
}

static void one_file(void *argument)
{
    struct landlock landlock;
    open_files(&landlock, *(int *)argument);
    /* Rights that only folders have are left out. */
    allow(&landlock, "in/a", SANDBOX_READ | SANDBOX_MAKE_FILE | SANDBOX_REMOVE, true);
    enter(&landlock);
    in_child_expect(try_open("in/a", O_RDONLY) == 0);
    in_child_expect(try_open("in/c", O_RDONLY) == EACCES);
}

static void files(void **state)
{
    int version = version_or_skip(SANDBOX_LANDLOCK_FILES);
    touch("in/a");
    touch("in/c");
    touch("out/a");
    /* As on older kernels, too: rights that they do not know are left out. */
    for (; version >= SANDBOX_LANDLOCK_FILES; version--) {
        in_child(read_only, &version);
        in_child(make_and_append, &version);
        in_child(replace, &version);
        in_child(one_file, &version);
    }
}

static int try_socket(bool binds, uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct sockaddr *any = (struct sockaddr *)&address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = binds ? bind(fd, any, sizeof(address)) : connect(fd, any, sizeof(address));
    int error = result < 0 ? errno : 0;
    close(fd);
    return error;
}

/* Nothing listens on port 1: where connecting is allowed, the answer is the network's. */
static void ports(void *argument)
{
    struct landlock landlock;
    const struct landlock_scope scope = {
        .version = *(int *)argument, .connect = true, .bind = true};
    in_child_expect(landlock_open(&landlock, &scope));
    in_child_expect(landlock_allow_port(&landlock, 1, false));
    in_child_expect(landlock_allow_port(&landlock, 0, true));
    enter(&landlock);
    in_child_expect(try_socket(false, 1) == ECONNREFUSED);
    in_child_expect(try_socket(false, 2) == EACCES);
    in_child_expect(try_socket(true, 0) == 0);
    in_child_expect(try_socket(true, 54321) == EACCES);
    in_child_expect(try_open("/etc/passwd", O_RDONLY) == 0); /* files are not in it */
}

static void tcp(void **state)
{
    int version = version_or_skip(SANDBOX_LANDLOCK_TCP);
    in_child(ports, &version);
    version = SANDBOX_LANDLOCK_TCP;
    in_child(ports, &version);
}

static void a_version_has_a_reason(void **state)
{
    const char *problem;
    int version = landlock_version(&problem);
    assert_true((version > 0) == (problem == NULL));
}

static void a_wrong_descriptor_is_refused(void **state)
{
    struct landlock landlock;
    const struct landlock_scope scope = {.version = version_or_skip(SANDBOX_LANDLOCK_FILES),
                                         .files = true};
    assert_true(landlock_open(&landlock, &scope));
    assert_false(landlock_allow_path(&landlock, -1, SANDBOX_READ, false));
    assert_int_equal(errno, EBADF);
    landlock_close(&landlock);
    landlock_close(&landlock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_version_has_a_reason),
        cmocka_unit_test(a_wrong_descriptor_is_refused),
        cmocka_unit_test(files),
        cmocka_unit_test(tcp),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
