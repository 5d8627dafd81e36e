/*
 * An asynchronous HTTP/1.1 client for one loop: sends requests to origins, and keeps connections
 * for the next ones.
 *
 *      http_pool_ask --> a free connection, or a new one, or the queue of the origin
 *                                |                                  |
 *                                +-- answered, failed, too late --> callback, once
 *
 * One deadline covers all of a request: the queue, the name, connecting, TLS, and the answer. A
 * redirect is an answer like any other.
 *
 * A service may close a connection that was free in the moment when it is used again. So a request
 * that fails on such a connection before a byte of its answer is sent once more, on a new one. All
 * requests are to be safe to repeat (GET).
 *
 * A connection is closed after an answer that says so, or that has bytes behind it which nobody
 * asked for; when it is free and readable; and after half a minute without use.
 *
 * Owns: connections, calls. Borrows the origins. Thread: its loop's. Errors: in the result, or NULL
 * from http_pool_ask, with a line of text. Lifetime: http_pool_create to http_pool_close.
 */
#ifndef WSLUICE_NET_HTTP_HTTP_POOL_H
#define WSLUICE_NET_HTTP_HTTP_POOL_H

#include "codec/http/answer/http_answer.h"
#include "net/connect/dial_result.h"
#include "net/http/http_origin.h"

#define HTTP_POOL_IDLE_MS 30000

struct http_result {
    const struct http_answer *answer; /* NULL: there is none, see `detail` */
    struct slice body;
    const char *detail; /* for the log: the origin and the problem; never the request */
};

struct http_request {
    const struct http_origin *origin; /* outlives the call */
    const char *target;               /* encoded; begins with "/" */
    struct slice fields;              /* whole lines "Name: value\r\n"; without Host */
    size_t body_max;
    uint32_t timeout_ms;
    /* Answer and body are valid until it returns. Never from within http_pool_ask. */
    void (*callback)(void *owner, const struct http_result *result);
    void *owner;
};

struct http_pool;
struct http_call;

WSL_MUST_CHECK struct http_pool *http_pool_create(const struct dial_loop *loop);

/* Calls that are under way fail: their callbacks come from within. The loop must run once more.
 * NULL is fine. */
void http_pool_close(struct http_pool *pool);

/*
 * GET. All of the request is copied. NULL: refused, and `detail` has the reason: the queue of the
 * origin is full, or memory is out.
 */
WSL_MUST_CHECK struct http_call *http_pool_ask(struct http_pool *pool,
                                               const struct http_request *request,
                                               char detail[static HTTP_DETAIL]);

/* No callback follows. NULL is fine. */
void http_pool_cancel(struct http_call *call);

/* Connections, free ones among them, of all origins. For observation. */
size_t http_pool_connections(const struct http_pool *pool, size_t *idle);

#endif
