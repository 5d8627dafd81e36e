/*
 * The answer of a service about a token (core/tokens/resolver_answer.h) as a destination.
 *
 * Owns: nothing. Thread: any. Errors: token_source with a detail, or out_of_memory. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_ANSWER_H
#define WSLUICE_SERVE_TOKENS_TOKEN_ANSWER_H

#include "base/reason.h"
#include "core/tokens/token_destination.h"

/* `where`: the service, for the detail; or who has named the target. */
WSL_MUST_CHECK enum reason token_answer_take(struct slice body, const char *where,
                                             struct token_destination *destination);

/* A target alone, as a ticket or a field of an answer names it. */
WSL_MUST_CHECK enum reason token_answer_take_target(struct slice target, const char *where,
                                                    struct token_destination *destination);

#endif
