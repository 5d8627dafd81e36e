/*
 * The system calls that the process keeps (seccomp, by libseccomp). A list of what is allowed: see
 * proxy/README.md. What the kernel of tomorrow has beyond the lists looks like an older kernel to
 * the C library (ENOSYS), so that it falls back; what is known and not needed is refused (EPERM).
 *
 * Owns: nothing. Thread: any; the filter holds for all threads of the process, and for good.
 * Errors: false and errno. Lifetime: of the process.
 */
#ifndef WSLUICE_RUN_SANDBOX_CALL_FILTER_H
#define WSLUICE_RUN_SANDBOX_CALL_FILTER_H

#include "base/base.h"

/* False: *problem says why there is no filter. */
bool call_filter_is_there(const char **problem);

/* The process has no_new_privs already. */
WSL_MUST_CHECK bool call_filter_enter(void);

#endif
