/*
 * Reaching one target: resolve, connect, send what must come first, and shake hands when it speaks
 * TLS.
 *
 * The happy path: a numeric address or a Unix path is connected at once; a name goes to the
 * resolver and comes back as addresses, families alternating. The first attempt starts, the next
 * one 250 ms later or when one fails (RFC 8305 section 5); the first to connect wins, the others
 * are closed. Each attempt beyond the first one needs a descriptor that a session does not count
 * on, so they come out of a number that all dials of a loop share. When that is used up the attempt
 * under way gets its share of the time for itself, and then gives its descriptor to the next. The
 * winner gets the preface, a PROXY header, before anything else; with TLS the handshake follows.
 * One deadline spans it all.
 *
 * What can fail: the name, every address (the last failure is reported), whose program it is, the
 * preface, TLS, the deadline, memory and descriptors.
 *
 * Owns: attempts, the winner until it is handed over. Thread: its loop's. Errors: a reason and a
 * line of detail. Lifetime: from dial_start until the callback or dial_cancel; it frees itself when
 * the loop has let go of it.
 */
#ifndef WSLUICE_NET_CONNECT_DIAL_H
#define WSLUICE_NET_CONNECT_DIAL_H

#include "base/transport.h"
#include "config/model/config.h"
#include "net/connect/resolve.h"
#include "net/tls/tls.h"
#include "net/watch.h"

#define DIAL_DETAIL 160

/* A connected target, or why there is none. */
struct dial_result {
    enum reason reason;       /* none: connected */
    int fd;                   /* the owner's from now on, or -1 */
    struct watch *watch;      /* likewise; to be adopted */
    struct transport *tls;    /* holds the fd when the target speaks TLS; NULL: plain */
    char detail[DIAL_DETAIL]; /* for the log: address and system's words */
};

typedef void dial_cb(void *owner, const struct dial_result *result);

struct dial_request {
    struct watch_set *watches;
    struct resolver *names;
    uint32_t *attempts;                   /* that may still begin beyond the first; NULL: any */
    const struct config_address *address; /* borrowed until the end, as are its texts */
    struct lookup_origin origin;          /* of its host */
    uint32_t timeout_ms;
    bool own_users;       /* on this machine, and no other user's program (socket_owner.h) */
    struct slice preface; /* likewise; sent first, in the clear */
    struct tls_ctx *tls;  /* NULL: plain */
    const char *tls_name; /* likewise; instead of the one in tls. NULL: that one */
    struct tls_scratch **scratch; /* with tls: the loop's (tls_create) */
    dial_cb *callback;
    void *owner;
};

struct dial;

/*
 * NULL: it is over already, and *result says how (a Unix socket connects at once). Otherwise the
 * callback will come, never from within this call.
 */
WSL_MUST_CHECK struct dial *dial_start(const struct dial_request *request,
                                       struct dial_result *result);

/* No callback comes after this. NULL is fine. */
void dial_cancel(struct dial *dial);

#endif
