/*
 * A users file in a folder of its own, which becomes the working directory.
 *
 * Owns: the folder. Thread: one. Errors: cmocka's. Lifetime: users_lab_enter to users_lab_leave.
 */
#ifndef WSLUICE_TESTS_USERS_LAB_H
#define WSLUICE_TESTS_USERS_LAB_H

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

/* Of the password "sesame"; cheap. */
#define USERS_LAB_HASH "$5$rounds=1000$abcdefgh$ErG1rn0GpODYQsD0nq3v3MbXT2boicTUhjw4zQRk1//"
/* Of the password "other"; cheap. */
#define USERS_LAB_OTHER "$5$rounds=1000$other$5U0XBcGnplQ0pNbIlW2Cf2I4nGQuqRQ6y9R.h.PD0O9"

static char users_lab_folder[64] __attribute__((unused));

static inline void users_lab_enter(void)
{
    snprintf(users_lab_folder, sizeof(users_lab_folder), "/tmp/wsluice-users-XXXXXX");
    wsl_assert(mkdtemp(users_lab_folder) && chdir(users_lab_folder) == 0);
}

static inline void users_lab_leave(void)
{
    (void)unlink("users");
    wsl_assert(chdir("/") == 0 && rmdir(users_lab_folder) == 0);
}

/* Replaces the file. */
static inline void users_lab_write(const char *text)
{
    FILE *stream = fopen("new", "w");
    wsl_assert(stream && fputs(text, stream) >= 0 && fclose(stream) == 0);
    wsl_assert(rename("new", "users") == 0);
}

#endif
