#include "serve/target/target_same.h"

#include "base/base.h"
#include "config/model/config.h"

static bool same_texts(const struct config_texts *a, const struct config_texts *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = string_equal(a->items[i], b->items[i]);
    return same;
}

static bool same_headers(const struct config_ws_target *a, const struct config_ws_target *b)
{
    bool same = a->header_count == b->header_count;
    for (size_t i = 0; same && i < a->header_count; i++)
        same = string_equal(a->headers[i].name, b->headers[i].name) &&
               string_equal(a->headers[i].value, b->headers[i].value);
    return same;
}

/* What the request for an upgrade says, and how the session ends. */
static bool same_websocket(const struct config_ws_target *a, const struct config_ws_target *b)
{
    return string_equal(a->path, b->path) && string_equal(a->host, b->host) &&
           string_equal(a->origin, b->origin) && same_texts(&a->subprotocols, &b->subprotocols) &&
           same_headers(a, b) && string_equal(a->user, b->user) &&
           string_equal(a->password, b->password) && string_equal(a->bearer, b->bearer) &&
           a->eof == b->eof;
}

static bool same_tls(const struct config_target *a, const struct config_target *b)
{
    return a->tls == b->tls && a->tls_on_demand == b->tls_on_demand && a->insecure == b->insecure &&
           string_equal(a->server_name, b->server_name) && string_equal(a->ca, b->ca) &&
           string_equal(a->certificate, b->certificate) && string_equal(a->key, b->key) &&
           string_equal(a->key_password, b->key_password) && same_texts(&a->pins, &b->pins);
}

static bool same_way(const struct config_target *a, const struct config_target *b)
{
    return config_address_is_same(&a->address, &b->address) &&
           config_address_is_same(&a->connect_to, &b->connect_to) && a->family == b->family &&
           string_equal(a->proxy, b->proxy) && a->proxy_protocol == b->proxy_protocol &&
           a->is_command == b->is_command;
}

static bool same_probe(const struct config_target *a, const struct config_target *b)
{
    return a->probe == b->probe && string_equal(a->banner, b->banner) &&
           a->probe_interval_ms == b->probe_interval_ms &&
           a->probe_timeout_ms == b->probe_timeout_ms;
}

bool target_same_options(const struct config_target *a, const struct config_target *b)
{
    return same_way(a, b) && same_tls(a, b) && same_websocket(&a->ws, &b->ws) && same_probe(a, b);
}
