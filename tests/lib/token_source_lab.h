/*
 * A source of tokens in a test, which answers at once.
 *
 * Owns: nothing. Thread: one. Errors: assertions. Lifetime: none.
 */
#ifndef WSLUICE_TESTS_TOKEN_SOURCE_LAB_H
#define WSLUICE_TESTS_TOKEN_SOURCE_LAB_H

#include "base/base.h"
#include "serve/tokens/token_source.h"

static inline enum reason token_source_lab_find(struct token_source *source, struct slice token,
                                                struct token_destination *destination)
{
    const struct token_question question = {.token = token};
    struct token_wait wait = {.destination = destination};
    enum reason reason;
    *destination = (struct token_destination){0};
    assert_true(token_source_find(source, &question, &wait, &reason));
    return reason;
}

#endif
