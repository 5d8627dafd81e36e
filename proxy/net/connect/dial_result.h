/*
 * What a dial is asked for, and its result.
 *
 * Owns: a result with reason `none` owns its descriptor, watch and transport. Thread: the dial's.
 * Errors: none. Lifetime: plain memory.
 */
#ifndef WSLUICE_NET_CONNECT_DIAL_RESULT_H
#define WSLUICE_NET_CONNECT_DIAL_RESULT_H

#include "base/transport.h"
#include "config/model/config.h"
#include "net/connect/lookup.h"

struct config_proxy;
struct permit;
struct plain;
struct resolver;
struct tls_ctx;
struct tls_scratch;
struct watch;
struct watch_set;

#define DIAL_DETAIL 160

/* A connected target, or why there is none. */
struct dial_result {
    enum reason reason;       /* none: connected */
    int fd;                   /* the receiver's from now on; -1: none */
    struct watch *watch;      /* likewise; to be adopted */
    struct transport *tls;    /* owns the fd if the target speaks TLS; NULL: plain */
    char detail[DIAL_DETAIL]; /* for the log: address and system's words */
};

typedef void dial_cb(void *owner, const struct dial_result *result);

/* What dials share with others of their loop; borrowed. */
struct dial_loop {
    struct watch_set *watches;
    struct resolver *resolver;
    struct tls_scratch **scratch; /* tls_create */
    uint32_t *attempts;           /* budget beyond the first of each dial; NULL: unlimited */
};

struct dial_request {
    struct dial_loop loop;
    const struct config_address *address; /* borrowed until the end, as are its texts */
    const char *shown; /* borrowed likewise; for the log, instead of the address. NULL: that */
    const struct config_proxy
        *proxy;                  /* borrowed likewise; forward proxy to the target. NULL: none */
    const struct permit *permit; /* borrowed likewise; checked for each address. NULL: all are */
    bool no_link;                /* a Unix socket whose file must not be a link (dial_socket.h) */
    struct lookup_source origin; /* of its host */
    enum config_family family;   /* of the addresses that are connected to */
    uint32_t timeout_ms;
    bool own_users;        /* refuse another user's program on this machine (socket_owner.h) */
    struct slice preface;  /* borrowed likewise; sent first, in the clear */
    struct slice greeting; /* likewise; sent behind the preface, and through TLS if there is any */
    struct tls_ctx *tls;   /* NULL: plain */
    const char *tls_name;  /* borrowed likewise; instead of the one in tls. NULL: that one */
    dial_cb *callback;
    void *owner;
};

/* The text of a target for the log. Returns `shown`, or if that is NULL `text`: the address. */
const char *dial_result_where(const char *shown, const struct config_address *address, char *text,
                              size_t size);

/* `where`: the address; `what`: the system's or OpenSSL's words. */
void dial_result_fail(struct dial_result *result, enum reason reason, const char *where,
                      const char *what);
void dial_result_errno(struct dial_result *result, const char *where, int error);

/* The detail, or if there is none (memory was out) the reason's text. */
const char *dial_result_detail(const struct dial_result *result);

/* Of a connected target: its TLS, or `plain` on its descriptor. */
struct transport *dial_result_transport(const struct dial_result *result, struct plain *plain);

/* Closes what the result holds; its reason and detail stay. */
void dial_result_discard(struct dial_result *result);

#endif
