/*
 * Which parts of the sandbox a process gets: from the option, from what the kernel and this binary
 * have, and from what the configuration names.
 *
 * Owns: nothing. Thread: any. Errors: a refusal, as a sentence. Pure. Lifetime: none.
 */
#ifndef WSLUICE_CORE_SANDBOX_SANDBOX_VERDICT_H
#define WSLUICE_CORE_SANDBOX_SANDBOX_VERDICT_H

#include "base/base.h"
#include "core/sandbox/sandbox_plan.h"

/* What there is. */
struct sandbox_facts {
    int landlock;                 /* version of the kernel's interface; 0: none */
    const char *landlock_problem; /* why there is none */
    bool filter;                  /* this binary has libseccomp, and the kernel takes filters */
    const char *filter_problem;   /* why not */
    const char *impossible;       /* why this process cannot be in a sandbox at all; NULL: it can */
};

struct sandbox_verdict {
    bool starts;               /* false: `refusal` */
    bool files, connect, bind; /* by Landlock */
    bool abstract;             /* by Landlock: no abstract socket of another program */
    bool calls;                /* by seccomp */
    char refusal[256];
};

/* Versions of Landlock that brought a part. */
enum {
    SANDBOX_LANDLOCK_FILES = 1,
    SANDBOX_LANDLOCK_TCP = 4,
    SANDBOX_LANDLOCK_SCOPES = 6,
};

void sandbox_verdict_decide(struct sandbox_verdict *verdict, enum config_sandbox mode,
                            const struct sandbox_facts *facts, const struct sandbox_plan *plan);

/* One line: what the process has, and what it lacks with the reason. */
void sandbox_verdict_describe(const struct sandbox_verdict *verdict, enum config_sandbox mode,
                              const struct sandbox_facts *facts, const struct sandbox_plan *plan,
                              char *line, size_t size);

#endif
