/*
 * The folder of a source that has a file or a socket for each token.
 *
 * Owns: nothing. Thread: any; it blocks as long as the disk does. Errors: false and one line.
 * Lifetime: none.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_FOLDER_H
#define WSLUICE_SERVE_TOKENS_TOKEN_FOLDER_H

#include "base/base.h"

/* At the start: a folder that is missing is a warning only. `what`: "a file for each token". */
WSL_MUST_CHECK bool token_folder_check(const char *path, const char *what, char *error,
                                       size_t error_size);

/* For wsluice check. `text`: "tokens PATH: a file for each token", or why it cannot be read. */
WSL_MUST_CHECK bool token_folder_describe(const char *path, const char *what, char *text,
                                          size_t size);

#endif
