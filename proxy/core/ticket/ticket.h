/*
 * Verifies a ticket: a JSON Web Token (RFC 7519, with the advice of RFC 8725).
 *
 *     form --> algorithm and kid choose keys --> signature --> claims
 *
 * The signature comes before the claims: nobody learns from a forged ticket what a route asks for.
 *
 * Pure. Owns: nothing. Thread: any. Errors: a verdict; OpenSSL's error queue stays as it was.
 * Lifetime: none; the facts' borrowed texts are empty.
 */
#ifndef WSLUICE_CORE_TICKET_TICKET_H
#define WSLUICE_CORE_TICKET_TICKET_H

#include "core/ticket/ticket_claims.h"
#include "core/ticket/ticket_jws.h"
#include "core/ticket/ticket_keys.h"
#include "core/ticket/ticket_once.h"

#define TICKET_TRIES_MAX                                                                           \
    8 /* keys that fit one ticket; a forged one costs no more verifications                        \
       */

/* `use` is set if it is TICKET_VALID and policy->single_use: for ticket_once_use. */
WSL_MUST_CHECK enum ticket_verdict ticket_verify(struct slice token, const struct ticket_keys *keys,
                                                 const struct ticket_policy *policy,
                                                 const struct ticket_moment *moment,
                                                 struct ticket_facts *facts,
                                                 struct ticket_use *use);

/*
 * A ticket with these claims, a JSON object, malloc'd and NUL-terminated. NULL: out of memory, or
 * OpenSSL failed; or it is longer than TICKET_JWS_MAX.
 */
WSL_MUST_CHECK char *ticket_sign(const struct ticket_key *key, struct slice claims);

#endif
