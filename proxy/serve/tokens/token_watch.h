/*
 * Whether anything has happened in a folder, and in those that its links lead into: the kernel
 * notes it at the moment of the write (inotify), so that a look at a quiet folder costs the same
 * however many files it has. A link on the way that is swapped makes a path lead elsewhere, which a
 * stat of each folder tells.
 *
 * It does not hear of what comes by another way: a write through a hard link or a mapping, what
 * another machine writes. So quiet is a reason not to look for a while, and no reason never to
 * look.
 *
 * Owns: the descriptor, the paths of linked folders. Thread: one at a time. Errors: none; what
 * cannot be watched is not quiet. Lifetime: token_watch_init to token_watch_close.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_WATCH_H
#define WSLUICE_SERVE_TOKENS_TOKEN_WATCH_H

#include <sys/types.h>

#include "serve/tokens/token_source.h"

struct token_watch_folder {
    int number; /* of its watch; -1: none */
    dev_t device;
    ino_t inode;
};

struct token_watch {
    int fd; /* -1: none yet, or the machine has no more of them */
    struct token_watch_folder folder, linked[TOKEN_LOOK_LINKS];
    char *links[TOKEN_LOOK_LINKS]; /* owned */
    size_t link_count;
};

void token_watch_init(struct token_watch *watch);
void token_watch_close(struct token_watch *watch);

/* From now on, or still. What is no folder is not watched. */
void token_watch_follow(struct token_watch *watch, const char *path);

/*
 * The folders that its links lead into, after a look; takes them over. True: all of them have been
 * watched since before that look, so none can have changed unheard.
 */
WSL_MUST_CHECK bool token_watch_follow_links(struct token_watch *watch, struct token_look *look);

/* A folder is watched at all. */
bool token_watch_follows(const struct token_watch *watch);

/* Nothing has happened since the last call, and all paths still lead where they led. */
WSL_MUST_CHECK bool token_watch_quiet(struct token_watch *watch, const char *path);

#endif
