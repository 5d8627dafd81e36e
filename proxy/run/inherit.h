/*
 * Listening sockets that come with the process instead of being bound by it: from systemd's socket
 * activation (LISTEN_FDS) and from an older wsluice that hands over (WSLUICE_FDS).
 *
 * Owns: the descriptors that nobody has claimed yet. Thread: the main one. Errors: none; what does
 * not fit is closed at the end. Lifetime: inherit_open to inherit_close.
 */
#ifndef WSLUICE_RUN_INHERIT_H
#define WSLUICE_RUN_INHERIT_H

#include "base/base.h"
#include "config/config.h"

#define INHERIT_MAX  256
#define INHERIT_NAME 160

struct inherit {
    size_t count;
    int ready_fd; /* write here when serving; the older process then lets go. -1: there is none */
    struct {
        int fd; /* -1: claimed */
        char name[INHERIT_NAME];
    } sockets[INHERIT_MAX];
};

/* Reads and removes the environment's variables. */
void inherit_open(struct inherit *inherit);

/*
 * The socket for a listener: the one that bears its name, or its address as it is written, or that
 * is bound to it. -1: none. Now the caller's.
 */
int inherit_claim(struct inherit *inherit, const struct config_listener *listener) WSL_MUST_CHECK;

/* Closes what nobody claimed and says how many those were. */
size_t inherit_close(struct inherit *inherit);

/* "WSLUICE_FDS=..." for a child that gets these; malloc'd, NULL: out of memory. */
char *inherit_describe(const int *fds, const char *const *names, size_t count) WSL_MUST_CHECK;

#endif
