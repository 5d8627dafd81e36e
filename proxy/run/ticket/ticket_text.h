/*
 * The texts that `wsluice ticket` reads: the file of a key, a token, claims.
 *
 * Owns: nothing. Thread: any; reading blocks. Errors: false and one line. Lifetime: what is
 * returned is the caller's.
 */
#ifndef WSLUICE_RUN_TICKET_TICKET_TEXT_H
#define WSLUICE_RUN_TICKET_TICKET_TEXT_H

#include "base/text/json_put.h"
#include "core/ticket/ticket_keys.h"

/* The keys of a file; "-": of the standard input. A key of a set that cannot be used is skipped. */
WSL_MUST_CHECK struct ticket_keys *ticket_text_keys(const char *path, const struct ticket_alg *only,
                                                    char *error, size_t error_size);

/* A token: the word, or with NULL or "-" the first line of the standard input. */
WSL_MUST_CHECK bool ticket_text_token(const char *word, FILE *input, char *token, size_t size,
                                      char *error, size_t error_size);

/*
 * Adds a member to an object of JSON that is open: NAME=TEXT, or NAME:=JSON. False: it is neither.
 */
WSL_MUST_CHECK bool ticket_text_add_claim(struct json *json, const char *claim, char *error,
                                          size_t error_size);

#endif
