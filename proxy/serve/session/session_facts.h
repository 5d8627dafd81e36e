/*
 * Facts about a session's client, and about the configuration that the session runs under.
 *
 * Owns: nothing. Thread: the session's. Errors: none. Lifetime: results are borrowed from the
 * session's site.
 */
#ifndef WSLUICE_SERVE_SESSION_SESSION_FACTS_H
#define WSLUICE_SERVE_SESSION_SESSION_FACTS_H

#include "base/metrics.h"
#include "net/addr.h"

struct http_head;
struct session;

const struct config_limits *session_facts_limits(const struct session *session);
const struct config_listener *session_facts_listener(const struct session *session);

/* What the request must pass; the route is known. */
const struct config_auth_set *session_facts_auth(const struct session *session);

bool session_facts_is_tls(const struct session *session);
enum metrics_tls session_facts_tls_version(const struct session *session);

/* Whether the client uses TLS: towards a trusted proxy that says so, else towards wsluice. */
bool session_facts_is_secure(const struct session *session, const struct http_head *head);

/* A key of the client for fair shares, by address (IPv6: by /64); 0: not known. */
uint64_t session_facts_client_key(const struct session *session);

/* The parties of a session, as the log and the status name them. */
struct session_names {
    char client[ADDR_TEXT], proxy[ADDR_TEXT]; /* proxy empty: a direct client */
    const char *listener;
    const char *route, *target; /* NULL: not known, or none */
    char address[256];          /* storage for target */
};

void session_facts_names(const struct session *session, struct session_names *names);

#endif
