/*
 * TLS contexts without the store of a configuration.
 *
 * Owns: nothing. Thread: any. Errors: NULL, with one line. Lifetime: the caller releases them.
 */
#ifndef WSLUICE_TESTS_LIB_TLS_LAB_H
#define WSLUICE_TESTS_LIB_TLS_LAB_H

#include "net/tls/context/tls_ctx.h"

static inline struct tls_ctx *tls_lab_server(const struct config_tls *config, char *text,
                                             size_t size)
{
    const struct tls_error error = {.text = text, .size = size};
    struct tls_store *store = tls_store_create(NULL);
    wsl_assert(store);
    struct tls_ctx *ctx = tls_ctx_server(config, store, &error);
    tls_store_free(store);
    return ctx;
}

static inline struct tls_ctx *tls_lab_client(const struct config_target *target, char *text,
                                             size_t size)
{
    const struct tls_error error = {.text = text, .size = size};
    struct tls_store *store = tls_store_create(NULL);
    wsl_assert(store);
    struct tls_ctx *ctx = tls_ctx_client(target, store, &error);
    tls_store_free(store);
    return ctx;
}

#endif
