/*
 * The policy of a TLS listener towards its peers: all options under listeners.tls, except those
 * that the table marks `resumes`. A new option is part of the policy until its row says otherwise.
 *
 * Owns: nothing. Thread: any (pure). Errors: false. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_OPTIONS_TLS_POLICY_H
#define WSLUICE_CONFIG_OPTIONS_TLS_POLICY_H

#include "config/model/config.h"

/* A text includes its NUL; one that is not set is empty. Of a file, the path, not the content. */
typedef bool tls_policy_take(void *owner, const void *value, size_t length);

/* Every value, in the order of the table. False: `take` returned false, or an option is a list. */
bool tls_policy_walk(const struct config_tls *tls, tls_policy_take *take, void *owner);

#endif
