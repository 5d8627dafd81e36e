/*
 * Address ranges as text: 10.0.0.0/8, fd00::/8, or one address.
 *
 * Pure. Owns: nothing. Thread: any. Errors: a verdict, and a phrase such as "must be ...".
 * Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_MODEL_CIDR_H
#define WSLUICE_CONFIG_MODEL_CIDR_H

#include "base/base.h"
#include "config/model/config.h"

enum cidr_verdict { CIDR_OK, CIDR_MALFORMED, CIDR_OUT_OF_RANGE };

WSL_MUST_CHECK enum cidr_verdict cidr_parse(const char *text, struct config_cidr *cidr, char *why,
                                            size_t why_size);

/* Returns the length, as snprintf does. */
int cidr_print(const struct config_cidr *cidr, char *buffer, size_t size);

#endif
