#include "run/connect/connect_net.h"

#include "core/bridge/bridge.h"
#include "net/connect/lookup.h"
#include "net/connect/resolve.h"
#include "net/tls/context/tls_store.h"
#include "net/tls/tls_scratch.h"
#include "run/process/loop.h"
#include "serve/target/target_pool.h"

static bool open_loop(struct connect_net *net)
{
    net->has_loop = uv_loop_init(&net->loop) == 0;
    net->has_watches = net->has_loop && watch_set_open(&net->watches, &net->loop);
    net->has_mailbox = net->has_watches && mailbox_open(&net->mailbox, &net->loop, net);
    net->has_work = net->has_mailbox && work_pool_open(&net->work);
    if (!net->has_work)
        return false;
    net->lane = (struct work_lane){&net->work, &net->loop, &net->mailbox};
    net->lookups = lookup_table_create();
    net->resolver = net->lookups ? resolve_create(&net->lane, net->lookups) : NULL;
    return net->resolver != NULL;
}

bool connect_net_open(struct connect_net *net, const struct config *config, char *error,
                      size_t error_size)
{
    *net = (struct connect_net){0};
    snprintf(error, error_size, "out of memory or descriptors");
    net->buffer = calloc(1, sizeof(*net->buffer));
    net->store = tls_store_create(NULL);
    if (!net->buffer || !net->store || !open_loop(net))
        return false;
    net->pool = target_pool_create(config, NULL, net->store, error, error_size);
    if (!net->pool)
        return false;
    tls_store_seal(net->store);
    return true;
}

static bool close_loop(struct connect_net *net)
{
    resolve_close(net->resolver);
    if (net->has_mailbox)
        mailbox_close(&net->mailbox);
    if (net->has_watches)
        watch_set_close(&net->watches);
    return !net->has_loop || loop_finish(&net->loop);
}

bool connect_net_close(struct connect_net *net)
{
    if (!close_loop(net))
        return false;
    if (net->has_mailbox)
        mailbox_free(&net->mailbox);
    lookup_table_free(net->lookups);
    if (net->has_work)
        work_pool_close(&net->work);
    target_pool_free(net->pool);
    tls_store_free(net->store);
    tls_scratch_free(net->tls_scratch);
    free(net->buffer);
    return true;
}
