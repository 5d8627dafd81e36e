/*
 * What was seen of a file whose content is kept in memory: must it be read again? The clock of a
 * file system is coarse: two changes may have the same time. So a file counts as unchanged only if
 * it was read after it had been unchanged for three seconds; until then it is read at each look.
 *
 * Pure. Owns: nothing. Thread: its holder's. Errors: none. Lifetime: its holder's; zeroed: nothing
 * was seen.
 */
#ifndef WSLUICE_CORE_FILES_FILE_SEEN_H
#define WSLUICE_CORE_FILES_FILE_SEEN_H

#include "base/base.h"

struct file_seen {
    uint64_t fingerprint; /* a number made of all that stat tells */
    uint64_t since;       /* monotonic milliseconds: when the fingerprint was first seen */
    bool is_stable;       /* read after it was unchanged for long enough */
};

/* True: it must be read. */
WSL_MUST_CHECK bool file_seen_look(struct file_seen *seen, uint64_t fingerprint, uint64_t now);

/* It has been read after the look of `now`. */
void file_seen_read(struct file_seen *seen, uint64_t now);

/* What was read is not kept. */
void file_seen_forget(struct file_seen *seen);

/* What is kept is the content of the file. */
WSL_MUST_CHECK bool file_seen_is_same(const struct file_seen *seen, uint64_t fingerprint);

#endif
