/*
 * How long an answer may be used again, as a cache for several users has to decide: Cache-Control
 * and Age, RFC 9111. Without an explicit lifetime, an answer is not kept.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none: a malformed directive forbids to keep the answer.
 * Lifetime: none.
 */
#ifndef WSLUICE_CODEC_HTTP_ANSWER_HTTP_FRESHNESS_H
#define WSLUICE_CODEC_HTTP_ANSWER_HTTP_FRESHNESS_H

#include "codec/http/answer/http_answer.h"

/*
 * Seconds, at most `most`; 0: not to be kept. s-maxage counts instead of max-age. Not to be kept:
 * no-store, no-cache, private; answers that Vary names another field for than Accept-Encoding,
 * because they differ between clients.
 */
uint32_t http_freshness_seconds(const struct http_answer *answer, uint32_t most);

#endif
