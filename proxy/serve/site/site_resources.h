/*
 * Resources that are built from a configuration: TLS contexts, the pool of targets, and the
 * services that are asked over HTTP.
 *
 * A reload builds new resources from the ones before. It keeps ticket keys, so that TLS sessions
 * resume; certificates whose files hold the same bytes; the health of targets that stay the same.
 *
 * Owns: all of that, and a reference to the configuration. Thread: made on one, then read by any;
 * the store is the main thread's. Errors: site_resources_create returns NULL and fills one line:
 * place, file, problem, remedy. Lifetime: its owner's, a site or `check --connect`.
 */
#ifndef WSLUICE_SERVE_SITE_SITE_RESOURCES_H
#define WSLUICE_SERVE_SITE_SITE_RESOURCES_H

#include "base/base.h"

struct config;
struct http_origins;
struct target_pool;
struct tls_ctx;
struct tls_store;

struct site_resources {
    const struct config *config;
    struct tls_store *store;       /* its certificates are for metrics and warnings */
    struct tls_ctx **listener_tls; /* per listener; NULL: plain only */
    struct target_pool *pool;
    struct http_origins *origins; /* the services that are asked, by their URLs' texts */
};

/* `previous`: the resources in use, or NULL. They are not kept and not changed. */
WSL_MUST_CHECK struct site_resources *site_resources_create(const struct config *config,
                                                            const struct site_resources *previous,
                                                            char *error, size_t error_size);
void site_resources_free(struct site_resources *resources); /* NULL: nothing happens */

/*
 * True once for each new state of the certificate, key and CA files: time for a reload. If it
 * fails these resources stay in use, and report no change until the files change again. One stat
 * per file; to be called every few seconds. The second call after a change returns true, so that
 * files which are still being written are not read. Main thread.
 */
WSL_MUST_CHECK bool site_resources_files_changed(struct site_resources *resources);

#endif
