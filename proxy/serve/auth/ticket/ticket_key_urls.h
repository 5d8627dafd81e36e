/*
 * The URLs of ticket keys that are in use, each with its keys once for all methods that name it
 * with the same CA and algorithm. They outlive a reload: while the service is down, the keys of
 * before stay in use.
 *
 * Owns: a reference to each URL; those that nobody else holds go with the next
 * ticket_key_urls_get. Thread: any, behind a lock. Errors: NULL: out of memory. Lifetime: outlives
 * all sites.
 */
#ifndef WSLUICE_SERVE_AUTH_TICKET_TICKET_KEY_URLS_H
#define WSLUICE_SERVE_AUTH_TICKET_TICKET_KEY_URLS_H

#include "serve/auth/ticket/ticket_key_url.h"

struct ticket_key_urls;

WSL_MUST_CHECK struct ticket_key_urls *ticket_key_urls_create(void);
void ticket_key_urls_free(struct ticket_key_urls *urls); /* NULL is fine */

/* A reference. */
WSL_MUST_CHECK struct ticket_key_url *ticket_key_urls_get(struct ticket_key_urls *urls,
                                                          const struct config_ticket_key *config);

#endif
