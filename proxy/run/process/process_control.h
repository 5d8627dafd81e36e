/*
 * What a process asks of the kernel for itself (prctl).
 *
 * Owns: nothing. Thread: any; signal-safe. Errors: false and errno. Lifetime: of the process.
 */
#ifndef WSLUICE_RUN_PROCESS_PROCESS_CONTROL_H
#define WSLUICE_RUN_PROCESS_PROCESS_CONTROL_H

#include <sys/types.h>

#include "base/base.h"

/* Programs that are executed later gain no privileges: set-user-ID and the like have no effect. */
WSL_MUST_CHECK bool process_control_keep_privileges_off(void);

/* What ps and top show of this thread; 15 characters at most. */
void process_control_name(const char *name);

/* In a child: gets SIGTERM when its parent ends. False: the parent has ended already. */
WSL_MUST_CHECK bool process_control_end_with(pid_t parent);

#endif
