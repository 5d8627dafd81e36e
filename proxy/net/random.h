/*
 * Unpredictable bytes from OpenSSL's generator.
 *
 * Owns: nothing. Thread: any. Errors: none: without them no key may be used, so the process ends.
 * Lifetime: none.
 */
#ifndef WSLUICE_NET_RANDOM_H
#define WSLUICE_NET_RANDOM_H

#include "base/base.h"

/* As the `fill` of ws_keys.h. */
void random_fill(void *bytes, size_t length);

#endif
