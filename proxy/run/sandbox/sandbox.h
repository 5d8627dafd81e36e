/*
 * The sandbox of this process, which holds from the end of the start: no_new_privs, Landlock for
 * files and TCP ports, seccomp for system calls. proxy/README.md says what is in it, and why.
 *
 *     sandbox_prepare --> starter.h, privileges are dropped --> sandbox_enter --> other threads
 * start sandbox_admit at each reload
 *
 * Owns: what it has granted. Thread: the main one, before others start: they inherit it;
 * sandbox_admit: any. Errors: false and one line. Lifetime: sandbox_prepare to sandbox_free; the
 * restrictions stay.
 */
#ifndef WSLUICE_RUN_SANDBOX_SANDBOX_H
#define WSLUICE_RUN_SANDBOX_SANDBOX_H

#include "config/model/diag.h"
#include "core/sandbox/sandbox_grants.h"
#include "core/sandbox/sandbox_verdict.h"

struct sandbox {
    enum config_sandbox mode;
    struct sandbox_facts facts;
    struct sandbox_plan plan; /* borrows from the configuration of the start */
    struct sandbox_verdict verdict;
    struct sandbox_grants grants;
    bool entered;
};

/* `impossible`: why this process cannot be in one; NULL: it can. False: it must not start. */
WSL_MUST_CHECK bool sandbox_prepare(struct sandbox *sandbox, const struct config *config,
                                    const char *impossible, char *error, size_t error_size);

/* For a check: warnings about files that the sandbox would lose once they are replaced. */
void sandbox_check(const struct sandbox *sandbox, struct diag *diag);

/* Will sandbox_enter forbid anything? */
bool sandbox_is_on(const struct sandbox *sandbox);

/* With auto, parts that fail are left out. */
WSL_MUST_CHECK bool sandbox_enter(struct sandbox *sandbox, char *error, size_t error_size);

/* One line: what this process has. */
void sandbox_describe(const struct sandbox *sandbox, char *line, size_t size);

/* Does the sandbox, which cannot grow, have all that a new configuration names? False: findings. */
WSL_MUST_CHECK bool sandbox_admit(const struct sandbox *sandbox, const struct config *config,
                                  struct diag *diag);

void sandbox_free(struct sandbox *sandbox);

#endif
