/*
 * The keys of session tickets (RFC 5077, RFC 8446 section 4.6.1): one set for all listeners and
 * workers, kept across reloads, so that a session can resume on any of them. tls_resume.h says when
 * it may.
 *
 *     key 0 --12 h--> key 1 --12 h--> key 2        new tickets: the newest
 *                       `- previous: opens tickets, and they are renewed. Older ones are wiped.
 *
 * A ticket lives for two hours, so the previous key opens all that are still valid.
 *
 * Owns: the keys, in memory only. Thread: any; a mutex, held while a key is copied or made. Errors:
 * NULL or false: no memory or no random numbers. Lifetime: counted.
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

/* The key for new tickets; `now` in seconds, of a monotonic clock. */
WSL_MUST_CHECK bool tls_tickets_newest(struct tls_tickets *tickets, uint64_t now,
                                       struct tls_tickets_key *key);

enum tls_tickets_age { TLS_TICKETS_UNKNOWN, TLS_TICKETS_PREVIOUS, TLS_TICKETS_NEWEST };

/* The key that a ticket names. */
enum tls_tickets_age tls_tickets_find(struct tls_tickets *tickets, const unsigned char *name,
                                      struct tls_tickets_key *key);

/* Implements the callback of SSL_CTX_set_tlsext_ticket_key_evp_cb(3). */
int tls_tickets_apply(struct tls_tickets *tickets, unsigned char *name, unsigned char *iv,
                      EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt);

#endif
