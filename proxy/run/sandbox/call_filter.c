#include "run/sandbox/call_filter.h"

#include <errno.h>

#if WSLUICE_SECCOMP

#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Names that a machine does not have are left out, so that one list serves all. */
static const char allowed[] =
    /* files */
    "_llseek access chdir chmod chown chown32 close close_range creat dup dup2 dup3 faccessat "
    "faccessat2 fadvise64 fadvise64_64 arm_fadvise64_64 fallocate fchdir fchmod fchmodat "
    "fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync flock fstat fstat64 fstatat64 "
    "fstatfs fstatfs64 fsync ftruncate ftruncate64 getcwd getdents getdents64 "
    "inotify_add_watch inotify_init inotify_init1 inotify_rm_watch lchown lchown32 lseek lstat "
    "lstat64 newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 "
    "read readahead readlink readlinkat readv stat stat64 statfs statfs64 statx "
    "sync_file_range arm_sync_file_range umask unlink unlinkat write writev "
    /* sockets and pipes */
    "accept accept4 bind connect copy_file_range getpeername getsockname getsockopt listen "
    "pipe pipe2 recv recvfrom recvmmsg recvmmsg_time64 recvmsg send sendfile sendfile64 "
    "sendmmsg sendmsg sendto setsockopt shutdown socketpair splice tee vmsplice "
    /* events and time */
    "_newselect alarm clock_getres clock_getres_time64 clock_gettime clock_gettime64 "
    "clock_nanosleep clock_nanosleep_time64 epoll_create epoll_create1 epoll_ctl epoll_pwait "
    "epoll_pwait2 epoll_wait eventfd eventfd2 getitimer gettimeofday nanosleep poll ppoll "
    "ppoll_time64 pselect6 pselect6_time64 select setitimer signalfd signalfd4 time "
    "timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime "
    "timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime "
    "timerfd_settime64 times "
    /* libuv's ring for changes of epoll, which stands before the filter; none can be added */
    "io_uring_enter "
    /* memory */
    "brk cacheflush madvise membarrier mincore mlock mlock2 mmap mmap2 mprotect mremap msync "
    "munlock munmap riscv_flush_icache "
    /* threads and signals */
    "arch_prctl exit exit_group futex futex_time64 futex_waitv get_robust_list get_thread_area "
    "kill restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo "
    "rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo "
    "sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getparam "
    "sched_getscheduler sched_setaffinity sched_yield set_robust_list set_thread_area "
    "set_tid_address set_tls sigaction sigaltstack sigprocmask sigreturn tgkill tkill wait4 "
    "waitid waitpid "
    /* the process and the machine */
    "capget getcpu getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 "
    "getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid "
    "getresuid32 getrlimit getrusage getsid gettid getuid getuid32 prctl prlimit64 "
    "riscv_hwprobe setrlimit sysinfo ugetrlimit uname ";

/* With EPERM, so that a message says why. All others get ENOSYS. */
static const char refused[] =
    /* other programs and other processes */
    "execve execveat fork kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev "
    "ptrace setpgid setsid vfork "
    /* users and rights */
    "capset setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 "
    "setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 "
    "setuid setuid32 "
    /* the tree of files, and links and devices in it */
    "chroot fsconfig fsmount fsopen fspick link linkat mknod mknodat mount mount_setattr "
    "move_mount name_to_handle_at open_by_handle_at open_tree pivot_root rename renameat "
    "renameat2 setns symlink symlinkat umount umount2 unshare "
    /* the kernel */
    "acct add_key adjtimex bpf clock_adjtime clock_adjtime64 clock_settime clock_settime64 "
    "delete_module fanotify_init fanotify_mark finit_module init_module ioperm iopl "
    "kexec_file_load kexec_load keyctl lookup_dcookie modify_ldt perf_event_open personality "
    "quotactl quotactl_fd reboot request_key seccomp setdomainname sethostname settimeofday "
    "swapoff swapon syslog userfaultfd vhangup ";

static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

static const unsigned long controls[] = {
    FIONREAD, FIONBIO,      FIOCLEX,      FIONCLEX,    TCGETS,      TIOCGWINSZ,
    SIOCOUTQ, SIOCGIFINDEX, SIOCGIFFLAGS, SIOCGIFCONF, SIOCGIFNAME, SIOCGIFADDR,
};

#define NAMESPACES                                                                                 \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)

#ifdef __s390x__
#define CLONE_FLAGS 1 /* the argument */
#else
#define CLONE_FLAGS 0
#endif

bool call_filter_is_there(const char **problem)
{
    const uint32_t action = SECCOMP_RET_ERRNO;
    *problem = NULL;
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
        return true;
    *problem = "the kernel takes no seccomp filters";
    return false;
}

/* False: out of memory. A call that this machine or this libseccomp does not know is left out. */
static bool add(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned count,
                const struct scmp_arg_cmp *arguments)
{
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR)
        return true;
    int error = seccomp_rule_add_array(filter, action, number, count, arguments);
    return error == 0 || error == -EDOM || error == -EACCES; /* EACCES: the default does it */
}

/* Each name ends with a space. */
static bool add_names(scmp_filter_ctx filter, uint32_t action, const char *names)
{
    char name[40];
    bool ok = true;
    for (size_t length; *names != '\0' && ok; names += length + 1) {
        length = strcspn(names, " ");
        snprintf(name, sizeof(name), "%.*s", (int)length, names);
        ok = add(filter, action, name, 0, NULL);
    }
    return ok;
}

/* Where sockets are made by socketcall, whose arguments are in memory, any family is allowed. */
static bool add_sockets(scmp_filter_ctx filter)
{
    bool ok = true;
    if (seccomp_syscall_resolve_name("socketcall") >= 0)
        return add(filter, SCMP_ACT_ALLOW, "socketcall", 0, NULL) &&
               add(filter, SCMP_ACT_ALLOW, "socket", 0, NULL);
    for (size_t i = 0; i < WSL_COUNT(families) && ok; i++) {
        struct scmp_arg_cmp family =
            SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)families[i]);
        ok = add(filter, SCMP_ACT_ALLOW, "socket", 1, &family);
    }
    return ok;
}

static bool add_controls(scmp_filter_ctx filter)
{
    bool ok = true;
    for (size_t i = 0; i < WSL_COUNT(controls) && ok; i++) {
        struct scmp_arg_cmp control = SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, controls[i]);
        ok = add(filter, SCMP_ACT_ALLOW, "ioctl", 1, &control);
    }
    return ok;
}

/* Threads of this process, and no new one. clone3 has its flags in memory: libc falls back. */
static bool add_threads(scmp_filter_ctx filter)
{
    const scmp_datum_t thread = CLONE_THREAD;
    struct scmp_arg_cmp own =
        SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, thread | (scmp_datum_t)NAMESPACES, thread);
    struct scmp_arg_cmp other = SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ, thread, 0);
    return add(filter, SCMP_ACT_ALLOW, "clone", 1, &own) &&
           add(filter, SCMP_ACT_ERRNO(EPERM), "clone", 1, &other);
}

/* Of the calling thread: setpriority(PRIO_PROCESS, 0, ...); and to the class that runs last. */
static bool add_priorities(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp own[] = {SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, PRIO_PROCESS),
                                       SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, 0)};
    const struct scmp_arg_cmp last = SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, SCHED_IDLE);
    return add(filter, SCMP_ACT_ALLOW, "setpriority", WSL_COUNT(own), own) &&
           add(filter, SCMP_ACT_ALLOW, "sched_setscheduler", 1, &last);
}

bool call_filter_enter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter) {
        errno = ENOMEM;
        return false;
    }
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, not a list */
    int error = -ENOMEM;
    if (seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
        add_names(filter, SCMP_ACT_ALLOW, allowed) &&
        add_names(filter, SCMP_ACT_ERRNO(EPERM), refused) && add_sockets(filter) &&
        add_controls(filter) && add_threads(filter) && add_priorities(filter))
        error = seccomp_load(filter);
    seccomp_release(filter);
    errno = -error;
    return error == 0;
}

#else

bool call_filter_is_there(const char **problem)
{
    *problem = "this binary is built without libseccomp";
    return false;
}

bool call_filter_enter(void)
{
    errno = ENOSYS;
    return false;
}

#endif
