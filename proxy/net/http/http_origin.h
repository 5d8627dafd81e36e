/*
 * An HTTP service that wsluice asks: where it is, how it is verified, and how many connections and
 * waiting requests it may have on each loop.
 *
 * Made once from the configuration and shared by all workers. Each one that is made is another
 * origin, also for the same URL: connections that were verified by an old CA file are not used
 * again after a reload.
 *
 * Owns: a TLS context. Thread: made on one, then read by any; the count is atomic. Errors: NULL and
 * one line. Lifetime: the last http_origin_release, after the end of all its requests.
 */
#ifndef WSLUICE_NET_HTTP_HTTP_ORIGIN_H
#define WSLUICE_NET_HTTP_HTTP_ORIGIN_H

#include <stdatomic.h>

#include "base/siphash.h"
#include "config/model/url.h"

struct config_place;
struct tls_ctx;
struct tls_store;

#define HTTP_DETAIL 256 /* a line for the log, with its NUL */

#define HTTP_ORIGIN_CONNECTIONS 16  /* per loop */
#define HTTP_ORIGIN_QUEUE       256 /* likewise: requests that wait for a connection */
#define HTTP_ORIGIN_IDLE        4   /* likewise: connections that are kept without a request */

struct http_origin {
    atomic_uint references;
    struct siphash_seed id; /* random: no other origin has it */
    struct url url;
    char host[300]; /* the field Host */
    struct tls_ctx *tls;
    uint32_t connections, queue;
};

/* `url` is valid. `ca`: NULL: the system's. `place`: in the configuration, for errors. */
WSL_MUST_CHECK struct http_origin *http_origin_create(const char *url, const char *ca,
                                                      const struct config_place *place,
                                                      struct tls_store *store, char *error,
                                                      size_t error_size);
struct http_origin *http_origin_retain(struct http_origin *origin);
void http_origin_release(struct http_origin *origin); /* NULL is fine */

#endif
