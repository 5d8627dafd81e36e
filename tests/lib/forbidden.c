/*
 * For LD_PRELOAD: a worker that has been taken over. When it receives a request for /try, it tries
 * what a proxy never does, and writes "tried NAME ERRNO" for each on standard error; 0: it could.
 * Calls that would do harm outside of a sandbox get arguments that the kernel refuses for another
 * reason. tests/e2e/test_sandbox.py builds and drives it.
 *
 *      WSLUICE_TRY_FILE    a file that the configuration does not name
 *      WSLUICE_TRY_PORT    a port that somebody listens on, and the configuration does not name
 *      WSLUICE_TRY_SOCKET  an abstract name that somebody listens on
 *      WSLUICE_TRY_EXEC    a program to execute instead of this one; unset: none
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: the process.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void tried(const char *name, long result)
{
    int error = result < 0 ? errno : 0;
    dprintf(STDERR_FILENO, "tried %s %d\n", name, error);
}

static void tried_fd(const char *name, int fd)
{
    tried(name, fd);
    if (fd >= 0)
        close(fd);
}

static int open_and_close(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    return fd;
}

static void try_files(void)
{
    const char *file = getenv("WSLUICE_TRY_FILE");
    char other[4096];
    tried("read_shadow", open_and_close("/etc/shadow", O_RDONLY));
    tried("read_file", open_and_close(file, O_RDONLY));
    tried("write_file", open_and_close(file, O_WRONLY));
    tried("list_root", open_and_close("/", O_RDONLY | O_DIRECTORY));
    snprintf(other, sizeof(other), "%s.new", file);
    tried("make_file", open_and_close(other, O_WRONLY | O_CREAT));
    tried("read_process", open_and_close("/proc/1/status", O_RDONLY));
    tried("rename", rename(file, file));
    tried("symlink", symlink("", other));
    tried("link", link("", other));
    tried("mknod", mknod("", S_IFIFO | 0600, 0));
    tried("unlink", unlink(file));
}

static int connect_to(int family, const void *address, socklen_t length)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = connect(fd, address, length), error = errno;
    close(fd);
    errno = error;
    return result;
}

static int bind_to(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = bind(fd, (struct sockaddr *)&address, sizeof(address)), error = errno;
    close(fd);
    errno = error;
    return result;
}

static void try_sockets(void)
{
    const char *port = getenv("WSLUICE_TRY_PORT"), *name = getenv("WSLUICE_TRY_SOCKET");
    struct sockaddr_in tcp = {.sin_family = AF_INET,
                              .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                              .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_un abstract = {.sun_family = AF_UNIX};
    memcpy(abstract.sun_path + 1, name, strlen(name));
    tried("connect_port", connect_to(AF_INET, &tcp, sizeof(tcp)));
    tried("connect_abstract",
          connect_to(AF_UNIX, &abstract,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))));
    tried("bind_any_port", bind_to(0));
    tried_fd("packet_socket", socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    tried_fd("crypto_socket", socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    tried("push_input", ioctl(STDIN_FILENO, TIOCSTI, NULL));
}

static void *nothing(void *argument)
{
    return argument;
}

static void try_processes(void)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, nothing, NULL);
    if (error == 0)
        pthread_join(thread, NULL);
    errno = error;
    tried("thread", error ? -1 : 0);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    tried("fork", child);
    if (child > 0)
        waitpid(child, NULL, 0);
    tried("exec", execve(NULL, NULL, NULL));
    tried("ptrace", ptrace(PTRACE_PEEKDATA, 1, NULL, NULL));
    tried("read_memory", syscall(SYS_process_vm_readv, getpid(), NULL, 0L, NULL, 0L, 0L));
    tried("new_user_namespace", unshare(0));
    tried("enter_namespace", setns(-1, 0));
    tried("become_root", setuid(getuid()));
}

static void try_kernel(void)
{
    struct io_uring_params ring;
    memset(&ring, 0xff, sizeof(ring));
    tried("mount", mount(NULL, NULL, NULL, 0, NULL));
    tried("umount", umount2(NULL, 0));
    tried("chroot", chroot(NULL));
    tried("bpf", syscall(SYS_bpf, -1, NULL, 0));
    tried("keyctl", syscall(SYS_keyctl, -1, 0, 0, 0, 0));
    tried("perf", syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0));
    tried("module", syscall(SYS_init_module, NULL, 0, NULL));
    tried("kexec", syscall(SYS_kexec_load, 0L, -1L, NULL, -1L));
    tried_fd("userfaultfd", (int)syscall(SYS_userfaultfd, -1));
    tried("io_uring", syscall(SYS_io_uring_setup, 1, &ring));
    tried("open_by_handle", syscall(SYS_open_by_handle_at, -1, NULL, 0));
    tried("clock", syscall(SYS_clock_settime, -1, NULL));
    tried("personality", personality(0xffffffff));
    tried("no_such_call", syscall(100000));
}

static void try_all(void)
{
    static char *const words[] = {(char *)"true", NULL};
    const char *program = getenv("WSLUICE_TRY_EXEC");
    try_files();
    try_sockets();
    try_processes();
    try_kernel();
    if (program)
        tried("exec_program", execve(program, words, NULL));
    dprintf(STDERR_FILENO, "tried all\n");
}

typedef ssize_t receive(int fd, void *bytes, size_t length, int flags);

ssize_t recv(int fd, void *bytes, size_t length, int flags)
{
    static const char start[] = "GET /try ";
    ssize_t n = ((receive *)dlsym(RTLD_NEXT, "recv"))(fd, bytes, length, flags);
    if (n > (ssize_t)sizeof(start) && memcmp(bytes, start, sizeof(start) - 1) == 0 &&
        !(flags & MSG_PEEK))
        try_all();
    return n;
}
