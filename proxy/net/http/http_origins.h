/*
 * The services of one configuration, found by the text of their URL in its snapshot.
 *
 * Owns: a reference to each origin. Thread: made on one, then read by any. Errors: false and one
 * line. Lifetime: http_origins_create to http_origins_free; borrows the snapshot.
 */
#ifndef WSLUICE_NET_HTTP_HTTP_ORIGINS_H
#define WSLUICE_NET_HTTP_HTTP_ORIGINS_H

#include "net/http/http_origin.h"

struct http_origins;

WSL_MUST_CHECK struct http_origins *http_origins_create(void); /* NULL: out of memory */
void http_origins_free(struct http_origins *origins);          /* NULL is fine */

/* As http_origin_create. */
WSL_MUST_CHECK bool http_origins_add(struct http_origins *origins, const char *url, const char *ca,
                                     const struct config_place *place, struct tls_store *store,
                                     char *error, size_t error_size);

/* By the address of the text, which names one option. NULL: it was not added. */
struct http_origin *http_origins_find(const struct http_origins *origins, const char *url);

#endif
