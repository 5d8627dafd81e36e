#include "net/http/http_origin.h"

#include "net/tls/context/tls_ctx.h"

static bool open_tls(struct http_origin *origin, const char *ca, const struct config_place *place,
                     struct tls_store *store, char *error, size_t error_size)
{
    const struct config_target target = {
        .address = origin->url.address, .tls = true, .ca = ca, .place = *place};
    const struct tls_error tls_error = {place, error, error_size};
    origin->tls = tls_ctx_client(&target, store, &tls_error);
    return origin->tls != NULL;
}

struct http_origin *http_origin_create(const char *url, const char *ca,
                                       const struct config_place *place, struct tls_store *store,
                                       char *error, size_t error_size)
{
    struct http_origin *origin = calloc(1, sizeof(*origin));
    if (!origin) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    atomic_init(&origin->references, 1);
    const char *fault = url_parse(url, &origin->url);
    if (fault || !siphash_seed(&origin->id)) {
        snprintf(error, error_size, "%s: %s", url, fault ? fault : "no random numbers");
        http_origin_release(origin);
        return NULL;
    }
    url_print_host(&origin->url, origin->host, sizeof(origin->host));
    origin->connections = HTTP_ORIGIN_CONNECTIONS;
    origin->queue = HTTP_ORIGIN_QUEUE;
    if (!origin->url.tls || open_tls(origin, ca, place, store, error, error_size))
        return origin;
    http_origin_release(origin);
    return NULL;
}

struct http_origin *http_origin_retain(struct http_origin *origin)
{
    atomic_fetch_add(&origin->references, 1);
    return origin;
}

void http_origin_release(struct http_origin *origin)
{
    if (!origin || atomic_fetch_sub(&origin->references, 1) > 1)
        return;
    tls_ctx_free(origin->tls);
    free(origin);
}
