#include "config/model/text_form.h"
#include "config/options/options.h"

static const struct value_name connect_orders[] = {
    {"first", CONFIG_CONNECT_FIRST, false},
    {"after_upgrade", CONFIG_CONNECT_AFTER_UPGRADE, false},
    {NULL, 0, false},
};
static const struct value_name text_modes[] = {
    {"forward", CONFIG_TEXT_FORWARD, false},
    {"refuse", CONFIG_TEXT_REFUSE, false},
    {NULL, 0, false},
};
static const struct value_name balances[] = {
    {"round_robin", CONFIG_BALANCE_ROUND_ROBIN, false},
    {"least_sessions", CONFIG_BALANCE_LEAST_SESSIONS, false},
    {"first", CONFIG_BALANCE_FIRST, false},
    {NULL, 0, false},
};
static const struct value_name auth_fors[] = {
    {"all", CONFIG_AUTH_FOR_ALL, false},
    {"websocket", CONFIG_AUTH_FOR_WEBSOCKET, false},
    {NULL, 0, false},
};
static const struct value_name healths[] = {
    {"off", CONFIG_HEALTH_OFF, false},
    {"live", CONFIG_HEALTH_LIVE, false},
    {"ready", CONFIG_HEALTH_READY, false},
    {NULL, 0, false},
};
/* A switch that sets the route's kind. */
static const struct value_name metrics_kinds[] = {
    {"false", CONFIG_KIND_BRIDGE, false},
    {"true", CONFIG_KIND_METRICS, false},
    {"off", CONFIG_KIND_BRIDGE, true},
    {"on", CONFIG_KIND_METRICS, true},
    {"no", CONFIG_KIND_BRIDGE, true},
    {"yes", CONFIG_KIND_METRICS, true},
    {NULL, 0, false},
};
static const struct value_name redirect_codes[] = {
    {"301", 301, false}, {"302", 302, false}, {"307", 307, false},
    {"308", 308, false}, {NULL, 0, false},
};

static const struct options_row rows[] = {
    {
        .section = OPTIONS_ROUTE,
        .key = "name",
        OPTIONS_FIELD(config_route, name),
        .value = {.type = VALUE_TEXT, .form = &text_form_name},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "name for listeners' routes, logs and metrics, which several routes may share; "
                "default: the path",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "path",
        OPTIONS_FIELD(config_route, path),
        .value = {.type = VALUE_TEXT, .form = &text_form_path},
        .initial = "/*",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "request path of the route: /vnc, everything below /vnc/*, or /desk/{NAME} with a "
                "capture",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "host",
        OPTIONS_FIELD(config_route, host),
        .value = {.type = VALUE_TEXT, .form = &text_form_host},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "host name of the request: desk.example.com, or *.example.com for its subdomains; "
                "default: any",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "redirect",
        OPTIONS_FIELD(config_route, redirect),
        .value = {.type = VALUE_TEXT, .form = &text_form_redirect},
        .purpose = OPTIONS_PURPOSE_PAGE,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "answer with a redirect to this URL, which may contain {host} (without its port), "
                "{path} and {query} (with its question mark)",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "redirect_status",
        OPTIONS_FIELD(config_route, redirect_status),
        .value = {.type = VALUE_ENUM, .names = redirect_codes},
        .initial = "301",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "status of the redirect: 301, 302, 307 or 308",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "metrics",
        OPTIONS_FIELD(config_route, kind),
        .value = {.type = VALUE_ENUM, .names = metrics_kinds},
        .initial = "false",
        .purpose = OPTIONS_PURPOSE_PAGE,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "answer with metrics in the Prometheus text format",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "health",
        OPTIONS_FIELD(config_route, health),
        .value = {.type = VALUE_ENUM, .names = healths},
        .initial = "off",
        .purpose = OPTIONS_PURPOSE_PAGE,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "answer whether wsluice is live (it runs) or ready (it accepts sessions); live is "
                "answered even if a client limit is reached, but not over TLS on a listener that "
                "serves clients as well",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "status",
        OPTIONS_FIELD(config_route, status),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .purpose = OPTIONS_PURPOSE_PAGE,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "answer with a page of sessions and targets; clients in allow can end sessions "
                "there. To answer under a name other than localhost, the route needs host",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "demo",
        OPTIONS_FIELD(config_route, demo),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "answer requests that are not WebSocket requests with the built-in demo page; the "
                "target should be an echo server",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "needs",
        OPTIONS_FIELD(config_route, needs),
        .value = {.type = VALUE_TEXT, .form = &text_form_reference},
        .list = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "names or paths of the routes that must have a usable target for health: ready",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "balance",
        OPTIONS_FIELD(config_route, balance),
        .value = {.type = VALUE_ENUM, .names = balances},
        .initial = "round_robin",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "which target a session gets: round_robin, least_sessions or first (the others are "
                "backups)",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "fail_after",
        OPTIONS_FIELD(config_route, fail_after),
        .value = {.type = VALUE_COUNT, .min = 1, .max = 1000},
        .initial = "3",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "failures in a row after which a target counts as down",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "retry_down",
        OPTIONS_FIELD(config_route, retry_down_ms),
        .value = {.type = VALUE_DURATION, .min = 100, .max = VALUE_HOURS(1)},
        .initial = "1s",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "time before a target that is down is tried again; doubles with each failure, up "
                "to 32 times this",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "connect",
        OPTIONS_FIELD(config_route, connect),
        .value = {.type = VALUE_ENUM, .names = connect_orders},
        .initial = "first",
        .quick = "after_upgrade",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags =
            {{.name = "connect",
              .ours = true,
              .argument = "WHEN",
              .help =
                  "when to connect to the target: first (a dead target is answered with 502) or "
                  "after-upgrade (with a Close frame of code 1011, whose reason browsers show to "
                  "scripts)"}},
        .help =
            "first: connect to the target, then answer 101, or 502 if that fails; after_upgrade: "
            "answer 101, then connect, and close with code 1011 and a reason if that fails, "
            "which scripts in browsers can read",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "connect_timeout",
        OPTIONS_FIELD(config_route, connect_timeout_ms),
        .value = {.type = VALUE_DURATION, .min = 100, .max = VALUE_HOURS(1)},
        .initial = "10s",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "connect-timeout", .ours = true, .argument = "TIME"}},
        .help = "time to connect to the target, for all its addresses together",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "connect_retry",
        OPTIONS_FIELD(config_route, connect_retry_ms),
        .value = {.type = VALUE_DURATION, .min = 100, .max = VALUE_HOURS(1), .zero = "off"},
        .initial = "off",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "how long to keep trying a target that refuses connections, as it may still be "
                "starting",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "expect",
        OPTIONS_FIELD(config_route, expect),
        .value = {.type = VALUE_TEXT, .form = &text_form_banner},
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "expect",
                   .ours = true,
                   .argument = "WHAT",
                   .help = "what the target must send first: rfb (VNC), ssh, or a text"}},
        .help = "what a target must send first, within connect_timeout: rfb (VNC), ssh, or a text "
                "that its first bytes equal. Before that, no byte of a session passes; a target "
                "that sends something else has failed",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "origins",
        OPTIONS_FIELD(config_route, origins),
        .value = {.type = VALUE_TEXT, .form = &text_form_origin},
        .list = true,
        .quick = "any",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "origins",
                   .ours = true,
                   .argument = "LIST",
                   .help = "origins that browsers may connect from, separated by commas, such as "
                           "https://*.example.com, or any"}},
        .help = "origins that browsers may connect from, such as https://*.example.com, or any; "
                "default: the host of the request, with https if it came over TLS",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "allow",
        OPTIONS_FIELD(config_route, allow),
        .value = {.type = VALUE_CIDR},
        .list = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "client addresses that the route serves; all others are refused; default: all",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "deny",
        OPTIONS_FIELD(config_route, deny),
        .value = {.type = VALUE_CIDR},
        .list = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "client addresses that are refused, even if allow lists them",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "text",
        OPTIONS_FIELD(config_route, text),
        .value = {.type = VALUE_ENUM, .names = text_modes},
        .initial = "forward",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "text", .ours = true, .argument = "WHAT"}},
        .help = "text frames from clients: forward their bytes, or refuse them with code 1003",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "auth_for",
        OPTIONS_FIELD(config_route, auth.asked_for),
        .value = {.type = VALUE_ENUM, .names = auth_fors},
        .initial = "all",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "requests that must pass auth: all, or only those for a WebSocket, so that files "
                "beside it are open",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "satisfy",
        OPTIONS_FIELD(config_route, auth.satisfy),
        .value = {.type = VALUE_ENUM, .names = options_auth_satisfies},
        .initial = "all",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "how many methods of auth must let a client in: all, or any one of them",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "subprotocols",
        OPTIONS_FIELD(config_route, subprotocols),
        .value = {.type = VALUE_TEXT, .form = &text_form_token},
        .list = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "WebSocket subprotocols to accept, in order of preference; default: binary, else "
                "the first that the client offers, but never base64; a "
                "target that speaks WebSocket chooses itself",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "ping_interval",
        OPTIONS_FIELD(config_route, ping_interval_ms),
        .value =
            {.type = VALUE_DURATION, .min = VALUE_SECONDS(1), .max = VALUE_DAYS(1), .zero = "off"},
        .initial = "30s",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "heartbeat", .argument = "TIME"}},
        .help = "ping a client that has sent nothing for this long; off: never",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "ping_timeout",
        OPTIONS_FIELD(config_route, ping_timeout_ms),
        .value = {.type = VALUE_DURATION, .min = VALUE_SECONDS(1), .max = VALUE_HOURS(1)},
        .initial = "15s",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "ping-timeout", .ours = true, .argument = "TIME"}},
        .help = "a client that sends nothing for this long after a ping is disconnected",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "idle_timeout",
        OPTIONS_FIELD(config_route, idle_timeout_ms),
        .value =
            {.type = VALUE_DURATION, .min = VALUE_SECONDS(1), .max = VALUE_DAYS(30), .zero = "off"},
        .initial = "off",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "end a session that carries no data in either direction for this long; pings do "
                "not count",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "input_timeout",
        OPTIONS_FIELD(config_route, input_timeout_ms),
        .value =
            {.type = VALUE_DURATION, .min = VALUE_SECONDS(1), .max = VALUE_DAYS(30), .zero = "off"},
        .initial = "off",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "input-timeout", .ours = true, .argument = "TIME"}},
        .help = "end a session whose client sends no input for this long. With expect: rfb, input "
                "is a key, a move or click of the mouse, or a text for the clipboard; else it is "
                "any data of the client",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "max_duration",
        OPTIONS_FIELD(config_route, max_duration_ms),
        .value =
            {.type = VALUE_DURATION, .min = VALUE_SECONDS(1), .max = VALUE_DAYS(30), .zero = "off"},
        .initial = "off",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "max-duration", .ours = true, .argument = "TIME"}},
        .help = "longest duration of a session",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "max_sessions",
        OPTIONS_FIELD(config_route, max_sessions),
        .value = {.type = VALUE_COUNT, .min = 1, .max = 10000000, .zero = "off"},
        .initial = "off",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "most sessions of this route",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "max_sessions_per_user",
        OPTIONS_FIELD(config_route, max_sessions_per_user),
        .value = {.type = VALUE_COUNT, .min = 1, .max = 10000000, .zero = "off"},
        .initial = "off",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "most sessions of one user of this route, by the name that auth found; clients "
                "without a name are not counted",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "record",
        OPTIONS_FIELD(config_route, record),
        .value = {.type = VALUE_PATH},
        .use = OPTIONS_CREATES,
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "record", .argument = "FILE"}},
        .help = "write the messages of each session to FILE.N, which noVNC can play back",
    },
};

const struct options_part options_route_part = {rows, WSL_COUNT(rows)};
