/*
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"): a hash for tables whose
 * keys a peer may choose. Without the seed, a peer cannot find keys that share a bucket.
 *
 * Owns: nothing. Thread: any. Errors: false. Lifetime: none.
 */
#ifndef WSLUICE_BASE_SIPHASH_H
#define WSLUICE_BASE_SIPHASH_H

#include "base/base.h"

struct siphash_seed {
    uint64_t low, high; /* random, kept by the process */
};

/* From the system's random numbers. False: it has none. */
WSL_MUST_CHECK bool siphash_seed(struct siphash_seed *seed);

uint64_t siphash_of(const struct siphash_seed *seed, const void *bytes, size_t length);

#endif
