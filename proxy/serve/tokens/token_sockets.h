/*
 * The source tokens.sockets: a folder with a Unix socket for each token, which is the name of the
 * socket. A token that is empty, begins with a dot, or has a "/" or NUL names none, and neither do
 * a link, a file that is no socket, and one with a second name: those who may write to the folder
 * must not lead clients out of it. The connection checks the same again (dial_socket.h).
 *
 * The log and the metrics have the folder instead of the socket: its name is the token.
 *
 * Owns: its texts. Thread: any; a look-up is a few system calls, so that the folder belongs on a
 * local disk. Errors: NULL and *error. Lifetime: token_source_release.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_SOCKETS_H
#define WSLUICE_SERVE_TOKENS_TOKEN_SOCKETS_H

#include "serve/tokens/token_source.h"

/* A folder that does not exist yet is a warning only: it may be created later. */
WSL_MUST_CHECK struct token_source *token_sockets_create(const struct config_tokens *tokens,
                                                         char *error, size_t error_size);

#endif
