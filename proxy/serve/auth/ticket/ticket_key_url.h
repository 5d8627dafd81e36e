/*
 * The keys behind a URL: a JWK Set, as identity providers publish it. When it is fetched says
 * core/ticket/ticket_refresh.h; a fetch that fails leaves the keys as they were, and each problem
 * is logged once.
 *
 *      ticket_key_url_ask --true--> the keys of this moment, which may be none
 *                         --false-> `done` later, on the loop that asked; ticket_key_url_leave: no
 *                                   more. Then ticket_key_url_keys has them
 *
 * One fetch at a time serves the waiters of all loops. It runs on the loop of the one who wanted it
 * first, and goes on when that one leaves. Its deadline is the end of each wait.
 *
 * The keys are public: a set with a secret, with which its readers could sign, is refused, and so
 * is anything but JSON. A page of an error never becomes a key.
 *
 * Owns: the keys; a fetch holds the URL and its origin. Thread: any, behind a lock. Errors: no
 * keys, and a line of text. Lifetime: counted; ticket_key_urls.h hands them out.
 */
#ifndef WSLUICE_SERVE_AUTH_TICKET_TICKET_KEY_URL_H
#define WSLUICE_SERVE_AUTH_TICKET_TICKET_KEY_URL_H

#include "config/model/section/config_auth.h"
#include "core/ticket/ticket_keys.h"
#include "net/mailbox.h"

#define TICKET_KEY_URL_DETAIL 160

struct http_origin;
struct http_pool;
struct ticket_key_url;

/* How to fetch, of the method that asks. Borrowed, but for the origin, which is retained. */
struct ticket_key_fetch {
    const struct config_ticket_key *config;
    struct http_origin *origin;
    struct http_pool *http; /* of the loop that asks */
    struct mailbox *mailbox;
};

/* One that waits for a fetch; the members behind `done` are the URL's. */
struct ticket_key_wait {
    void (*done)(struct ticket_key_wait *wait);
    struct list link;
    struct mailbox *mailbox;
    struct mailbox_post post;
    bool is_listed;
};

/* For the URL, CA and algorithm of `config`, which are copied. NULL: out of memory. */
WSL_MUST_CHECK struct ticket_key_url *ticket_key_url_create(const struct config_ticket_key *config);
bool ticket_key_url_is_of(const struct ticket_key_url *url, const struct config_ticket_key *config);
struct ticket_key_url *ticket_key_url_retain(struct ticket_key_url *url);
void ticket_key_url_release(struct ticket_key_url *url);   /* NULL is fine */
bool ticket_key_url_is_unused(struct ticket_key_url *url); /* the caller has the only reference */

/*
 * True: *keys is a reference, or NULL: there are none, and no fetch may begin yet. False: `wait`
 * waits. `unknown`: a ticket names a key that is not among those of before.
 */
WSL_MUST_CHECK bool ticket_key_url_ask(struct ticket_key_url *url,
                                       const struct ticket_key_fetch *fetch, bool unknown,
                                       struct ticket_key_wait *wait, struct ticket_keys **keys);
void ticket_key_url_leave(struct ticket_key_url *url, struct ticket_key_wait *wait);

/* A reference; NULL: there are none. */
WSL_MUST_CHECK struct ticket_keys *ticket_key_url_keys(struct ticket_key_url *url);

/* Why there are no keys, and the seconds until they may be fetched again. */
void ticket_key_url_explain(struct ticket_key_url *url, char detail[static TICKET_KEY_URL_DETAIL],
                            uint32_t *retry_after);

#endif
