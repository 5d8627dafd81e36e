#include "net/http/http_origins.h"

struct one {
    const char *url;
    struct http_origin *origin;
};

struct http_origins {
    struct one *all;
    size_t count;
};

struct http_origins *http_origins_create(void)
{
    return calloc(1, sizeof(struct http_origins));
}

void http_origins_free(struct http_origins *origins)
{
    for (size_t i = 0; origins && i < origins->count; i++)
        http_origin_release(origins->all[i].origin);
    if (origins)
        free(origins->all);
    free(origins);
}

bool http_origins_add(struct http_origins *origins, const char *url, const char *ca,
                      const struct config_place *place, struct tls_store *store, char *error,
                      size_t error_size)
{
    struct one *all = realloc(origins->all, (origins->count + 1) * sizeof(*all));
    if (!all) {
        snprintf(error, error_size, "out of memory");
        return false;
    }
    origins->all = all;
    struct http_origin *origin = http_origin_create(url, ca, place, store, error, error_size);
    if (!origin)
        return false;
    all[origins->count++] = (struct one){url, origin};
    return true;
}

struct http_origin *http_origins_find(const struct http_origins *origins, const char *url)
{
    for (size_t i = 0; i < origins->count; i++)
        if (origins->all[i].url == url)
            return origins->all[i].origin;
    return NULL;
}
