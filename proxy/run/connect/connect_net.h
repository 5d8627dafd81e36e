/*
 * What a process with a single connection needs of the network: a loop, watches, names, targets.
 *
 * Owns: all of it. Thread: the loop's. Errors: false, and one line. Lifetime: connect_net_open to
 * connect_net_close, which is called even if the former has failed.
 */
#ifndef WSLUICE_RUN_CONNECT_CONNECT_NET_H
#define WSLUICE_RUN_CONNECT_CONNECT_NET_H

#include "config/model/config.h"
#include "net/connect/dial_result.h"
#include "net/watch.h"
#include "net/work.h"

struct connect_net {
    uv_loop_t loop;
    struct watch_set watches;
    struct mailbox mailbox;
    struct work_pool work;
    struct work_lane lane;
    struct lookup_table *lookups;
    struct resolver *resolver;
    struct tls_scratch *tls_scratch;
    struct tls_store *store;
    struct target_pool *pool;
    struct bridge_scratch *buffer;
    bool has_loop, has_watches, has_mailbox, has_work;
};

WSL_MUST_CHECK bool connect_net_open(struct connect_net *net, const struct config *config,
                                     char *error, size_t error_size);

/* After all other handles of the loop are closed. False: a look-up still runs: only _exit ends. */
WSL_MUST_CHECK bool connect_net_close(struct connect_net *net);

#endif
