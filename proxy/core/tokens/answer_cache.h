/*
 * Answers about tokens that may be used again for a while: at most ANSWER_CACHE_MOST of them, in a
 * bounded number of bytes; the one that was used longest ago goes first.
 *
 * Pure. Owns: its entries. Thread: one at a time. Errors: out of memory: an answer is not kept.
 * Lifetime: answer_cache_open to answer_cache_close, which wipes them.
 */
#ifndef WSLUICE_CORE_TOKENS_ANSWER_CACHE_H
#define WSLUICE_CORE_TOKENS_ANSWER_CACHE_H

#include "base/hash_map.h"

#define ANSWER_CACHE_MOST  4096
#define ANSWER_CACHE_BYTES ((size_t)4 << 20) /* of keys and answers */

struct answer_cache {
    struct hash_map map;
    struct list used; /* the one that was used last comes last */
    size_t bytes;
};

/* False: no random numbers. */
WSL_MUST_CHECK bool answer_cache_open(struct answer_cache *cache);
void answer_cache_close(struct answer_cache *cache);

/* Keeps copies until `until`, instead of what was kept under that key. Times are milliseconds. */
void answer_cache_put(struct answer_cache *cache, struct slice key, unsigned verdict,
                      struct slice answer, uint64_t until);

/* False: nothing that is still fresh. The answer is valid until the cache is used again. */
WSL_MUST_CHECK bool answer_cache_get(struct answer_cache *cache, struct slice key, uint64_t now,
                                     unsigned *verdict, struct slice *answer);

#endif
