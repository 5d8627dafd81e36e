#include "serve/files/files_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

#define OPEN_FLAGS  (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define LINKS_MAX   40 /* as the kernel's */
#define FOLDERS_MAX 64 /* depth below the root, in a walk */
#define RACES_MAX   16

/* openat2(2) is missing in older headers; its number and constants are the same everywhere. */
#define OPENAT2       437
#define NO_MAGICLINKS 0x02u
#define BENEATH       0x08u
#define CACHED        0x20u

struct openat2_how {
    uint64_t flags, mode, resolve;
};

static long open_beneath(const struct files_root *root, const char *name, unsigned more)
{
    struct openat2_how how = {
        .flags = OPEN_FLAGS,
        .resolve = BENEATH | NO_MAGICLINKS | more,
    };
    how.flags |= O_LARGEFILE; /* on 32 bits, libc's open adds it */
    long fd = syscall(OPENAT2, root->fd, *name ? name : ".", &how, sizeof(struct openat2_how));
    return fd < 0 ? -errno : fd;
}

static bool kernel_supports(const struct files_root *root, unsigned more)
{
    long fd = open_beneath(root, "", more);
    if (fd >= 0)
        close((int)fd);
    return fd >= 0 || fd == -EAGAIN || fd == -EACCES;
}

void files_root_close(struct files_root *root)
{
    if (root->fd >= 0)
        close(root->fd);
    root->fd = -1;
}

/* O_PATH opens without search permission; looking up `.` tests it. */
static int check_search_permission(const struct files_root *root)
{
    int fd = fd_locate(root->fd, ".", 0);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

int files_root_open(struct files_root *root, const char *folder)
{
    root->fd = fd_locate(AT_FDCWD, folder, O_DIRECTORY);
    if (root->fd < 0)
        return -errno;
    int result = check_search_permission(root);
    if (result < 0) {
        files_root_close(root);
        return result;
    }
    root->method = FILES_ROOT_WALK;
    if (kernel_supports(root, 0))
        root->method = kernel_supports(root, CACHED) ? FILES_ROOT_CACHED : FILES_ROOT_KERNEL;
    return 0;
}

/* ---- walking the path without openat2 ---- */

/*
 * Opens names without "/", never "..", and lets the kernel follow no link. ".." goes back to the
 * folder that was left open on the way down, so renames cannot lead outside of the root.
 */
struct walk {
    int folders[FOLDERS_MAX + 1]; /* the first is the root */
    size_t depth;
    unsigned links;
    char rest[PATH_MAX]; /* the unresolved part of the path */
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
    int fd = fd_locate(walk->folders[walk->depth], name, O_DIRECTORY | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    walk->folders[++walk->depth] = fd;
    return 0;
}

struct part {
    char name[NAME_MAX + 1];
    bool last;
    bool folder; /* a "/" follows */
};

/* Takes the next part from the rest; at the end its name is empty. */
static int cut_part(struct walk *walk, struct part *part)
{
    size_t skipped = strspn(walk->rest, "/");
    size_t length = strcspn(walk->rest + skipped, "/");
    size_t slashes = strspn(walk->rest + skipped + length, "/");
    size_t next = skipped + length + slashes;
    if (length > NAME_MAX)
        return -ENAMETOOLONG;
    memcpy(part->name, walk->rest + skipped, length);
    part->name[length] = '\0';
    part->folder = slashes > 0;
    part->last = walk->rest[next] == '\0';
    memmove(walk->rest, walk->rest + next, strlen(walk->rest + next) + 1);
    return 0;
}

/* If the part is a link, puts its text in front of the rest. `failed`: the error if it is none. */
static int walk_link(struct walk *walk, const struct part *part, int failed)
{
    char text[PATH_MAX];
    ssize_t length = readlinkat(walk->folders[walk->depth], part->name, text, sizeof(text));
    if (length < 0)
        return failed;
    size_t rest = strlen(walk->rest);
    if (length == 0 || text[0] == '/')
        return -EXDEV;
    if (++walk->links > LINKS_MAX)
        return -ELOOP;
    if ((size_t)length + part->folder + rest >= sizeof(walk->rest))
        return -ENAMETOOLONG;
    memmove(walk->rest + length + part->folder, walk->rest, rest + 1);
    memcpy(walk->rest, text, (size_t)length);
    if (part->folder)
        walk->rest[length] = '/';
    return 0;
}

/* 0 or a negative errno; `found` is the descriptor after the last part, else -1. */
static int walk_part(struct walk *walk, const struct part *part, int *found)
{
    int result = 0, folder = walk->folders[walk->depth];
    if (strcmp(part->name, "..") == 0)
        return walk_up(walk);
    if (part->last) {
        int flags = OPEN_FLAGS | O_NOFOLLOW | (part->folder ? O_DIRECTORY : 0);
        *found = openat(folder, part->name[0] ? part->name : ".", flags);
        result = *found < 0 ? -errno : 0;
    } else if (strcmp(part->name, ".") != 0) {
        result = walk_into(walk, part->name);
    }
    /* With O_DIRECTORY the kernel reports ENOTDIR for a link. */
    return result == -ENOTDIR || result == -ELOOP ? walk_link(walk, part, result) : result;
}

static int walk_rest(struct walk *walk)
{
    int found = -1, result = 0;
    while (found < 0 && result == 0) {
        struct part part;
        result = cut_part(walk, &part);
        if (result == 0)
            result = walk_part(walk, &part, &found);
    }
    return result == 0 ? found : result;
}

static int walk_from(const struct files_root *root, const char *name)
{
    struct walk walk = {.folders = {root->fd}};
    size_t length = strlen(name);
    if (length >= sizeof(walk.rest))
        return -ENAMETOOLONG;
    memcpy(walk.rest, name, length + 1);
    int result = walk_rest(&walk);
    while (walk.depth > 0)
        close(walk.folders[walk.depth--]);
    return result;
}

/* ---- opening ---- */

int files_root_open_file(const struct files_root *root, const char *name, bool wait)
{
    if (!wait)
        return root->method == FILES_ROOT_CACHED ? (int)open_beneath(root, name, CACHED) : -EAGAIN;
    if (root->method == FILES_ROOT_WALK)
        return walk_from(root, name);
    /* EAGAIN: a rename raced with ".." in the path. */
    long fd = -EAGAIN;
    for (unsigned i = 0; i < RACES_MAX && fd == -EAGAIN; i++)
        fd = open_beneath(root, name, 0);
    return fd == -EAGAIN ? -EXDEV : (int)fd;
}
