/*
 * The keys of one file, as they are on disk now: each look-up checks by one stat whether the file
 * has changed, and reads it if so. As clocks of file systems are coarse, a file that changed lately
 * is also read again, at most four times a second, until it was unchanged for three seconds.
 *
 * A file that is gone has no keys: no ticket is valid then. A file that cannot be read or used, for
 * example while an editor writes it, leaves the keys as they were; each problem is logged once.
 *
 * Owns: the keys. Thread: any, behind a lock. Reading blocks the caller's loop, and others that ask
 * meanwhile: keys belong on local disks, as certificates do. Errors: NULL, with one line when it is
 * created. Lifetime: its method's; keys that are handed out have a count of their own.
 */
#ifndef WSLUICE_SERVE_AUTH_TICKET_TICKET_KEY_FILE_H
#define WSLUICE_SERVE_AUTH_TICKET_TICKET_KEY_FILE_H

#include "config/model/section/config_auth.h"
#include "core/ticket/ticket_keys.h"

struct ticket_key_file;

/* NULL: the file has no key, or this build lacks jansson. `config` is borrowed. */
WSL_MUST_CHECK struct ticket_key_file *
ticket_key_file_create(const struct config_ticket_key *config, char *error, size_t error_size);
void ticket_key_file_free(struct ticket_key_file *file); /* NULL is fine */

/* A reference; `now_ms`: monotonic. NULL: the file is gone. */
WSL_MUST_CHECK struct ticket_keys *ticket_key_file_get(struct ticket_key_file *file,
                                                       uint64_t now_ms);

#endif
