/*
 * Reads the certificates, keys and CA files of a configuration, each by itself, so that one bad
 * file hides no other: a finding for each that is wrong, that has expired, or that will soon.
 *
 * Owns: the store that it reads into. Thread: the caller's, which waits for the disk. Errors:
 * findings. Lifetime: check_tls_begin to check_tls_end.
 */
#ifndef WSLUICE_RUN_CHECK_CHECK_TLS_H
#define WSLUICE_RUN_CHECK_CHECK_TLS_H

#include "run/check/check_path.h"

struct pool_target;
struct target_pool;
struct tls_store;

/*
 * Of all listeners, and of the targets in `pool`, which get their TLS contexts. NULL: out of
 * memory, with a finding.
 */
WSL_MUST_CHECK struct tls_store *check_tls_begin(const struct check *check,
                                                 struct target_pool *pool);
void check_tls_end(struct tls_store *store); /* NULL is fine */

/* An option of the target, where its first route has it. `key` NULL: the target itself. */
struct option_ref check_tls_target_ref(const struct check *check, const struct pool_target *target,
                                       const char *key);

/* As the user that the process becomes: can it take up certificates that are renewed? */
void check_tls_renewal(const struct check *check);

#endif
