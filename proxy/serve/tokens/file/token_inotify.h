/*
 * Whether anything has changed in a folder, and in the folders that its links lead into. The kernel
 * reports each write when it happens (inotify), so a check of an unchanged folder costs the same
 * for any number of files. A link that is replaced makes a path lead to another folder; one stat
 * for each folder detects that.
 *
 * Not reported: a write through a hard link or a mapping, and what another machine writes. So no
 * report is a reason not to scan for a while, but not never.
 *
 * Owns: the descriptor, the paths of linked folders. Thread: one at a time. Errors: none; a folder
 * that cannot be watched is never quiet. Lifetime: token_inotify_init to token_inotify_close.
 */
#ifndef WSLUICE_SERVE_TOKENS_FILE_TOKEN_INOTIFY_H
#define WSLUICE_SERVE_TOKENS_FILE_TOKEN_INOTIFY_H

#include <sys/types.h>

#include "serve/tokens/file/token_files.h"

struct token_inotify_folder {
    int number; /* watch descriptor; -1: none */
    dev_t device;
    ino_t inode;
};

struct token_inotify {
    int fd; /* of inotify; -1: none yet, or the user's limit is reached */
    struct token_inotify_folder folder, linked[TOKEN_SCAN_LINKS];
    char *links[TOKEN_SCAN_LINKS]; /* owned */
    size_t link_count;
};

void token_inotify_init(struct token_inotify *watch);
void token_inotify_close(struct token_inotify *watch);

/* Watches `path` from now on, if it is a folder; again: keeps its watch. */
void token_inotify_follow(struct token_inotify *watch, const char *path);

/*
 * Watches the folders that links lead into; takes the links of the scan over. True: all of them
 * have been watched since before the scan, so no change can have been missed.
 */
WSL_MUST_CHECK bool token_inotify_follow_links(struct token_inotify *watch,
                                               struct token_scan *scan);

/* A folder is watched at all. */
bool token_inotify_is_active(const struct token_inotify *watch);

/* Nothing has changed since the last call, and all paths still lead to the same folders. */
WSL_MUST_CHECK bool token_inotify_is_quiet(struct token_inotify *watch, const char *path);

#endif
