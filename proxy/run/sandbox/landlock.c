#include "run/sandbox/landlock.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "core/sandbox/sandbox_grants.h"
#include "core/sandbox/sandbox_verdict.h"

/* The same on all machines. */
#define CALL_CREATE 444
#define CALL_ADD    445
#define CALL_ENTER  446

#define ASK_VERSION 1U

enum rule { RULE_PATH = 1, RULE_PORT = 2 };

/* Rights to files, as the kernel numbers them, and the version that has them first. */
enum {
    FS_EXECUTE = 1 << 0,
    FS_WRITE_FILE = 1 << 1,
    FS_READ_FILE = 1 << 2,
    FS_READ_DIR = 1 << 3,
    FS_REMOVE_FILE = 1 << 5,
    FS_MAKE_REG = 1 << 8,
    FS_MAKE_SOCK = 1 << 9,
    FS_VERSION_1 = (1 << 13) - 1,
    FS_REFER = 1 << 13,     /* 2 */
    FS_TRUNCATE = 1 << 14,  /* 3 */
    FS_IOCTL_DEV = 1 << 15, /* 5 */
    FS_OF_FILES = FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV,
};

enum { TRUNCATE_VERSION = 3, IOCTL_VERSION = 5 };
enum { NET_BIND = 1, NET_CONNECT = 2 };
enum { SCOPE_ABSTRACT = 1 };

/* The kernel's structs; a shorter one is an older version's. */
struct rules {
    uint64_t fs, net, scoped;
};

struct path_rule {
    uint64_t rights;
    int32_t fd;
} __attribute__((packed));

int landlock_version(const char **problem)
{
    long version = syscall(CALL_CREATE, NULL, 0, ASK_VERSION);
    *problem = NULL;
    if (version > 0)
        return (int)version;
    *problem = errno == EOPNOTSUPP
                   ? "Landlock is switched off in the kernel (add it to the boot option lsm=)"
               : errno == ENOSYS
                   ? "the kernel has no Landlock (Linux 5.13 has, if it is built with it)"
                   : "Landlock is out of reach here";
    return 0;
}

static uint64_t known_files(int version)
{
    uint64_t known = FS_VERSION_1 | FS_REFER;
    if (version < 2)
        known &= ~(uint64_t)FS_REFER;
    if (version >= TRUNCATE_VERSION)
        known |= FS_TRUNCATE;
    if (version >= IOCTL_VERSION)
        known |= FS_IOCTL_DEV;
    return known;
}

bool landlock_open(struct landlock *landlock, const struct landlock_scope *scope)
{
    const struct rules rules = {
        .fs = scope->files ? known_files(scope->version) : 0,
        .net = (scope->bind ? NET_BIND : 0) | (scope->connect ? NET_CONNECT : 0),
        .scoped = scope->abstract ? SCOPE_ABSTRACT : 0,
    };
    size_t size = scope->version >= SANDBOX_LANDLOCK_SCOPES ? sizeof(rules)
                  : scope->version >= SANDBOX_LANDLOCK_TCP  ? offsetof(struct rules, scoped)
                                                            : offsetof(struct rules, net);
    *landlock = (struct landlock){.scope = *scope};
    landlock->fd = (int)syscall(CALL_CREATE, &rules, size, 0U);
    return landlock->fd >= 0;
}

bool landlock_allow_path(const struct landlock *landlock, int fd, unsigned rights, bool is_file)
{
    static const struct {
        unsigned right;
        uint64_t kernel;
    } map[] = {
        {SANDBOX_READ, FS_READ_FILE | FS_READ_DIR},
        {SANDBOX_WRITE, FS_WRITE_FILE},
        {SANDBOX_TRUNCATE, FS_TRUNCATE},
        {SANDBOX_MAKE_FILE, FS_MAKE_REG},
        {SANDBOX_MAKE_SOCKET, FS_MAKE_SOCK},
        {SANDBOX_REMOVE, FS_REMOVE_FILE},
    };
    struct path_rule rule = {.fd = fd};
    for (size_t i = 0; i < WSL_COUNT(map); i++)
        if (rights & map[i].right)
            rule.rights |= map[i].kernel;
    rule.rights &= known_files(landlock->scope.version);
    if (is_file)
        rule.rights &= FS_OF_FILES;
    return rule.rights == 0 || syscall(CALL_ADD, landlock->fd, RULE_PATH, &rule, 0U) == 0;
}

bool landlock_allow_port(const struct landlock *landlock, uint16_t port, bool bind)
{
    const uint64_t rule[] = {bind ? NET_BIND : NET_CONNECT, port}; /* rights, port */
    return syscall(CALL_ADD, landlock->fd, RULE_PORT, rule, 0U) == 0;
}

bool landlock_enter(struct landlock *landlock)
{
    bool entered = syscall(CALL_ENTER, landlock->fd, 0U) == 0;
    landlock_close(landlock);
    return entered;
}

void landlock_close(struct landlock *landlock)
{
    fd_close_keep_errno(landlock->fd);
    landlock->fd = -1;
}
