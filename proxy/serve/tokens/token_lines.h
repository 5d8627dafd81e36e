/*
 * The source tokens.file: lines of a file, or of all files of a folder, as a table that follows
 * each change (token_store.h). A question that comes while the table may be out of date waits for a
 * refresh in the thread pool.
 *
 * Owns: the table. Thread: any. Errors: NULL and *error. Lifetime: token_source_release.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_LINES_H
#define WSLUICE_SERVE_TOKENS_TOKEN_LINES_H

#include "serve/tokens/token_source.h"

/* A file that does not exist yet is a warning only: it may be created later. */
WSL_MUST_CHECK struct token_source *token_lines_create(const struct config_tokens *tokens,
                                                       char *error, size_t error_size);

#endif
