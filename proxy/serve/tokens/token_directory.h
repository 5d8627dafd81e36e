/*
 * The source tokens.directory: a folder with a file for each token, which holds its target. The
 * name of the file is the token. A token that is empty, begins with a dot, or has a "/" or NUL
 * names no file, and neither does a link that leads out of the folder (files_root.h).
 *
 * The file is read when it is asked for, on the caller's loop: such folders belong on local disks,
 * as certificates do.
 *
 * Owns: the path. Thread: any. Errors: NULL and *error. Lifetime: token_source_release.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_DIRECTORY_H
#define WSLUICE_SERVE_TOKENS_TOKEN_DIRECTORY_H

#include "serve/tokens/token_source.h"

/* A folder that does not exist yet is a warning only: it may be created later. */
WSL_MUST_CHECK struct token_source *token_directory_create(const struct config_tokens *tokens,
                                                           char *error, size_t error_size);

#endif
