/*
 * A folder whose files may be opened, and nothing outside of it: not by "..", not by a link, and
 * not by somebody who renames folders meanwhile. The kernel resolves a name beneath the folder
 * (openat2 with RESOLVE_BENEATH, Linux 5.6); where it cannot, or a container's filter does not let
 * it, we walk part by part, holding each folder on the way.
 *
 * A link to a place within the root works, an absolute one never does. No open here waits for
 * anybody, as that of a FIFO would, and no terminal becomes ours.
 *
 * Owns: one descriptor. Thread: const once open, then any. Errors: a negative errno; -EAGAIN: only
 * the disk knows, and the caller did not want to wait. Lifetime: files_root_close.
 */
#ifndef WSLUICE_SERVE_FILES_FILES_ROOT_H
#define WSLUICE_SERVE_FILES_FILES_ROOT_H

#include "base/base.h"

enum files_root_method {
    FILES_ROOT_WALK,
    FILES_ROOT_KERNEL,
    FILES_ROOT_CACHED, /* and it says when it would have to wait, Linux 5.12 */
};

struct files_root {
    int fd; /* -1: closed */
    enum files_root_method method;
};

/* 0 or a negative errno. */
WSL_MUST_CHECK int files_root_open(struct files_root *root, const char *folder);
void files_root_close(struct files_root *root);

/*
 * A descriptor of what is there, whatever it is, for reading. `name` is relative; "" is the root.
 * With `wait` the disk is asked.
 */
WSL_MUST_CHECK int files_root_get(const struct files_root *root, const char *name, bool wait);

#endif
