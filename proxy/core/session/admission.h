/*
 * Whether a connection and its requests are let in: a state machine without I/O. It is fed facts
 * and verdicts, and returns what the caller does next. In this order: how many connections there
 * are, which client it is, from where and how many of them; which route, what that route takes,
 * the page that asks (Origin), where the token leads to, how many sessions the route has.
 */
/* clang-format off */
/*
 *      connection   COUNT_CONNECTION     not for operators
 *                          |
 *                    AWAIT_CLIENT        until the PROXY header is read, if there is one
 *                          |
 *                    COUNT_ADDRESS       not for operators, nor if a trusted proxy names its clients
 *                          |
 *                     AWAIT_HEAD <--------------------------- the next request of the connection
 *                          |
 *      request     LEAVE_ADDRESS, COUNT_ADDRESS      if the head names another client than before
 *                          |
 *                     FIND_ROUTE ------------------> ADMITTED   a plain request
 *                          |    READ_BODY if it is the form of a login, AUTHENTICATE if the route or
 *                          |    its listener asks for it, come in between
 *                          |
 *                   PREPARE_UPGRADE
 *                          |
 *                      KEEP_HEAD
 *                          |
 *                    AUTHENTICATE        if the route or its listener asks for it
 *                          |
 *                     FIND_TOKEN         if the route has tokens
 *                          |
 *                     COUNT_ROUTE -----------------> ADMITTED   a session
 *
 *      Every step may lead to REFUSED. Over a limit of clients:
 *
 *      COUNT_... --> COUNT_OVER_LIMIT --> AWAIT_HEAD --> FIND_ROUTE --> ADMITTED   liveness is asked
 *                         |                             +-------> REFUSED    anything else
 *                         +--> REFUSED   no place is left, or the listener does not serve liveness
 */
/* clang-format on */
/*
 * Verdicts may take time: between a step and its admission_resume the connection may wait as long
 * as its deadline allows: READ_BODY (LIFE_HEAD), AUTHENTICATE and FIND_TOKEN (LIFE_LOOKING_UP) do.
 * AUTHENTICATE comes before FIND_TOKEN, so that only a client that is known may try tokens. No
 * other request than the form of a login has a body. The head is gone once the
 * caller has waited: what such a step needs of it is copied before.
 *
 * Pure. Owns: nothing. Thread: its connection's. Errors: REFUSED with a reason; an answer that was
 * not asked for is our bug: abort. Lifetime: plain memory; borrows the listener's configuration,
 * and facts only for the time of a call.
 */
#ifndef WSLUICE_CORE_SESSION_ADMISSION_H
#define WSLUICE_CORE_SESSION_ADMISSION_H

#include "base/reason.h"
#include "codec/http/http_head.h"
#include "config/model/config.h"
#include "core/access/client_address.h"

/* What the caller does next. The result of a step before AWAIT_CLIENT goes to admission_resume. */
enum admission_step {
    ADMISSION_COUNT_CONNECTION, /* enter the counts of process and listener */
    ADMISSION_COUNT_OVER_LIMIT, /* enter the count of those over a limit whose request is read */
    ADMISSION_LEAVE_ADDRESS,    /* leave the count of the client before this one */
    ADMISSION_COUNT_ADDRESS,    /* enter the count of the client's address */
    ADMISSION_FIND_ROUTE,       /* the route of the head */
    ADMISSION_PREPARE_UPGRADE,  /* check the WebSocket handshake, and prepare the 101 */
    ADMISSION_KEEP_HEAD,        /* copy what is needed of the head: later steps may take time */
    ADMISSION_READ_BODY,        /* the body of a form; the head is the same afterwards */
    ADMISSION_AUTHENTICATE,     /* who the client is, as the methods of route or listener say */
    ADMISSION_FIND_TOKEN,       /* the target of the request's token */
    ADMISSION_COUNT_ROUTE,      /* enter the count of the route's sessions */
    ADMISSION_AWAIT_CLIENT,     /* admission_client, once the client's address is known */
    ADMISSION_AWAIT_HEAD,       /* admission_request, once a head is complete, or admission_raw */
    ADMISSION_ADMITTED,         /* as a session if is_upgrade; else the answer to a plain request */
    ADMISSION_REFUSED,          /* with `reason` */
    ADMISSION_STEPS,
};

/* What a listener has configured, and how the connection came. */
struct admission_terms {
    const struct config_listener *listener; /* borrowed */
    bool operators;                         /* it is exempt from the limits of clients */
    bool serves_liveness;                   /* COUNT_OVER_LIMIT is worth asking for */
    bool over_limit; /* accepted over a limit, in the count of COUNT_OVER_LIMIT */
};

/* The facts that are known so far; the others are NULL. */
struct admission_facts {
    struct client_address *client;    /* admission_request may change it */
    const struct http_head *head;     /* NULL: no request yet */
    const struct config_route *route; /* from the answer to FIND_ROUTE on */
    bool tls;                         /* the connection came over TLS */
};

struct admission {
    struct admission_terms terms;
    struct client_address proxy; /* if is_named: the peer that names its clients */
    uint8_t step;                /* enum admission_step, the last one that was returned */
    uint8_t verdict; /* enum reason: refuses all requests of the connection; none: does not */
    uint8_t reason;  /* enum reason: why this request is refused */
    bool is_counted; /* the client is known, and counted where that is limited */
    bool is_named;   /* a trusted proxy names the client in each head */
    bool is_upgrade; /* the request is for a bridge */
};

/* COUNT_CONNECTION, AWAIT_CLIENT, or AWAIT_HEAD if over a limit. */
WSL_MUST_CHECK enum admission_step admission_begin(struct admission *admission,
                                                   const struct admission_terms *terms);

/* In AWAIT_CLIENT, with the client: checks the listener's lists. */
WSL_MUST_CHECK enum admission_step admission_client(struct admission *admission,
                                                    const struct admission_facts *facts);

/* With client and head; once for each request of a connection. */
WSL_MUST_CHECK enum admission_step admission_request(struct admission *admission,
                                                     const struct admission_facts *facts);

/*
 * Instead of admission_request, on a listener without requests: with the client and its route.
 * COUNT_ROUTE, or REFUSED.
 */
WSL_MUST_CHECK enum admission_step admission_raw(struct admission *admission,
                                                 const struct admission_facts *facts);

/*
 * The result of the step that was returned last: REASON_none, or the reason why it failed
 * (LEAVE_ADDRESS cannot fail). `facts` as with admission_client or admission_request, with the
 * route from FIND_ROUTE on; behind KEEP_HEAD and AUTHENTICATE only the route is needed.
 */
WSL_MUST_CHECK enum admission_step admission_resume(struct admission *admission,
                                                    const struct admission_facts *facts,
                                                    enum reason verdict);

/* The caller has something to do whose result goes to admission_resume. */
bool admission_asks(enum admission_step step);

/* The largest body of a form. */
#define ADMISSION_BODY_MAX 4096

/* The methods of plain requests that a route takes on a listener, as the value of an Allow field.
 */
const char *admission_methods(const struct config_listener *listener,
                              const struct config_route *route);

/* Over a limit of clients: the request is read, but only liveness is answered. */
bool admission_is_over_limit(const struct admission *admission);

/* Whether a trusted proxy sent this request, so that its fields about the client count. */
bool admission_is_proxied(const struct admission *admission);

/* Whether the client of this request came over TLS: as a trusted proxy says, else as it came. */
bool admission_is_secure(const struct admission *admission, const struct http_head *head, bool tls);

#endif
