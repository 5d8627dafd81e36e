#include "serve/files_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GET_FLAGS   (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define LINKS_MAX   40 /* as the kernel's */
#define FOLDERS_MAX 64 /* below the root, of a walk */
#define RACES_MAX   16

/*
 * openat2(2), which is younger than many a system's headers: the number is the same on every
 * architecture, and so is the rest.
 */
#define OPENAT2       437
#define NO_MAGICLINKS 0x02u
#define BENEATH       0x08u
#define CACHED        0x20u

struct how {
    uint64_t flags, mode, resolve;
};

static long ask_kernel(const struct files_root *root, const char *name, unsigned more)
{
    struct how how = {
        .flags = GET_FLAGS,
        .resolve = BENEATH | NO_MAGICLINKS | more,
    };
    long fd = syscall(OPENAT2, root->fd, *name ? name : ".", &how, sizeof(how));
    return fd < 0 ? -errno : fd;
}

static bool kernel_can(const struct files_root *root, unsigned more)
{
    long fd = ask_kernel(root, "", more);
    if (fd >= 0)
        close((int)fd);
    return fd >= 0 || fd == -EAGAIN || fd == -EACCES;
}

int files_root_open(struct files_root *root, const char *folder)
{
    root->fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root->fd < 0)
        return -errno;
    root->way = FILES_ROOT_WALK;
    if (kernel_can(root, 0))
        root->way = kernel_can(root, CACHED) ? FILES_ROOT_CACHED : FILES_ROOT_KERNEL;
    return 0;
}

void files_root_close(struct files_root *root)
{
    if (root->fd >= 0)
        close(root->fd);
    root->fd = -1;
}

/* ---- the walk -------------------------------------------------------------------------------- */

/*
 * Only names without "/" are opened, never "..", and no link is followed by the kernel. The way up
 * is the way that we came: whatever is renamed meanwhile, each folder here was below the root when
 * we went in.
 */
struct walk {
    int folders[FOLDERS_MAX + 1]; /* the first one is the root's own */
    size_t depth;
    unsigned links;
    char rest[PATH_MAX]; /* still to go */
};

static int walk_up(struct walk *walk)
{
    if (walk->depth == 0)
        return -EXDEV;
    close(walk->folders[walk->depth--]);
    return 0;
}

static int walk_into(struct walk *walk, const char *name)
{
    if (walk->depth == FOLDERS_MAX)
        return -ENAMETOOLONG;
    int fd =
        openat(walk->folders[walk->depth], name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    walk->folders[++walk->depth] = fd;
    return 0;
}

/* The part was a link: what it says goes in front of the rest. `failed`: why it was no other. */
static int walk_link(struct walk *walk, const char *name, int failed)
{
    char text[PATH_MAX];
    ssize_t length = readlinkat(walk->folders[walk->depth], name, text, sizeof(text));
    if (length < 0)
        return failed;
    size_t rest = strlen(walk->rest);
    if (length == 0 || text[0] == '/')
        return -EXDEV;
    if (++walk->links > LINKS_MAX)
        return -ELOOP;
    if ((size_t)length + 1 + rest >= sizeof(walk->rest))
        return -ENAMETOOLONG;
    memmove(walk->rest + length + 1, walk->rest, rest + 1);
    memcpy(walk->rest, text, (size_t)length);
    walk->rest[length] = '/';
    return 0;
}

/* Cuts the next part off; empty at the end. */
static void cut_part(struct walk *walk, char part[static NAME_MAX + 1], bool *fits)
{
    size_t skipped = strspn(walk->rest, "/");
    size_t length = strcspn(walk->rest + skipped, "/");
    size_t next = skipped + length;
    *fits = length <= NAME_MAX;
    memcpy(part, walk->rest + skipped, *fits ? length : 0);
    part[*fits ? length : 0] = '\0';
    next += strspn(walk->rest + next, "/");
    memmove(walk->rest, walk->rest + next, strlen(walk->rest + next) + 1);
}

static int walk_on(struct walk *walk)
{
    for (;;) {
        char part[NAME_MAX + 1];
        bool fits;
        cut_part(walk, part, &fits);
        if (!fits)
            return -ENAMETOOLONG;
        bool last = walk->rest[0] == '\0';
        int result = 0;
        if (strcmp(part, "..") == 0) {
            result = walk_up(walk);
        } else if (last) {
            const char *name = part[0] ? part : ".";
            result = openat(walk->folders[walk->depth], name, GET_FLAGS | O_NOFOLLOW);
            if (result >= 0)
                return result;
            result = errno == ELOOP ? walk_link(walk, part, -ELOOP) : -errno;
        } else if (strcmp(part, ".") != 0) {
            result = walk_into(walk, part);
            if (result == -ENOTDIR || result == -ELOOP)
                result = walk_link(walk, part, result);
        }
        if (result < 0)
            return result;
    }
}

static int walk_from(const struct files_root *root, const char *name)
{
    struct walk walk = {.folders = {root->fd}};
    size_t length = strlen(name);
    if (length >= sizeof(walk.rest))
        return -ENAMETOOLONG;
    memcpy(walk.rest, name, length + 1);
    int result = walk_on(&walk);
    while (walk.depth > 0)
        close(walk.folders[walk.depth--]);
    return result;
}

/* ---- the kernel ------------------------------------------------------------------------------ */

int files_root_get(const struct files_root *root, const char *name, bool wait)
{
    if (!wait)
        return root->way == FILES_ROOT_CACHED ? (int)ask_kernel(root, name, CACHED) : -EAGAIN;
    if (root->way == FILES_ROOT_WALK)
        return walk_from(root, name);
    /* EAGAIN: a rename crossed our way up, and the kernel cannot say where it led. */
    long fd = -EAGAIN;
    for (unsigned i = 0; i < RACES_MAX && fd == -EAGAIN; i++)
        fd = ask_kernel(root, name, 0);
    return fd == -EAGAIN ? -EXDEV : (int)fd;
}
