/*
 * The tokens of a source as a table: a look-up costs the same for any number of tokens. Of lines
 * with the same token the last one counts.
 *
 * The hash has a random key: the time of a look-up tells nothing about tokens bit by bit, and
 * colliding tokens cannot be computed.
 *
 * Owns: the text that it was made of. Thread: created on one, then read by any. Errors: NULL: out
 * of memory; faults of lines are logged, without the text of the line.
 * Lifetime: token_table_free wipes everything.
 */
#ifndef WSLUICE_SERVE_TOKENS_FILE_TOKEN_TABLE_H
#define WSLUICE_SERVE_TOKENS_FILE_TOKEN_TABLE_H

#include "base/hash_map.h"
#include "core/tokens/token_file.h"
#include "serve/tokens/file/token_files.h"

struct token_entry {
    struct hash_map_link link;
    struct slice token, host; /* of the text; host: or the path of a Unix socket */
    uint16_t port;            /* services are resolved */
    bool is_unix;
};

struct token_table;

/* `path`: of the source, for the log. Takes *text over, after a failure as well, and empties it. */
WSL_MUST_CHECK struct token_table *token_table_create(const char *path, struct token_text *text,
                                                      const struct siphash_seed *seed);
void token_table_free(struct token_table *table); /* NULL is fine */

/* NULL: unknown. */
const struct token_entry *token_table_find(const struct token_table *table, struct slice token);
const struct token_text *token_table_text(const struct token_table *table);
size_t token_table_count(const struct token_table *table);

/* The port of a target, from its number or the name of a TCP service. 0: no such service. */
uint16_t token_table_port(const struct token_target *target);

#endif
