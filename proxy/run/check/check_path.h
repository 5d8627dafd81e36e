/*
 * Looks at the paths of a configuration as the process will use them: files that it reads, and
 * folders in which it makes files. Nothing is created, and nothing that could block is opened.
 *
 * Owns: nothing; a check borrows the snapshot, its locator and the findings. Thread: the caller's,
 * which waits for the disk. Errors: findings. Lifetime: one check.
 */
#ifndef WSLUICE_RUN_CHECK_CHECK_PATH_H
#define WSLUICE_RUN_CHECK_CHECK_PATH_H

#include <stdio.h>

#include "config/model/config.h"
#include "config/options/option_ref.h"

struct check {
    const struct config *config; /* complete, but perhaps with errors */
    const struct option_locator *names;
    struct diag *diag;
    FILE *out;        /* lines about what is good */
    const char *user; /* the name of the user that is checked for; NULL: who runs the check */
};

/* What is at a path. */
enum check_kind { CHECK_FILE, CHECK_FOLDER, CHECK_FILE_OR_FOLDER };

/*
 * Whether the path can be read; otherwise a finding. `what`: "certificate file". A FIFO or a device
 * is not read, and a warning says so.
 */
WSL_MUST_CHECK bool check_path_reads(const struct check *check, struct option_ref option,
                                     const char *what, const char *path, enum check_kind kind);

/* The same without a finding. */
WSL_MUST_CHECK bool check_path_is_readable(const char *path);

enum check_making {
    CHECK_APPENDS,  /* an existing file is written */
    CHECK_REPLACES, /* an existing file is replaced, as a pid file is */
    CHECK_SOCKET,   /* an existing socket is replaced */
    CHECK_NEW,      /* the name is not in use */
};

/* Whether the file can be made, by the rules of base/safe_path.h; otherwise a finding. */
void check_path_makes(const struct check *check, struct option_ref option, const char *what,
                      const char *path, enum check_making making);

/* "user www-data (uid 33)" */
const char *check_path_user(const struct check *check, char *text, size_t size);

#endif
