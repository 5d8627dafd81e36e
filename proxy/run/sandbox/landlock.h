/*
 * The kernel's Landlock: a thread, and all that it starts later, gives up rights to files and TCP
 * ports, for good. By system call number, as headers and C libraries are older than kernels.
 *
 *     landlock_open -> landlock_allow_path, landlock_allow_port ... -> landlock_enter
 *
 * Owns: the descriptor of the rules. Thread: the calling one alone is restricted; others that exist
 * already are not. Errors: false and errno. Lifetime: landlock_open to landlock_enter or
 * landlock_close; the restriction stays.
 */
#ifndef WSLUICE_RUN_SANDBOX_LANDLOCK_H
#define WSLUICE_RUN_SANDBOX_LANDLOCK_H

#include "base/base.h"

/* The version of the interface; 0: there is none, and *problem says why. */
int landlock_version(const char **problem);

/* What is restricted; all else stays as it is. */
struct landlock_scope {
    int version; /* of the kernel */
    bool files, connect, bind, abstract;
};

struct landlock {
    int fd;
    struct landlock_scope scope;
};

WSL_MUST_CHECK bool landlock_open(struct landlock *landlock, const struct landlock_scope *scope);

/* Rights of sandbox_grants.h, below the folder or of the file that `fd` names (O_PATH will do). */
WSL_MUST_CHECK bool landlock_allow_path(const struct landlock *landlock, int fd, unsigned rights,
                                        bool is_file);

WSL_MUST_CHECK bool landlock_allow_port(const struct landlock *landlock, uint16_t port, bool bind);

/* The process has no_new_privs already. Closes. */
WSL_MUST_CHECK bool landlock_enter(struct landlock *landlock);

void landlock_close(struct landlock *landlock);

#endif
