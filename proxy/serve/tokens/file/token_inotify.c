#include "serve/tokens/file/token_inotify.h"

#include <errno.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENTS                                                                                     \
    (IN_CREATE | IN_DELETE | IN_MODIFY | IN_ATTRIB | IN_MOVE | IN_DELETE_SELF | IN_MOVE_SELF |     \
     IN_ONLYDIR)

static void drop_links(struct token_inotify *watch)
{
    for (size_t i = 0; i < watch->link_count; i++)
        free(watch->links[i]);
    watch->link_count = 0;
}

void token_inotify_init(struct token_inotify *watch)
{
    *watch = (struct token_inotify){.fd = -1, .folder.number = -1};
}

void token_inotify_close(struct token_inotify *watch)
{
    drop_links(watch);
    if (watch->fd >= 0)
        close(watch->fd);
    token_inotify_init(watch);
}

static bool is_still_at(const struct token_inotify_folder *folder, const char *path)
{
    struct stat info;
    return folder->number >= 0 && stat(path, &info) == 0 && info.st_dev == folder->device &&
           info.st_ino == folder->inode;
}

/* False: it is not a folder, cannot be watched, or was replaced meanwhile. */
static bool add(int fd, const char *path, struct token_inotify_folder *folder)
{
    struct stat info;
    folder->number = -1;
    if (stat(path, &info) < 0 || !S_ISDIR(info.st_mode))
        return false;
    folder->number = inotify_add_watch(fd, path, EVENTS);
    folder->device = info.st_dev;
    folder->inode = info.st_ino;
    return is_still_at(folder, path);
}

static bool is_watched(const struct token_inotify *watch, int number)
{
    bool found = watch->folder.number == number;
    for (size_t i = 0; i < watch->link_count; i++)
        found = found || watch->linked[i].number == number;
    return found;
}

static void remove_unless_watched(const struct token_inotify *watch, int number)
{
    if (number >= 0 && !is_watched(watch, number))
        (void)inotify_rm_watch(watch->fd, number);
}

/*
 * The watch of a folder is removed with the folder, and a new watch may get its number. So the
 * watch is added each time: it keeps its number as long as the folder exists.
 */
void token_inotify_follow(struct token_inotify *watch, const char *path)
{
    struct stat info;
    if (stat(path, &info) < 0 || !S_ISDIR(info.st_mode)) {
        token_inotify_close(watch);
        return;
    }
    if (watch->fd < 0)
        watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0)
        return;
    int before = watch->folder.number;
    bool follows = add(watch->fd, path, &watch->folder);
    remove_unless_watched(watch, before);
    /* The folder was replaced meanwhile: begin again with the next call. */
    if (!follows)
        token_inotify_close(watch);
}

bool token_inotify_follow_links(struct token_inotify *watch, struct token_scan *scan)
{
    struct token_inotify before = *watch;
    bool all = watch->fd >= 0;
    watch->link_count = watch->fd >= 0 ? scan->link_count : 0;
    for (size_t i = 0; i < watch->link_count; i++) {
        watch->links[i] = scan->links[i];
        scan->links[i] = NULL;
        all = add(watch->fd, watch->links[i], &watch->linked[i]) &&
              is_watched(&before, watch->linked[i].number) && all;
    }
    for (size_t i = 0; i < before.link_count; i++)
        remove_unless_watched(watch, before.linked[i].number);
    drop_links(&before);
    return all;
}

bool token_inotify_is_active(const struct token_inotify *watch)
{
    return watch->folder.number >= 0;
}

bool token_inotify_is_quiet(struct token_inotify *watch, const char *path)
{
    char events[4096] __attribute__((aligned(8)));
    bool quiet = true;
    if (!token_inotify_is_active(watch))
        return false;
    while (read(watch->fd, events, sizeof(events)) > 0)
        quiet = false;
    quiet = quiet && errno == EAGAIN && is_still_at(&watch->folder, path);
    for (size_t i = 0; i < watch->link_count; i++)
        quiet = quiet && is_still_at(&watch->linked[i], watch->links[i]);
    return quiet;
}
