/*
 * The forward proxy that the environment names, as curl reads it:
 *
 *      wss     wss_proxy, WSS_PROXY, https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY
 *      ws      ws_proxy, WS_PROXY, http_proxy, all_proxy, ALL_PROXY
 *
 * The first variable that is set decides; an empty one means no proxy. HTTP_PROXY is not read: a
 * CGI program gets it from the field Proxy of a request.
 *
 * no_proxy, or else NO_PROXY, lists hosts that need none, with commas or spaces between them:
 *
 *      *                       alone: every host
 *      example.com             this name and all below it, as .example.com
 *      10.0.0.1, fd00::/8      an address or a range, if the host is written as an address
 *
 * Pure. Owns: nothing. Thread: any. Errors: none; whether the value is the URL of a proxy is for
 * config_proxy.h. Lifetime: the environment's.
 */
#ifndef WSLUICE_CORE_OUTBOUND_PROXY_ENV_H
#define WSLUICE_CORE_OUTBOUND_PROXY_ENV_H

#include "base/base.h"

/* As getenv. */
typedef const char *proxy_env_get(void *owner, const char *name);

/*
 * NULL: connect directly. The value may hold a password; *variable is where it is from. `host`: of
 * the target, without brackets.
 */
const char *proxy_env_find(bool tls, const char *host, proxy_env_get *get, void *owner,
                           const char **variable);

/* The list has the host. */
bool proxy_env_excludes(const char *list, const char *host);

#endif
