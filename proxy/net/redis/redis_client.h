/*
 * Look-ups in a Redis server, for one loop: one connection, on which any number of look-ups wait
 * for their replies (pipelining).
 *
 *      redis_client_get --> queued --sent--> waiting for its reply --> answered
 *                             ^                    |
 *                             +--connection lost---+
 *
 * The connection begins with the first look-up and ends when there was none for `idle_ms`. When it
 * is lost, look-ups without a reply are sent again on the next one, each within its own deadline:
 * the restart of a server costs them time only. Attempts to connect are spaced by a pause that
 * doubles, with a random part. While no attempt has succeeded for as long as a look-up may take, or
 * the server has refused the login, look-ups fail at once instead of waiting for their deadlines;
 * the next one after the pause tries the server again.
 *
 * A reply that is overdue ends the connection: those behind it in the pipeline would be late, too.
 *
 * What can fail: the server, the login, the reply, the time, memory; the answer says which, and
 * never quotes a token. More than REDIS_CLIENT_PENDING look-ups are refused.
 *
 * Owns: the connection, copies of the keys, which are wiped. Thread: its loop's. Errors: in the
 * answer. Lifetime: redis_client_create to redis_client_close or `idle`; its memory is freed when
 * its timer is closed.
 */
#ifndef WSLUICE_NET_REDIS_REDIS_CLIENT_H
#define WSLUICE_NET_REDIS_REDIS_CLIENT_H

#include "net/redis/redis_link.h"

#define REDIS_CLIENT_PENDING 1024

struct redis_client;
struct redis_lookup;

struct redis_answer {
    enum redis_reply_kind kind; /* VALUE, NOTHING; ERROR: it has failed */
    struct slice value;         /* VALUE: valid until the callback returns */
    const char *problem;        /* ERROR: a line for the log; likewise */
};

typedef void redis_client_cb(void *owner, const struct redis_answer *answer);

/* `idle` is called when the client has closed itself; its memory is not the caller's then. */
WSL_MUST_CHECK struct redis_client *redis_client_create(const struct redis_settings *settings,
                                                        const struct dial_loop *loop,
                                                        void (*idle)(void *owner), void *owner);

/* No callback comes after this. */
void redis_client_close(struct redis_client *client);

/*
 * The value of the key that consists of both parts. NULL: refused, and *answer says why. Otherwise
 * the callback comes, never from within this call.
 */
WSL_MUST_CHECK struct redis_lookup *redis_client_get(struct redis_client *client,
                                                     struct slice prefix, struct slice token,
                                                     redis_client_cb *callback, void *owner,
                                                     struct redis_answer *answer);

/* A PING instead of a GET: VALUE says that the server answers, and accepts the login. */
WSL_MUST_CHECK struct redis_lookup *redis_client_ping(struct redis_client *client,
                                                      redis_client_cb *callback, void *owner,
                                                      struct redis_answer *answer);

/* The callback of a look-up that waits will not come. */
void redis_client_cancel(struct redis_client *client, struct redis_lookup *lookup);

#endif
