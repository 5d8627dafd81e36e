/*
 * Reads a password: from a terminal, without showing it, or one line from anything else.
 *
 * While a terminal shows nothing, signals that end or stop the process wait until the terminal is
 * as it was: after Ctrl-C it works as before, and after Ctrl-Z and `fg` the question comes again.
 *
 * Owns: nothing; the password is the caller's to wipe. Thread: the only one. Errors: a result.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_PASSWD_PASSWORD_PROMPT_H
#define WSLUICE_RUN_PASSWD_PASSWORD_PROMPT_H

#include <stdio.h>

#include "core/auth/password.h"

enum password_prompt {
    PASSWORD_PROMPT_READ,
    PASSWORD_PROMPT_NOTHING, /* an empty line, or the end of the input */
    PASSWORD_PROMPT_LONG,    /* more than PASSWORD_MAX bytes */
    PASSWORD_PROMPT_FAILED,  /* with errno */
};

struct password_typed {
    char bytes[PASSWORD_MAX + 1];
    size_t length;
};

/* `question` is printed to `out` if `fd` is a terminal. */
WSL_MUST_CHECK enum password_prompt password_prompt_read(int fd, FILE *out, const char *question,
                                                         struct password_typed *typed);

static inline struct slice password_prompt_slice(const struct password_typed *typed)
{
    return (struct slice){typed->bytes, typed->length};
}

#endif
