/*
 * Texts from outside of a configuration file: from files of their own, and from programs.
 *
 * Owns: nothing. Thread: any; it blocks. Errors: NULL, and what strerror or this module says.
 * Lifetime: the caller frees a text, wiped if it is a secret.
 */
#ifndef WSLUICE_CONFIG_SOURCE_TEXT_H
#define WSLUICE_CONFIG_SOURCE_TEXT_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/base.h"

#define SOURCE_TEXT_MAX        (64 << 10) /* of a text in a file of its own */
#define SOURCE_TEXT_TIMEOUT_MS 60000      /* of a program, which may ask its user something */

/* The whole file, with a NUL behind it. `most`: a longer file is refused. */
char *source_text_read(const char *path, size_t most, size_t *length, struct stat *info,
                       const char **why);

/*
 * What a program prints, at most SOURCE_TEXT_MAX bytes. It is found as execvp finds it, reads
 * /dev/null, and may write to our standard error. It must end by itself with status 0; once the
 * time has passed, it is killed. `why` gets a text, such as "it has ended with status 1".
 */
char *source_text_run(const char *const *words, size_t count, unsigned timeout_ms, size_t *length,
                      char *why, size_t why_size);

/*
 * A text without the newline that editors and programs put at its end. NULL: it is in order; else
 * what is wrong, such as "contains a NUL byte".
 */
const char *source_text_trim(char *text, size_t length);

#endif
