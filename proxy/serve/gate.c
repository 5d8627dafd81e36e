#include "serve/gate.h"

static bool open_listeners(struct gate *gate, char *error, size_t error_size)
{
    const struct config *config = gate->config;
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct config_tls *tls = &config->listeners[i].tls;
        if (tls->mode == CONFIG_TLS_OFF)
            continue;
        gate->listener_tls[i] = tls_ctx_server(tls, error, error_size);
        if (!gate->listener_tls[i])
            return false;
    }
    return true;
}

static bool open_targets(struct gate *gate, char *error, size_t error_size)
{
    const struct config *config = gate->config;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct config_target *target = config->routes[i].targets;
        if (!target->tls)
            continue;
        gate->target_tls[i] = tls_ctx_client(target, error, error_size);
        if (!gate->target_tls[i])
            return false;
    }
    return true;
}

struct gate *gate_create(const struct config *config, char *error, size_t error_size)
{
    struct gate *gate = calloc(1, sizeof(*gate));
    if (!gate) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    atomic_init(&gate->references, 1);
    gate->config = config_retain(config);
    gate->listener_tls = calloc(config->listener_count + 1, sizeof(struct tls_ctx *));
    gate->target_tls = calloc(config->route_count + 1, sizeof(struct tls_ctx *));
    if (!gate->listener_tls || !gate->target_tls)
        snprintf(error, error_size, "out of memory");
    else if (open_listeners(gate, error, error_size) && open_targets(gate, error, error_size))
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
    for (size_t i = 0; gate->target_tls && i < gate->config->route_count; i++)
        tls_ctx_release(gate->target_tls[i]);
    free(gate->listener_tls);
    free(gate->target_tls);
    config_release(gate->config);
    free(gate);
}
