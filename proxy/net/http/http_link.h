/*
 * One connection of the pool: dialled, then used for one request after the other.
 *
 *      DIALLING --connected--> BUSY --answer complete--> IDLE --http_link_send--> BUSY
 *
 * It reports to its owner, the pool, by three functions, each of them from the loop and as the last
 * thing it does; so the owner may free the link in them.
 *
 * Owns: the dial, then the connection; what was collected of an answer. Thread: its loop's. Errors:
 * `failed`, with a line of text. Lifetime: http_link_open to http_link_close.
 */
#ifndef WSLUICE_NET_HTTP_HTTP_LINK_H
#define WSLUICE_NET_HTTP_HTTP_LINK_H

#include "codec/http/answer/http_collect.h"
#include "net/connect/dial.h"
#include "net/http/http_origin.h"
#include "net/plain.h"

struct http_link;

struct http_link_owner {
    void (*answered)(struct http_link *link); /* `collect` has the answer; see http_link_persists */
    void (*failed)(struct http_link *link, const char *detail);
    void (*idle_ended)(struct http_link *link); /* the peer has closed it, or sent something */
};

struct http_link {
    struct list list;    /* the owner's */
    void *call;          /* likewise; NULL: idle */
    void *state;         /* likewise */
    uint64_t idle_since; /* likewise; 0: it is not idle */
    bool reused;         /* the request is not its first */

    const struct dial_loop *loop;
    const struct http_link_owner *owner;
    const struct config_address *address; /* the origin's, while there is a request */
    uint8_t *buffer;                      /* the pool's, HTTP_LINK_BUFFER */
    struct dial *dial;
    struct watch *watch;
    struct plain plain;
    struct transport *transport; /* NULL: dialling, or failed */
    struct slice request;        /* borrowed from the call */
    size_t sent;
    bool blocked;   /* the transport has bytes to flush */
    bool unordered; /* bytes followed an answer */
    struct http_collect collect;
};

#define HTTP_LINK_BUFFER ((size_t)64 << 10)

/*
 * Dials, and then sends the request. False: it has failed already, with a line in `detail`; the
 * link holds nothing, and nothing is reported.
 */
WSL_MUST_CHECK bool http_link_open(struct http_link *link, const struct http_origin *origin,
                                   struct slice request, size_t body_max, uint32_t timeout_ms,
                                   char detail[static HTTP_DETAIL]);

/* IDLE: the next request. What fails is reported later. */
void http_link_send(struct http_link *link, const struct http_origin *origin, struct slice request,
                    size_t body_max);

/* BUSY: looks for an answer now, for a timer before it decides. */
void http_link_poll(struct http_link *link);

/* After `answered`: the connection may take another request. */
bool http_link_persists(const struct http_link *link);

/* After `answered`, once the answer is used: waits for the peer's end, or the next request. */
void http_link_rest(struct http_link *link);

void http_link_close(struct http_link *link);

#endif
