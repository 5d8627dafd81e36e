#include "serve/site/gate.h"

static bool open_listeners(struct gate *gate, char *error, size_t error_size)
{
    const struct config *config = gate->config;
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_listener *listener = &config->listeners[i];
        const struct tls_error tls_error = {&listener->place, error, error_size};
        if (listener->tls.mode == CONFIG_TLS_OFF)
            continue;
        gate->listener_tls[i] = tls_ctx_server(&listener->tls, gate->store, &tls_error);
        if (!gate->listener_tls[i])
            return false;
    }
    return true;
}

static bool open_all(struct gate *gate, const struct gate *previous, char *error, size_t error_size)
{
    gate->store = tls_store_create(previous ? previous->store : NULL);
    gate->listener_tls = calloc(gate->config->listener_count + 1, sizeof(struct tls_ctx *));
    if (!gate->store || !gate->listener_tls) {
        snprintf(error, error_size, "out of memory");
        return false;
    }
    if (!open_listeners(gate, error, error_size))
        return false;
    gate->pool =
        pool_create(gate->config, previous ? previous->pool : NULL, gate->store, error, error_size);
    if (!gate->pool)
        return false;
    tls_store_seal(gate->store);
    return true;
}

struct gate *gate_create(const struct config *config, const struct gate *previous, char *error,
                         size_t error_size)
{
    struct gate *gate = calloc(1, sizeof(*gate));
    if (!gate) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    atomic_init(&gate->references, 1);
    gate->config = config_retain(config);
    if (open_all(gate, previous, error, error_size))
        return gate;
    gate_release(gate);
    return NULL;
}

struct gate *gate_retain(struct gate *gate)
{
    atomic_fetch_add_explicit(&gate->references, 1, memory_order_relaxed);
    return gate;
}

void gate_release(struct gate *gate)
{
    if (!gate || atomic_fetch_sub_explicit(&gate->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; gate->listener_tls && i < gate->config->listener_count; i++)
        tls_ctx_release(gate->listener_tls[i]);
    free(gate->listener_tls);
    pool_free(gate->pool);
    tls_store_free(gate->store);
    config_release(gate->config);
    free(gate);
}

bool gate_files_changed(struct gate *gate)
{
    return tls_store_changed(gate->store);
}
