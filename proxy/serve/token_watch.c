#include "serve/token_watch.h"

#include <errno.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define HAPPENS                                                                                    \
    (IN_CREATE | IN_DELETE | IN_MODIFY | IN_ATTRIB | IN_MOVE | IN_DELETE_SELF | IN_MOVE_SELF |     \
     IN_ONLYDIR)

void token_watch_init(struct token_watch *watch)
{
    *watch = (struct token_watch){.fd = -1, .number = -1};
}

void token_watch_close(struct token_watch *watch)
{
    if (watch->fd >= 0)
        close(watch->fd);
    token_watch_init(watch);
}

static bool leads_there(const struct token_watch *watch, const char *path)
{
    struct stat info;
    return watch->number >= 0 && stat(path, &info) == 0 && info.st_dev == watch->device &&
           info.st_ino == watch->inode;
}

/*
 * A folder that was removed takes its watch along, and the next one may have its number: so it is
 * asked for each time, and stays the same while the folder does.
 */
void token_watch_follow(struct token_watch *watch, const char *path)
{
    struct stat info;
    if (stat(path, &info) < 0 || !S_ISDIR(info.st_mode)) {
        token_watch_close(watch);
        return;
    }
    if (watch->fd < 0)
        watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0)
        return;
    int before = watch->number;
    watch->number = inotify_add_watch(watch->fd, path, HAPPENS);
    if (before >= 0 && before != watch->number)
        (void)inotify_rm_watch(watch->fd, before);
    watch->device = info.st_dev;
    watch->inode = info.st_ino;
    /* It has become another folder in between: start anew, next time. */
    if (!leads_there(watch, path))
        token_watch_close(watch);
}

bool token_watch_quiet(struct token_watch *watch, const char *path)
{
    char events[4096] __attribute__((aligned(8)));
    bool quiet = true;
    if (watch->number < 0)
        return false;
    while (read(watch->fd, events, sizeof(events)) > 0)
        quiet = false;
    return quiet && errno == EAGAIN && leads_there(watch, path);
}
