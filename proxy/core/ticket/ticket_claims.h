/*
 * The claims of a ticket (RFC 7519 section 4.1), against what a route asks for.
 *
 *     exp      valid until then, but not at that moment; with the leeway later
 *     nbf iat  not before then; with the leeway earlier
 *     aud      a text or a list of texts, one of which is an audience of the route. A ticket with
 * an audience is refused by a route that names none; one that names "*" takes any, or none iss one
 * of the issuers, if the route names any
 *
 * A claim of the wrong type is refused, whether the route asks for it or not.
 *
 * Pure. Owns: nothing. Thread: any. Errors: a verdict. Lifetime: issuer and id borrow the claims,
 * all else of the facts is copied.
 */
#ifndef WSLUICE_CORE_TICKET_TICKET_CLAIMS_H
#define WSLUICE_CORE_TICKET_TICKET_CLAIMS_H

#include "codec/json_value.h"
#include "config/model/config.h"
#include "core/access/client_address.h"
#include "core/ticket/ticket_verdict.h"

#define TICKET_CLAIMS_TEXT 256 /* of a user or a target, with its NUL */
#define TICKET_CLAIMS_ID   256 /* bytes of a jti */

/* What a route asks for. Its texts are the configuration's. */
struct ticket_policy {
    struct config_texts audiences, issuers, required;
    uint32_t leeway_ms;
    const char *user;    /* the claim that names the user; NULL: "sub", which may be missing */
    const char *target;  /* the claim that names a target; NULL: none */
    bool host_and_port;  /* without `target`: the claims "host" and "port" name it */
    const char *address; /* the claim that the client's address has to be in; NULL: none */
    const char *scope;   /* where its keys are from: a jti is unique within it and its issuer */
    bool single_use;     /* needs jti and exp */
};

struct ticket_moment {
    int64_t now_ms;                      /* Unix time */
    const struct client_address *client; /* NULL: unknown */
};

struct ticket_facts {
    char user[TICKET_CLAIMS_TEXT];   /* no control characters; empty: none */
    char target[TICKET_CLAIMS_TEXT]; /* likewise */
    int64_t expires_ms;              /* INT64_MAX: never */
    char claim[64];                  /* TICKET_MISSING, TICKET_CLAIMS: which one; may be empty */
    struct slice issuer, id;         /* while the claims live; empty: none */
};

WSL_MUST_CHECK enum ticket_verdict ticket_claims_check(const struct json_value *claims,
                                                       const struct ticket_policy *policy,
                                                       const struct ticket_moment *moment,
                                                       struct ticket_facts *facts);

#endif
