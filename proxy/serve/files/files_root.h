/*
 * A folder below which files can be opened, and nothing outside of it: not by "..", not by a link,
 * and not while folders are being renamed. The kernel resolves a name beneath the folder (openat2
 * with RESOLVE_BENEATH, Linux 5.6). Without that call, or if a container's filter denies it, the
 * path is walked component by component, with each folder on the way kept open.
 *
 * A relative link within the root works, an absolute one never does. No open blocks (FIFO) or gives
 * the process a controlling terminal.
 *
 * Owns: one descriptor. Thread: const once open, then any. Errors: a negative errno; -EAGAIN: the
 * name is not in the kernel's cache, and `wait` is not set. Lifetime: files_root_close.
 */
#ifndef WSLUICE_SERVE_FILES_FILES_ROOT_H
#define WSLUICE_SERVE_FILES_FILES_ROOT_H

#include "base/base.h"

enum files_root_method {
    FILES_ROOT_WALK,
    FILES_ROOT_KERNEL,
    FILES_ROOT_CACHED, /* the kernel can refuse to wait for the disk, Linux 5.12 */
};

struct files_root {
    int fd; /* -1: closed */
    enum files_root_method method;
};

/* 0 or a negative errno. */
WSL_MUST_CHECK int files_root_open(struct files_root *root, const char *folder);
void files_root_close(struct files_root *root);

/*
 * Opens `name`, which may be of any file type, for reading; it is relative, "" is the root. With
 * `wait` it may wait for the disk.
 */
WSL_MUST_CHECK int files_root_open_file(const struct files_root *root, const char *name, bool wait);

#endif
