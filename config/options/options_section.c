#include "config/options/options.h"

#define ONE(parent_type, member)                                                                   \
    .shape = OPTIONS_ONE, .offset = offsetof(struct parent_type, member)
#define LIST(parent_type, member, count_member)                                                    \
    .shape = OPTIONS_LIST, .offset = offsetof(struct parent_type, member),                         \
    .count_offset = offsetof(struct parent_type, count_member)
#define MAP(parent_type, member, count_member)                                                     \
    .shape = OPTIONS_MAP, .offset = offsetof(struct parent_type, member),                          \
    .count_offset = offsetof(struct parent_type, count_member)

const struct options_section_row options_section_rows[OPTIONS_SECTION_COUNT] = {
    [OPTIONS_PROCESS] =
        {
            .title = "Process",
            .size = sizeof(struct config),
            .place = OPTIONS_NO_PLACE,
            .help = "Options of the whole process.",
        },
    [OPTIONS_LOG] =
        {
            .key = "log",
            .title = "Log",
            .parent = OPTIONS_PROCESS,
            ONE(config, log),
            .size = sizeof(struct config_log),
            .place = OPTIONS_NO_PLACE,
            .help = "Content, format and target of the log.",
        },
    [OPTIONS_LIMITS] =
        {
            .key = "limits",
            .title = "Limits",
            .parent = OPTIONS_PROCESS,
            ONE(config, limits),
            .size = sizeof(struct config_limits),
            .place = OPTIONS_NO_PLACE,
            .help = "Limits of each client, and of all clients together.",
        },
    [OPTIONS_ADMIN] =
        {
            .key = "admin",
            .title = "Operation",
            .parent = OPTIONS_PROCESS,
            ONE(config, admin),
            .size = sizeof(struct config_admin),
            .place = OPTIONS_NO_PLACE,
            .help = "The Unix socket for wsluice status, kill, health, reload and upgrade: a "
                    "mapping, or only "
                    "the path of the socket. Health there needs what all health routes of the file "
                    "need.",
        },
    [OPTIONS_EXIT] =
        {
            .key = "exit",
            .parent = OPTIONS_PROCESS,
            ONE(config, exit),
            .size = sizeof(struct config_exit),
            .place = OPTIONS_NO_PLACE,
            .help = "When the process exits by itself.",
        },
    [OPTIONS_COMMAND] =
        {
            .key = "command",
            .parent = OPTIONS_PROCESS,
            ONE(config, command),
            .size = sizeof(struct config_command),
            .place = OPTIONS_NO_PLACE,
            .help = "A program that is started once the listeners are open.",
        },
    [OPTIONS_LISTENER] =
        {
            .key = "listeners",
            .title = "Listening",
            .parent = OPTIONS_PROCESS,
            LIST(config, listeners, listener_count),
            .size = sizeof(struct config_listener),
            .place = offsetof(struct config_listener, place),
            .required = true,
            .help = "Sockets that clients connect to. A listener that serves only health, metrics "
                    "and status routes is an operators' listener: the limits of clients "
                    "(limits.max_connections, max_connections_per_address, handshakes_per_second) "
                    "do not apply to it, descriptors are reserved for it, and its connections do "
                    "not count for exit.idle.",
        },
    [OPTIONS_TLS] =
        {
            .key = "tls",
            .parent = OPTIONS_LISTENER,
            ONE(config_listener, tls),
            .size = sizeof(struct config_tls),
            .place = OPTIONS_NO_PLACE,
            .help = "TLS of a listener. With certificates and without a mode, TLS is required.",
        },
    [OPTIONS_CERTIFICATE] =
        {
            .key = "certificates",
            .title = "TLS",
            .parent = OPTIONS_TLS,
            LIST(config_tls, certificates, certificate_count),
            .size = sizeof(struct config_certificate),
            .place = offsetof(struct config_certificate, place),
            .help =
                "Chosen by the server name (SNI) that the client sends; the first is the default.",
        },
    [OPTIONS_LISTENER_AUTH] =
        {
            .key = "auth",
            .parent = OPTIONS_LISTENER,
            .like = OPTIONS_AUTH,
            LIST(config_listener, auth.methods, auth.count),
            .size = sizeof(struct config_auth),
            .place = offsetof(struct config_auth, place),
            .help = "The methods of routes[].auth, for every route that this listener serves. A "
                    "route with auth of its own asks for that alone. Health routes do not ask for "
                    "the listener's.",
        },
    [OPTIONS_ROUTE] =
        {
            .key = "routes",
            .title = "Sessions",
            .parent = OPTIONS_PROCESS,
            LIST(config, routes, route_count),
            .size = sizeof(struct config_route),
            .place = offsetof(struct config_route, place),
            .required = true,
            .help = "How requests are answered. The longest match is used, in any order of the "
                    "routes. A route has exactly one of target, targets, tokens, redirect, "
                    "metrics, health and status; files may be alone or beside a target or tokens.",
        },
    [OPTIONS_TARGET] =
        {
            .key = "targets",
            .single = "target",
            .title = "Target",
            .parent = OPTIONS_ROUTE,
            LIST(config_route, targets, target_count),
            .size = sizeof(struct config_target),
            .place = offsetof(struct config_target, place),
            .purpose = OPTIONS_PURPOSE_BRIDGE,
            .help =
                "Servers that sessions are bridged to. A target is a mapping, or only its address.",
        },
    [OPTIONS_WEBSOCKET] =
        {
            .key = "websocket",
            .title = "WebSocket target",
            .parent = OPTIONS_TARGET,
            ONE(config_target, ws),
            .size = sizeof(struct config_ws_target),
            .place = OPTIONS_NO_PLACE,
            .help = "What the request to a ws:// or wss:// target says. Secrets are best read from "
                    "files, {file: PATH}, or from the environment, ${NAME}.",
        },
    [OPTIONS_WEBSOCKET_HEADER] =
        {
            .key = "headers",
            .parent = OPTIONS_WEBSOCKET,
            MAP(config_ws_target, headers, header_count),
            .size = sizeof(struct config_header),
            .place = OPTIONS_NO_PLACE,
            .help = "More fields of the request. Their values are treated as secrets.",
        },
    [OPTIONS_TOKENS] =
        {
            .key = "tokens",
            .title = "Tokens",
            .parent = OPTIONS_ROUTE,
            ONE(config_route, tokens),
            .size = sizeof(struct config_tokens),
            .place = OPTIONS_NO_PLACE,
            .purpose = OPTIONS_PURPOSE_BRIDGE,
            .help =
                "Choose the target by a token in the request, instead of target: a mapping with "
                "exactly one source (file, directory, sockets, http, redis, ticket or auth), or "
                "only "
                "the file. Its lines are "
                "TOKEN: HOST:PORT or TOKEN: unix:PATH; lines that begin with # are ignored, and of "
                "two lines with the same token the later one is used. A change applies to the next "
                "client; write a new file and rename it. While the source cannot be read, no token "
                "is valid. The TLS options apply to all targets.",
        },
    [OPTIONS_TOKENS_HTTP] =
        {
            .key = "http",
            .parent = OPTIONS_TOKENS,
            ONE(config_tokens, http),
            .size = sizeof(struct config_token_http),
            .place = OPTIONS_NO_PLACE,
            .purpose = OPTIONS_PURPOSE_SOURCE,
            .help = "Ask a service of your own about each token: a mapping, or only the URL. It "
                    "gets a GET request with the fields X-Forwarded-For, -Proto and -Host, Origin, "
                    "and Remote-User if the client has logged in. It answers 200 with HOST:PORT, "
                    "with {\"host\": HOST, \"port\": PORT}, or with {\"target\": ADDRESS} and any "
                    "of tls, preamble, user, expires, max_duration, idle_timeout and record; 404 "
                    "and 403 go to the client. Any other answer is 503 for the client. Answers are "
                    "kept as their Cache-Control says, by URL and user.",
        },
    [OPTIONS_TOKENS_REDIS] =
        {
            .key = "redis",
            .title = "Redis",
            .parent = OPTIONS_TOKENS,
            ONE(config_tokens, redis),
            .size = sizeof(struct config_token_redis),
            .place = OPTIONS_NO_PLACE,
            .purpose = OPTIONS_PURPOSE_SOURCE,
            .help = "Tokens are keys of a Redis server, asked at each request over one connection "
                    "per worker: a mapping, or only the url. The value of a key is HOST:PORT, "
                    "unix:PATH or JSON, such as {\"host\": \"10.0.0.5\", \"port\": 5900}. While "
                    "the server does not answer, clients get 503. The TLS options apply to the "
                    "connection to the server.",
        },
    [OPTIONS_TOKENS_TICKET] =
        {
            .key = "ticket",
            .parent = OPTIONS_TOKENS,
            ONE(config_tokens, ticket),
            .size = sizeof(struct config_ticket),
            .place = OPTIONS_NO_PLACE,
            .purpose = OPTIONS_PURPOSE_SOURCE,
            .help = "The token is a ticket, a JSON Web Token, whose claims name the target: host "
                    "and port, as websockify's JWTTokenApi takes them, or the one that target "
                    "names. Nothing is looked up, so permit should say which targets tickets may "
                    "name.",
        },
    [OPTIONS_TOKENS_TICKET_KEY] =
        {
            .key = "key",
            .parent = OPTIONS_TOKENS_TICKET,
            ONE(config_ticket, key),
            .size = sizeof(struct config_ticket_key),
            .place = OPTIONS_NO_PLACE,
            .required = true,
            .help = "What verifies the tickets: a mapping, or only the file.",
        },
    [OPTIONS_FILES] =
        {
            .key = "files",
            .title = "Files",
            .parent = OPTIONS_ROUTE,
            ONE(config_route, files),
            .size = sizeof(struct config_files),
            .place = OPTIONS_NO_PLACE,
            .purpose = OPTIONS_PURPOSE_FILES,
            .help = "Files of a folder: a mapping, or only the folder. Beside a target or tokens, "
                    "they answer the requests that are not WebSocket requests.",
        },
    [OPTIONS_AUTH] =
        {
            .key = "auth",
            .title = "Authentication",
            .parent = OPTIONS_ROUTE,
            LIST(config_route, auth.methods, auth.count),
            .size = sizeof(struct config_auth),
            .place = offsetof(struct config_auth, place),
            .help = "Methods that find out who a client is, before anything of the route is shown "
                    "to it. Each element has exactly one method.",
        },
    [OPTIONS_AUTH_BASIC] =
        {
            .key = "basic",
            .parent = OPTIONS_AUTH,
            ONE(config_auth, basic),
            .size = sizeof(struct config_auth_basic),
            .place = OPTIONS_NO_PLACE,
            .help = "A name and a password of a users file, which browsers ask for and other "
                    "clients send as USER:PASSWORD@ of the link: a mapping, or only the file. "
                    "Passwords are readable on the way unless the client comes over TLS. Failures "
                    "make an address and a user wait longer and longer (429).",
        },
    [OPTIONS_AUTH_CERTIFICATE] =
        {
            .key = "certificate",
            .parent = OPTIONS_AUTH,
            ONE(config_auth, certificate),
            .size = sizeof(struct config_auth_certificate),
            .place = OPTIONS_NO_PLACE,
            .help = "The client's TLS certificate, which the listener verifies (client_ca, "
                    "client_crl). The user is the name that matches. With names and pins, "
                    "it must have one of each.",
        },
    [OPTIONS_AUTH_ORIGIN] =
        {
            .key = "origin",
            .parent = OPTIONS_AUTH,
            ONE(config_auth, origin),
            .size = sizeof(struct config_auth_origin),
            .place = OPTIONS_NO_PLACE,
            .help = "The page that asks, as its browser names it in Origin. Unlike origins of the "
                    "route, a request without the field is refused. Programs that are no browsers "
                    "can write any.",
        },
    [OPTIONS_AUTH_HEADER] =
        {
            .key = "header",
            .parent = OPTIONS_AUTH,
            ONE(config_auth, header),
            .size = sizeof(struct config_auth_header),
            .place = OPTIONS_NO_PLACE,
            .help = "The user is the one that a proxy in front names: a mapping, or only the name "
                    "of the field. Only requests from trusted_proxies pass; such a proxy must "
                    "remove the field from what its clients send.",
        },
    [OPTIONS_AUTH_FORWARD] =
        {
            .key = "forward",
            .parent = OPTIONS_AUTH,
            ONE(config_auth, forward),
            .size = sizeof(struct config_auth_forward),
            .place = OPTIONS_NO_PLACE,
            .help = "Ask a service about each request, as auth_request of nginx and forward_auth "
                    "of Traefik and Caddy do (Authelia, Authentik, oauth2-proxy): a mapping, or "
                    "only the URL. It gets a GET request with X-Forwarded-Method, -Proto, -Host, "
                    "-Uri and -For, X-Original-Method, -URI and -URL, Cookie, Authorization, "
                    "Origin and a few more. 2xx lets the client in. 3xx and 4xx go to the client, "
                    "with Location, Set-Cookie, WWW-Authenticate and the body. Any other answer, "
                    "and none in time, is 503.",
        },
    [OPTIONS_AUTH_LOGIN] =
        {
            .key = "login",
            .parent = OPTIONS_AUTH,
            ONE(config_auth, login),
            .size = sizeof(struct config_auth_login),
            .place = OPTIONS_NO_PLACE,
            .help = "Users log in through a page, with a name and a password of a users file: a "
                    "mapping, or only the file. A signed cookie keeps the login. PATH/logout of "
                    "the route ends it; with ?everywhere all logins and sessions of the user.",
        },
    [OPTIONS_AUTH_TICKET] =
        {
            .key = "ticket",
            .parent = OPTIONS_AUTH,
            ONE(config_auth, ticket),
            .size = sizeof(struct config_ticket),
            .place = OPTIONS_NO_PLACE,
            .help = "The client shows a ticket, a JSON Web Token that somebody with the key has "
                    "signed: your own website, or an identity provider. `wsluice ticket` makes "
                    "keys and tickets.",
        },
    [OPTIONS_TICKET_KEY] =
        {
            .key = "key",
            .parent = OPTIONS_AUTH_TICKET,
            ONE(config_ticket, key),
            .size = sizeof(struct config_ticket_key),
            .place = OPTIONS_NO_PLACE,
            .required = true,
            .help = "What verifies the tickets: a mapping with file or url, or only the file.",
        },
    [OPTIONS_CAPTURE] =
        {
            .key = "captures",
            .parent = OPTIONS_ROUTE,
            MAP(config_route, captures, capture_count),
            .size = sizeof(struct config_capture),
            .place = OPTIONS_NO_PLACE,
            .help = "A pattern for each {NAME} of the path. The target's host and server_name may "
                    "then contain {NAME}. The result is a host name. It may be an address only if "
                    "the template or the pattern spells that out, as 10.0.0.{NAME} and [0-9.]+ do; "
                    "[a-z0-9.-]+ is for names, and a number that matches it is refused. The path "
                    "and query of a ws:// target may contain {NAME}, too, with an escape for each "
                    "character other than letters, digits, '-', '.', '_' and '~'.",
        },
    [OPTIONS_HEADER] =
        {
            .key = "headers",
            .parent = OPTIONS_ROUTE,
            MAP(config_route, headers, header_count),
            .size = sizeof(struct config_header),
            .place = OPTIONS_NO_PLACE,
            .help = "Header fields that are added to every response of the route.",
        },
};
