#include "core/session/admission.h"

#include "codec/http/forwarded.h"
#include "codec/web/form.h"
#include "core/access/access.h"

static enum admission_step next(struct admission *admission, enum admission_step step)
{
    admission->step = (uint8_t)step;
    return step;
}

static enum admission_step refuse(struct admission *admission, enum reason reason)
{
    admission->reason = (uint8_t)reason;
    return next(admission, ADMISSION_REFUSED);
}

/* Limits of clients, which say nothing of whether the process lives. */
static bool is_limit(enum reason reason)
{
    return reason == REASON_too_many_process || reason == REASON_too_many_listener ||
           reason == REASON_too_many_address || reason == REASON_rate_limited;
}

bool admission_asks(enum admission_step step)
{
    return step < ADMISSION_AWAIT_CLIENT;
}

bool admission_is_over_limit(const struct admission *admission)
{
    return is_limit((enum reason)admission->verdict);
}

/* ---- the client ---- */

static enum reason check_lists(const struct admission_facts *facts,
                               const struct config_cidrs *allow, const struct config_cidrs *deny)
{
    const struct client_address *client = facts->client;
    return access_address(client->known ? client->ip.address : NULL, allow, deny);
}

/* Nothing more is admitted on this connection, but for liveness over a limit. */
static enum admission_step refuse_client(struct admission *admission,
                                         const struct admission_facts *facts, enum reason verdict)
{
    admission->verdict = (uint8_t)verdict;
    if (is_limit(verdict) && facts->head)
        return next(admission, ADMISSION_FIND_ROUTE);
    if (is_limit(verdict) && admission->terms.serves_liveness)
        return next(admission, ADMISSION_COUNT_OVER_LIMIT);
    return refuse(admission, verdict);
}

static enum admission_step admit_client(struct admission *admission,
                                        const struct admission_facts *facts)
{
    return next(admission, facts->head ? ADMISSION_FIND_ROUTE : ADMISSION_AWAIT_HEAD);
}

static enum admission_step check_client(struct admission *admission,
                                        const struct admission_facts *facts)
{
    const struct config_listener *listener = admission->terms.listener;
    enum reason verdict = check_lists(facts, &listener->allow, &listener->deny);
    admission->is_counted = true;
    if (verdict != REASON_none)
        return refuse_client(admission, facts, verdict);
    if (!facts->client->known || admission->terms.operators)
        return admit_client(admission, facts);
    return next(admission, ADMISSION_COUNT_ADDRESS);
}

enum admission_step admission_begin(struct admission *admission,
                                    const struct admission_terms *terms)
{
    *admission = (struct admission){.terms = *terms};
    if (terms->operators)
        return next(admission, ADMISSION_AWAIT_CLIENT);
    if (!terms->over_limit)
        return next(admission, ADMISSION_COUNT_CONNECTION);
    admission->verdict = REASON_too_many_process;
    return next(admission, ADMISSION_AWAIT_HEAD);
}

/* A proxy that may name its client in the head is counted by that name, later. */
enum admission_step admission_client(struct admission *admission,
                                     const struct admission_facts *facts)
{
    wsl_assert(admission->step == ADMISSION_AWAIT_CLIENT);
    if (client_address_trusts(&admission->terms.listener->trusted_proxies, facts->client))
        return next(admission, ADMISSION_AWAIT_HEAD);
    return check_client(admission, facts);
}

/* ---- the request ---- */

static enum admission_step admit_or_refuse(struct admission *admission, enum reason verdict,
                                           enum admission_step step)
{
    return verdict == REASON_none ? next(admission, step) : refuse(admission, verdict);
}

/* The next request on a trusted proxy's connection may be another client's. */
static enum admission_step find_client(struct admission *admission,
                                       const struct admission_facts *facts)
{
    const struct config_cidrs *trusted = &admission->terms.listener->trusted_proxies;
    struct client_address before = *facts->client;
    if (!admission->is_named)
        admission->proxy = before;
    admission->is_named = true;
    enum reason reason =
        client_address_find(facts->head, trusted, &admission->proxy, facts->client);
    if (reason != REASON_none) /* it is not known whom to count for the next one either */
        return refuse_client(admission, facts, reason);
    if (!admission->is_counted)
        return check_client(admission, facts);
    return next(admission, client_address_is_same(&before, facts->client)
                               ? ADMISSION_FIND_ROUTE
                               : ADMISSION_LEAVE_ADDRESS);
}

enum admission_step admission_request(struct admission *admission,
                                      const struct admission_facts *facts)
{
    wsl_assert(admission->step >= ADMISSION_AWAIT_HEAD);
    admission->reason = REASON_none;
    admission->is_upgrade = false;
    if (admission->verdict != REASON_none)
        return refuse_client(admission, facts, (enum reason)admission->verdict);
    if (admission->is_counted && !admission->is_named)
        return next(admission, ADMISSION_FIND_ROUTE);
    return find_client(admission, facts);
}

enum admission_step admission_raw(struct admission *admission, const struct admission_facts *facts)
{
    const struct config_route *route = facts->route;
    enum reason verdict = (enum reason)admission->verdict;
    wsl_assert(admission->step >= ADMISSION_AWAIT_HEAD);
    admission->is_upgrade = true;
    if (verdict == REASON_none)
        verdict = check_lists(facts, &route->allow, &route->deny);
    return admit_or_refuse(admission, verdict, ADMISSION_COUNT_ROUTE);
}

/* A route, as a listener serves it. */
struct resource {
    const struct config_route *route;
    const struct config_auth_set *auth;
};

static struct resource resource_of(const struct config_listener *listener,
                                   const struct config_route *route)
{
    return (struct resource){route, config_auth_of(listener, route)};
}

static bool has_login(const struct resource *resource)
{
    return config_auth_login(resource->auth) != NULL;
}

/* Must a plain request say who its client is? */
static bool asks_plain(const struct resource *resource)
{
    return resource->auth->count > 0 && resource->auth->asked_for == CONFIG_AUTH_FOR_ALL;
}

static bool has_page(const struct resource *resource)
{
    return resource->route->demo || resource->route->files.root || has_login(resource);
}

/* POST ends a session, without a body. OPTIONS is the check that HAProxy makes by default. */
static const char *own_methods(const struct resource *resource)
{
    const struct config_route *route = resource->route;
    if (route->kind == CONFIG_KIND_STATUS)
        return "GET, HEAD, POST";
    if (route->kind == CONFIG_KIND_HEALTH)
        return "GET, HEAD, OPTIONS";
    return route->kind == CONFIG_KIND_BRIDGE && !has_page(resource) ? "GET" : "GET, HEAD";
}

static const char *all_methods(const struct resource *resource)
{
    const struct config_route *route = resource->route;
    if (!has_login(resource) || route->kind == CONFIG_KIND_STATUS)
        return own_methods(resource);
    return route->kind == CONFIG_KIND_HEALTH ? "GET, HEAD, OPTIONS, POST" : "GET, HEAD, POST";
}

const char *admission_methods(const struct config_listener *listener,
                              const struct config_route *route)
{
    const struct resource resource = resource_of(listener, route);
    return all_methods(&resource);
}

static bool takes_method(const struct resource *resource, struct slice method)
{
    struct slice rest = slice_of(own_methods(resource)), taken;
    while (http_head_list_next(&rest, &taken))
        if (slice_equal(taken, method))
            return true;
    return false;
}

static bool asks_for_websocket(const struct http_head *head)
{
    return http_head_lists(head, SLICE("Upgrade"), SLICE("websocket"));
}

/* A redirect leads a WebSocket on, too. */
static bool answers_itself(const struct config_route *route)
{
    return route->kind != CONFIG_KIND_BRIDGE && route->kind != CONFIG_KIND_REDIRECT;
}

static bool is_form(const struct resource *resource, const struct http_head *head)
{
    return head->has_body && slice_equal(head->method, SLICE("POST")) && has_login(resource) &&
           form_is_sent(head);
}

static enum reason check_plain(const struct resource *resource, const struct http_head *head)
{
    if (answers_itself(resource->route) && asks_for_websocket(head))
        return REASON_ws_no_target;
    if (is_form(resource, head))
        return REASON_none;
    if (!takes_method(resource, head->method))
        return REASON_http_method;
    return head->has_body ? REASON_http_body : REASON_none;
}

/*
 * A bridge's route may serve files, the demo or the page of a login as well: to requests that ask
 * for no upgrade.
 */
static bool is_for_bridge(const struct resource *resource, const struct http_head *head)
{
    if (resource->route->kind != CONFIG_KIND_BRIDGE)
        return false;
    return !has_page(resource) || asks_for_websocket(head);
}

static enum admission_step route_found(struct admission *admission,
                                       const struct admission_facts *facts, enum reason verdict)
{
    const struct config_route *route = facts->route;
    if (verdict == REASON_none)
        verdict = check_lists(facts, &route->allow, &route->deny);
    if (admission_is_over_limit(admission) &&
        (verdict != REASON_none || route->health != CONFIG_HEALTH_LIVE))
        verdict = (enum reason)admission->verdict;
    if (verdict != REASON_none)
        return refuse(admission, verdict);
    const struct resource resource = resource_of(admission->terms.listener, route);
    admission->is_upgrade = is_for_bridge(&resource, facts->head);
    if (admission->is_upgrade)
        return next(admission, ADMISSION_PREPARE_UPGRADE);
    return admit_or_refuse(admission, check_plain(&resource, facts->head),
                           facts->head->has_body   ? ADMISSION_READ_BODY
                           : asks_plain(&resource) ? ADMISSION_AUTHENTICATE
                                                   : ADMISSION_ADMITTED);
}

bool admission_is_proxied(const struct admission *admission)
{
    return admission->is_named &&
           client_address_trusts(&admission->terms.listener->trusted_proxies, &admission->proxy);
}

bool admission_is_secure(const struct admission *admission, const struct http_head *head, bool tls)
{
    enum forwarded_scheme scheme =
        admission_is_proxied(admission) ? forwarded_scheme(head) : FORWARDED_UNKNOWN;
    return scheme == FORWARDED_UNKNOWN ? tls : scheme == FORWARDED_TLS;
}

static enum reason check_origin(const struct admission *admission,
                                const struct admission_facts *facts)
{
    unsigned count;
    const struct http_field *origin = http_head_only(facts->head, SLICE("origin"), &count);
    struct slice none = {NULL, 0};
    return access_origin(origin ? origin->value : none, facts->head->host,
                         admission_is_secure(admission, facts->head, facts->tls),
                         &facts->route->origins);
}

/* Must an upgrade say who its client is? */
static bool asks(const struct admission *admission, const struct config_route *route)
{
    return config_auth_of(admission->terms.listener, route)->count > 0;
}

/* Of an upgrade whose client may pass. */
static enum admission_step find_target(const struct config_route *route)
{
    return config_route_has_tokens(route) ? ADMISSION_FIND_TOKEN : ADMISSION_COUNT_ROUTE;
}

enum admission_step admission_resume(struct admission *admission,
                                     const struct admission_facts *facts, enum reason verdict)
{
    switch ((enum admission_step)admission->step) {
    case ADMISSION_COUNT_CONNECTION:
        return verdict == REASON_none ? next(admission, ADMISSION_AWAIT_CLIENT)
                                      : refuse_client(admission, facts, verdict);
    case ADMISSION_COUNT_OVER_LIMIT:
        return verdict == REASON_none ? next(admission, ADMISSION_AWAIT_HEAD)
                                      : refuse(admission, (enum reason)admission->verdict);
    case ADMISSION_LEAVE_ADDRESS:
        return check_client(admission, facts);
    case ADMISSION_COUNT_ADDRESS:
        return verdict == REASON_none ? admit_client(admission, facts)
                                      : refuse_client(admission, facts, verdict);
    case ADMISSION_FIND_ROUTE:
        return route_found(admission, facts, verdict);
    case ADMISSION_PREPARE_UPGRADE:
        if (verdict == REASON_none)
            verdict = check_origin(admission, facts);
        return admit_or_refuse(admission, verdict, ADMISSION_KEEP_HEAD);
    case ADMISSION_KEEP_HEAD:
        return admit_or_refuse(admission, verdict,
                               asks(admission, facts->route) ? ADMISSION_AUTHENTICATE
                                                             : find_target(facts->route));
    case ADMISSION_READ_BODY:
        return admit_or_refuse(admission, verdict, ADMISSION_AUTHENTICATE);
    case ADMISSION_AUTHENTICATE:
        return admit_or_refuse(admission, verdict,
                               admission->is_upgrade ? find_target(facts->route)
                                                     : ADMISSION_ADMITTED);
    case ADMISSION_FIND_TOKEN:
        return admit_or_refuse(admission, verdict, ADMISSION_COUNT_ROUTE);
    case ADMISSION_COUNT_ROUTE:
        return admit_or_refuse(admission, verdict, ADMISSION_ADMITTED);
    case ADMISSION_AWAIT_CLIENT:
    case ADMISSION_AWAIT_HEAD:
    case ADMISSION_ADMITTED:
    case ADMISSION_REFUSED:
    case ADMISSION_STEPS:
        break;
    }
    wsl_assert(!"an answer to a step that asks for none");
    return ADMISSION_REFUSED;
}
