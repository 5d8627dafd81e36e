/*
 * Whether anything has happened in a folder: the kernel notes it at the moment of the write
 * (inotify), so that a look at a quiet folder costs the same however many files it has.
 *
 * It does not hear of what comes by another way: a write through a hard link or a mapping, what
 * another machine writes, what links point to. So quiet is a reason not to look for a while, and
 * no reason never to look.
 *
 * Owns: the descriptor. Thread: one at a time. Errors: none; what cannot be watched is not quiet.
 * Lifetime: token_watch_init to token_watch_close.
 */
#ifndef WSLUICE_SERVE_TOKEN_WATCH_H
#define WSLUICE_SERVE_TOKEN_WATCH_H

#include <sys/types.h>

#include "base/base.h"

struct token_watch {
    int fd;     /* -1: none yet, or the machine has no more of them */
    int number; /* of the folder's watch; -1: none */
    dev_t device;
    ino_t inode;
};

void token_watch_init(struct token_watch *watch);
void token_watch_close(struct token_watch *watch);

/* From now on, or still. What is no folder is not watched. */
void token_watch_follow(struct token_watch *watch, const char *path);

/* Nothing has happened since the last call, and the path still leads to that folder. */
bool token_watch_quiet(struct token_watch *watch, const char *path) WSL_MUST_CHECK;

#endif
