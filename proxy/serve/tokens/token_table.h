/*
 * A text of tokens as a table: one probe for each look-up, however many there are. Later lines win
 * over earlier ones with the same token.
 *
 * Buckets are chosen by a keyed hash, so nobody learns a token bit by bit from how long a look-up
 * takes, nor finds tokens that collide.
 *
 * Owns: the text that it was made of. Thread: made on one, then read by any. Errors: NULL: out of
 * memory; what is wrong in the text is logged, line by line, without the text of the line.
 * Lifetime: token_table_free wipes everything.
 */
#ifndef WSLUICE_SERVE_TOKENS_TOKEN_TABLE_H
#define WSLUICE_SERVE_TOKENS_TOKEN_TABLE_H

#include "core/tokens/token_file.h"
#include "serve/tokens/token_source.h"

struct token_entry {
    struct slice token, host; /* of the text; host: or the path of a Unix socket */
    uint16_t port;            /* services are resolved */
    bool is_unix;
};

struct token_table;

/* `path`: of the source, for the log. `text` is taken over, also when it fails, and is then empty.
 */
WSL_MUST_CHECK struct token_table *token_table_create(const char *path, struct token_text *text,
                                                      const struct siphash_seed *seed);
void token_table_free(struct token_table *table); /* NULL is fine */

/* NULL: there is no such token. */
const struct token_entry *token_table_find(const struct token_table *table, struct slice token);
const struct token_text *token_table_text(const struct token_table *table);
size_t token_table_count(const struct token_table *table);

/* The port of a target, by its number or the name of a TCP service. 0: there is no such service. */
uint16_t token_table_port(const struct token_target *target);

#endif
