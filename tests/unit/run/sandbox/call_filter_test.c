/* Each filter in a child of its own, which keeps it for good. */
#include "run/sandbox/call_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>

#include <cmocka.h>

#include "lib/in_child.h"

static void skip_without(void)
{
    const char *problem = NULL;
#ifdef WSLUICE_SANITIZED
    problem = "a sanitizer needs what is filtered";
#endif
    if (problem || !call_filter_is_there(&problem)) {
        print_message("skipped: %s\n", problem);
        skip();
    }
}

static void enter(void)
{
    in_child_expect(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    in_child_expect(call_filter_enter());
}

#define refused(call, expected)                                                                    \
    do {                                                                                           \
        errno = 0;                                                                                 \
        in_child_expect((long)(call) == -1);                                                       \
        in_child_expect(errno == (expected));                                                      \
    } while (0)

static void try_what_is_refused(void *unused)
{
    enter();
    refused(syscall(SYS_execve, "/bin/true", NULL, NULL), EPERM);
    refused(fork(), EPERM);
    refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL), EPERM);
    refused(syscall(SYS_mount, NULL, NULL, NULL, 0, NULL), EPERM);
    refused(chroot("/"), EPERM);
    refused(setuid(getuid()), EPERM);
    refused(syscall(SYS_setns, -1, 0), EPERM);
    refused(syscall(SYS_unshare, 0), EPERM);
    refused(syscall(SYS_bpf, 0, NULL, 0), EPERM);
    refused(syscall(SYS_keyctl, 0, 0, 0, 0, 0), EPERM);
    refused(syscall(SYS_process_vm_readv, 0, NULL, 0, NULL, 0, 0), EPERM);
    refused(syscall(SYS_seccomp, 0, 0, NULL), EPERM);
    refused(ioctl(STDERR_FILENO, TIOCSTI, ""), ENOSYS);
    refused(syscall(425, 1, NULL), ENOSYS); /* io_uring_setup */
    refused(syscall(435, NULL, 0), ENOSYS); /* clone3 */
    refused(syscall(100000), ENOSYS);
    refused(setpriority(PRIO_PGRP, 0, 0), ENOSYS);
    refused(setpriority(PRIO_PROCESS, (id_t)getppid(), 0), ENOSYS);
    refused(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &(struct sched_param){1}), ENOSYS);
    if (syscall(SYS_socket, AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0) /* not so by socketcall */
        in_child_expect(sizeof(long) == 4);
}

static void *end(void *argument)
{
    return argument;
}

/* What the C library does for a proxy: threads, names, time, signals, memory, files, sockets. */
static void try_what_stays(void *unused)
{
    pthread_t thread;
    struct addrinfo *found = NULL;
    struct timespec now, pause = {.tv_nsec = 1000};
    int ends[2], byte = 7, got = 0;
    enter();
    in_child_expect(pthread_create(&thread, NULL, end, NULL) == 0);
    in_child_expect(pthread_join(thread, NULL) == 0);
    (void)getaddrinfo("localhost", "80", NULL, &found);
    if (found)
        freeaddrinfo(found);
    in_child_expect(setpriority(PRIO_PROCESS, 0, 10) == 0 && getpriority(PRIO_PROCESS, 0) == 10);
    in_child_expect(pthread_setschedparam(pthread_self(), SCHED_IDLE, &(struct sched_param){0}) ==
                    0);
    in_child_expect(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    in_child_expect(nanosleep(&pause, NULL) == 0);
    in_child_expect(kill(getpid(), 0) == 0);
    in_child_expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    in_child_expect(write(ends[0], &byte, sizeof(byte)) == sizeof(byte));
    in_child_expect(ioctl(ends[1], FIONREAD, &got) == 0 && got == (int)sizeof(byte));
    static const int families[] = {AF_UNIX, AF_INET, AF_NETLINK};
    for (size_t i = 0; i < WSL_COUNT(families); i++)
        in_child_expect(socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0);
    FILE *file = tmpfile();
    in_child_expect(file && fputs("x", file) >= 0 && fflush(file) == 0);
    char *large = malloc(4 << 20);
    in_child_expect(large && (large = realloc(large, 64 << 20)));
    free(large);
    in_child_expect(raise(SIGCONT) == 0);
}

/* A thread that exists already gets the filter as well. */
static void *wait_and_fork(void *ready)
{
    char byte;
    if (read(*(int *)ready, &byte, 1) != 1)
        return NULL;
    return (void *)(intptr_t)(fork() == -1 && errno == EPERM);
}

static void try_other_thread(void *unused)
{
    pthread_t thread;
    int ends[2];
    void *refused_it = NULL;
    in_child_expect(pipe2(ends, O_CLOEXEC) == 0);
    in_child_expect(pthread_create(&thread, NULL, wait_and_fork, &ends[0]) == 0);
    enter();
    in_child_expect(write(ends[1], "x", 1) == 1);
    in_child_expect(pthread_join(thread, &refused_it) == 0);
    in_child_expect(refused_it != NULL);
}

static void refuses_what_a_proxy_does_not_need(void **state)
{
    skip_without();
    in_child(try_what_is_refused, NULL);
}

static void allows_what_it_needs(void **state)
{
    skip_without();
    in_child(try_what_stays, NULL);
}

static void holds_for_all_threads(void **state)
{
    skip_without();
    in_child(try_other_thread, NULL);
}

static void says_why_there_is_none(void **state)
{
    const char *problem;
    bool there = call_filter_is_there(&problem);
    assert_true(there == (problem == NULL));
    assert_true(!there || WSLUICE_SECCOMP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_why_there_is_none),
        cmocka_unit_test(refuses_what_a_proxy_does_not_need),
        cmocka_unit_test(allows_what_it_needs),
        cmocka_unit_test(holds_for_all_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
