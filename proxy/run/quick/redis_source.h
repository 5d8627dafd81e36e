/*
 * The --token-source of websockify's class TokenRedis, as options of tokens.redis:
 *
 *     HOST[:PORT[:DB[:PASSWORD[:NAMESPACE]]]]
 *
 * A field that is empty has its default. A field in double quotes may hold colons. The keys are
 * NAMESPACE:TOKEN, or TOKEN without a namespace.
 *
 * Owns: nothing. Thread: any. Errors: a phrase, which does not quote the source: it may hold a
 * password. Lifetime: none.
 */
#ifndef WSLUICE_RUN_QUICK_REDIS_SOURCE_H
#define WSLUICE_RUN_QUICK_REDIS_SOURCE_H

#include "base/text/text.h"

/* NULL: *value has the URL (redis_url.h). */
WSL_MUST_CHECK const char *redis_source_url(const char *source, struct text *value);

/* NULL: *value has the prefix of keys; empty: none. */
WSL_MUST_CHECK const char *redis_source_prefix(const char *source, struct text *value);

#endif
