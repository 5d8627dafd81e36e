/*
 * The keys of session tickets (RFC 5077, RFC 8446 section 4.6.1): one set for all listeners and
 * workers, kept when the configuration is loaded again, so that a session resumes wherever its
 * client comes back to. What a ticket may be used for is not decided here but by the session id
 * context of the policy that it was made under (tls_ctx.c).
 *
 *     key 0 --12 h--> key 1 --12 h--> key 2        new tickets: the newest
 *                       `- previous: opens tickets, which are then renewed; one before: wiped
 *
 * A ticket lives for two hours, so the previous key opens all that are still good.
 *
 * Owns: the keys, in memory only. Thread: any; a mutex, held while a key is copied or made.
 * Errors: NULL or false when memory or randomness is out. Lifetime: counted.
 */
#ifndef WSLUICE_NET_TLS_CONTEXT_TLS_TICKETS_H
#define WSLUICE_NET_TLS_CONTEXT_TLS_TICKETS_H

#include <openssl/ssl.h>

#include "base/base.h"

#define TLS_TICKETS_LIFE_S     (2 * 3600)
#define TLS_TICKETS_KEY_LIFE_S (12 * 3600)

struct tls_tickets;

struct tls_tickets_key {
    unsigned char name[16], cipher[32], mac[32];
};

WSL_MUST_CHECK struct tls_tickets *tls_tickets_create(void);
struct tls_tickets *tls_tickets_retain(struct tls_tickets *tickets);
void tls_tickets_release(struct tls_tickets *tickets); /* NULL is fine */

/* The key for new tickets; `now` in seconds, of a clock that never goes back. */
WSL_MUST_CHECK bool tls_tickets_newest(struct tls_tickets *tickets, uint64_t now,
                                       struct tls_tickets_key *key);

enum tls_tickets_age { TLS_TICKETS_UNKNOWN, TLS_TICKETS_PREVIOUS, TLS_TICKETS_NEWEST };

/* The key that a ticket names. */
enum tls_tickets_age tls_tickets_find(struct tls_tickets *tickets, const unsigned char *name,
                                      struct tls_tickets_key *key);

/* As SSL_CTX_set_tlsext_ticket_key_evp_cb(3) wants it. */
int tls_tickets_apply(struct tls_tickets *tickets, unsigned char *name, unsigned char *iv,
                      EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt);

#endif
