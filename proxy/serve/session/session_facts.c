#include "serve/session/session_facts.h"

#include "core/access/limiter.h"
#include "net/tls/tls.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_extra.h"
#include "serve/site/site.h"

const struct config_limits *session_facts_limits(const struct session *session)
{
    return &session->site->config->limits;
}

const struct config_listener *session_facts_listener(const struct session *session)
{
    return &session->site->config->listeners[session->listener];
}

const struct config_auth_set *session_facts_auth(const struct session *session)
{
    return config_auth_of(session_facts_listener(session), session->route);
}

bool session_facts_is_tls(const struct session *session)
{
    return session->client && session->client != &session->client_plain.transport;
}

bool session_facts_is_secure(const struct session *session, const struct http_head *head)
{
    return admission_is_secure(&session->entry->admission, head, session_facts_is_tls(session));
}

enum metrics_tls session_facts_tls_version(const struct session *session)
{
    return metrics_tls_of(session_facts_is_tls(session) ? tls_protocol(session->client) : 0);
}

uint64_t session_facts_client_key(const struct session *session)
{
    if (!session->client_address.known)
        return 0;
    struct limiter_key key = limiter_key_of(session->client_address.ip.address);
    return key.high ^ key.low;
}

/* ---- names ---- */

/* The peer itself, or the client that it named; a header field may name an address without port. */
static void name_client(const struct session *session, struct session_names *names)
{
    const struct ip_port *ip = &session->client_address.ip;
    struct addr client = addr_from_ip(ip);
    struct ip_port direct;
    addr_print(&session->peer, names->client);
    bool named = session->client_address.known &&
                 !(addr_to_ip(&session->peer, &direct) && direct.port == ip->port &&
                   memcmp(direct.address, ip->address, IP_BYTES) == 0);
    names->proxy[0] = '\0';
    if (!named)
        return;
    memcpy(names->proxy, names->client, sizeof(names->proxy));
    if (ip->port == 0)
        ip_print(ip->address, names->client);
    else
        addr_print(&client, names->client);
}

void session_facts_names(const struct session *session, struct session_names *names)
{
    name_client(session, names);
    const char *given = session->site->config->listeners[session->listener].name;
    names->listener = given ? given : session->site->listeners[session->listener].name;
    names->route = names->target = NULL;
    if (!session->route)
        return;
    names->route = config_route_name(session->route);
    const struct config_target *target =
        session->last_target ? session->last_target : session->route->targets;
    if (session_extra_of(session)->target_address)
        names->target = session_extra_of(session)->target_address;
    else if (session->route->target_count > 0)
        names->target =
            config_address_print(&target->address, names->address, sizeof(names->address));
}
