#include "config/options.h"

#include <stdlib.h>
#include <string.h>

#define FIELD(type, member)                                                                        \
    .offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define KIB(n)     ((uint64_t)(n) << 10)
#define SECONDS(n) ((uint64_t)(n)*1000)
#define HOURS(n)   SECONDS((uint64_t)(n)*3600)
#define DAYS(n)    HOURS((uint64_t)(n)*24)

static const struct options_section_row sections[] = {
    [OPTIONS_PROCESS] = {NULL, "Process", OPTIONS_PROCESS, 0, OPTIONS_NO_LIST,
                         sizeof(struct config)},
    [OPTIONS_LOG] = {"log", "Log", OPTIONS_PROCESS, offsetof(struct config, log), OPTIONS_NO_LIST,
                     sizeof(struct config_log)},
    [OPTIONS_LIMITS] = {"limits", "Limits", OPTIONS_PROCESS, offsetof(struct config, limits),
                        OPTIONS_NO_LIST, sizeof(struct config_limits)},
    [OPTIONS_LISTENER] = {"listeners", "Listening", OPTIONS_PROCESS,
                          offsetof(struct config, listeners),
                          offsetof(struct config, listener_count), sizeof(struct config_listener)},
    [OPTIONS_TLS] = {"tls", "TLS", OPTIONS_LISTENER, offsetof(struct config_listener, tls),
                     OPTIONS_NO_LIST, sizeof(struct config_tls)},
    [OPTIONS_ROUTE] = {"routes", "Sessions", OPTIONS_PROCESS, offsetof(struct config, routes),
                       offsetof(struct config, route_count), sizeof(struct config_route)},
    [OPTIONS_TARGET] = {"target", "Target", OPTIONS_ROUTE, offsetof(struct config_route, target),
                        OPTIONS_NO_LIST, sizeof(struct config_target)},
};
_Static_assert(sizeof(sections) / sizeof(sections[0]) == OPTIONS_SECTION_COUNT,
               "a row for each section");

static const struct value_name log_levels[] = {
    {"debug", CONFIG_LOG_DEBUG, false},
    {"info", CONFIG_LOG_INFO, false},
    {"warn", CONFIG_LOG_WARN, false},
    {"error", CONFIG_LOG_ERROR, false},
    {NULL, 0, false},
};
static const struct value_name log_formats[] = {
    {"text", CONFIG_LOG_TEXT, false},
    {"json", CONFIG_LOG_JSON, false},
    {NULL, 0, false},
};
static const struct value_name tls_modes[] = {
    {"off", CONFIG_TLS_OFF, false},
    {"optional", CONFIG_TLS_OPTIONAL, false},
    {"required", CONFIG_TLS_REQUIRED, false},
    {NULL, 0, false},
};
static const struct value_name client_verify_modes[] = {
    {"off", CONFIG_VERIFY_OFF, false},
    {"optional", CONFIG_VERIFY_OPTIONAL, false},
    {"required", CONFIG_VERIFY_REQUIRED, false},
    {NULL, 0, false},
};
/* The aliases are websockify's words. */
static const struct value_name tls_versions[] = {
    {"1.1", CONFIG_TLS_1_1, false},    {"1.2", CONFIG_TLS_1_2, false},
    {"1.3", CONFIG_TLS_1_3, false},    {"tlsv1_1", CONFIG_TLS_1_1, true},
    {"tlsv1_2", CONFIG_TLS_1_2, true}, {"tlsv1_3", CONFIG_TLS_1_3, true},
    {"default", CONFIG_TLS_1_2, true}, {NULL, 0, false},
};
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

const struct options_row options_table[] = {
    {
        .section = OPTIONS_PROCESS,
        .key = "workers",
        FIELD(config, workers),
        .value = {.type = VALUE_COUNT, .min = 1, .max = 1024, .zero = "auto"},
        .initial = "auto",
        .reload = OPTIONS_RESTART,
        .flags = {{.name = "workers", .ours = true, .argument = "N"}},
        .help = "threads that carry sessions; auto: one per CPU that this process may use",
    },

    {
        .section = OPTIONS_LOG,
        .key = "level",
        FIELD(config_log, level),
        .value = {.type = VALUE_ENUM, .names = log_levels},
        .initial = "info",
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "verbose",
                   .letter = 'v',
                   .sets = "debug",
                   .help = "log everything: the same as --log-level=debug"},
                  {.name = "log-level", .ours = true, .argument = "LEVEL"}},
        .help = "the least that is logged: debug, info, warn or error",
    },
    {
        .section = OPTIONS_LOG,
        .key = "format",
        FIELD(config_log, format),
        .value = {.type = VALUE_ENUM, .names = log_formats},
        .initial = "text",
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "log-format", .ours = true, .argument = "FORMAT"}},
        .help = "text for people or json for machines",
    },
    {
        .section = OPTIONS_LOG,
        .key = "file",
        FIELD(config_log, file),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "log-file", .argument = "FILE"}},
        .help = "append the log to this file instead of standard error",
    },

    {
        .section = OPTIONS_LIMITS,
        .key = "handshake_timeout",
        FIELD(config_limits, handshake_timeout_ms),
        .value = {.type = VALUE_DURATION, .min = 100, .max = HOURS(1)},
        .initial = "10s",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "handshake-timeout", .ours = true, .argument = "TIME"}},
        .help = "from accepting a connection to its finished upgrade, TLS included",
    },
    {
        .section = OPTIONS_LIMITS,
        .key = "close_timeout",
        FIELD(config_limits, close_timeout_ms),
        .value = {.type = VALUE_DURATION, .min = 100, .max = HOURS(1)},
        .initial = "5s",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "close-timeout", .ours = true, .argument = "TIME"}},
        .help = "for the last bytes and the Close handshake of a session that ends",
    },
    {
        .section = OPTIONS_LIMITS,
        .key = "drain_timeout",
        FIELD(config_limits, drain_timeout_ms),
        .value = {.type = VALUE_DURATION, .min = 0, .max = DAYS(1)},
        .initial = "30s",
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "drain-timeout", .ours = true, .argument = "TIME"}},
        .help = "for open sessions to end after SIGTERM or SIGINT",
    },
    {
        .section = OPTIONS_LIMITS,
        .key = "head_size",
        FIELD(config_limits, head_bytes),
        .value = {.type = VALUE_SIZE, .min = KIB(1), .max = KIB(64)},
        .initial = "16KiB",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "max-head-size", .ours = true, .argument = "SIZE"}},
        .help = "largest HTTP request head",
    },
    {
        .section = OPTIONS_LIMITS,
        .key = "head_fields",
        FIELD(config_limits, head_fields),
        .value = {.type = VALUE_COUNT, .min = 10, .max = 100},
        .initial = "100",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "max-head-fields", .ours = true, .argument = "N"}},
        .help = "most header fields of an HTTP request",
    },

    {
        .section = OPTIONS_LISTENER,
        .key = "address",
        FIELD(config_listener, address),
        .value = {.type = VALUE_LISTEN},
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "unix-listen",
                   .argument = "FILE",
                   .prefix = "unix:",
                   .help = "listen on a Unix socket, @NAME for an abstract one, instead of a "
                           "[HOST:]PORT"}},
        .help = "where to listen: PORT, HOST:PORT, [IPV6]:PORT, unix:PATH or unix:@NAME",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "socket_mode",
        FIELD(config_listener, unix_mode),
        .value = {.type = VALUE_MODE, .min = 0, .max = 0777},
        .initial = "0600",
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "unix-listen-mode", .argument = "MODE"}},
        .help = "permissions of the Unix socket that is listened on",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "prefer_ipv6",
        FIELD(config_listener, ipv6_only_first),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .reload = OPTIONS_RESTART,
        .flags = {{.name = "prefer-ipv6", .letter = '6', .sets = "true"}},
        .help = "listen on the IPv6 address of a HOST that has both kinds",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "backlog",
        FIELD(config_listener, backlog),
        .value = {.type = VALUE_COUNT, .min = 1, .max = 65535},
        .initial = "4096",
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "backlog", .ours = true, .argument = "N"}},
        .help = "connections that may wait to be accepted; the kernel has its own limit",
    },

    {
        .section = OPTIONS_TLS,
        .key = "certificate",
        FIELD(config_tls, certificate),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "cert",
                   .argument = "FILE",
                   .help = "accept TLS with this PEM certificate chain, which may hold the key as "
                           "well; default: self.pem where wsluice is started, if it exists"}},
        .help = "PEM certificate chain; may hold the key as well",
    },
    {
        .section = OPTIONS_TLS,
        .key = "key",
        FIELD(config_tls, key),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "key", .argument = "FILE"}},
        .help = "PEM private key, when it is not in the certificate's file",
    },
    {
        .section = OPTIONS_TLS,
        .key = "key_password",
        FIELD(config_tls, key_password),
        .value = {.type = VALUE_TEXT},
        .secret = true,
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "key-password", .argument = "TEXT"}},
        .help = "decrypts the private key",
    },
    {
        .section = OPTIONS_TLS,
        .key = "mode",
        FIELD(config_tls, mode),
        .value = {.type = VALUE_ENUM, .names = tls_modes},
        .initial = "off",
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "ssl-only",
                   .sets = "required",
                   .help = "refuse plain connections; without this, TLS and plain share the port"}},
        .help = "off, optional (TLS and plain on one port) or required",
    },
    {
        .section = OPTIONS_TLS,
        .key = "client_verify",
        FIELD(config_tls, client_verify),
        .value = {.type = VALUE_ENUM, .names = client_verify_modes},
        .initial = "off",
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "verify-client",
                   .sets = "required",
                   .help = "ask TLS clients for a certificate and refuse those without a good "
                           "one"}},
        .help = "certificates of TLS clients: off, optional or required",
    },
    {
        .section = OPTIONS_TLS,
        .key = "client_ca",
        FIELD(config_tls, client_ca),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "cafile", .argument = "FILE"}},
        .help = "PEM authorities that clients' certificates are verified against; default: the "
                "system's",
    },
    {
        .section = OPTIONS_TLS,
        .key = "min_version",
        FIELD(config_tls, min_version),
        .value = {.type = VALUE_ENUM, .names = tls_versions},
        .initial = "1.2",
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "ssl-version", .argument = "VERSION"}},
        .help = "lowest TLS version that is accepted: 1.1, 1.2 or 1.3",
    },
    {
        .section = OPTIONS_TLS,
        .key = "ciphers",
        FIELD(config_tls, ciphers),
        .value = {.type = VALUE_TEXT},
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "ssl-ciphers", .argument = "LIST"}},
        .help = "cipher suites up to TLS 1.2, as OpenSSL writes them; default: ECDHE with AEAD",
    },

    {
        .section = OPTIONS_ROUTE,
        .key = "path",
        FIELD(config_route, path),
        .value = {.type = VALUE_TEXT},
        .initial = "/*",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "request path that the route is for",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "connect",
        FIELD(config_route, connect),
        .value = {.type = VALUE_ENUM, .names = connect_orders},
        .initial = "first",
        .quick = "after_upgrade",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "connect",
                   .ours = true,
                   .argument = "WHEN",
                   .help =
                       "first: a dead target is an HTTP 502; after-upgrade: it is a Close frame "
                       "with code 1011 and a reason, which browsers can show"}},
        .help = "first: dial the target, then answer 101 or 502; after_upgrade: answer 101, then "
                "dial, and close with code 1011 if that fails",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "connect_timeout",
        FIELD(config_route, connect_timeout_ms),
        .value = {.type = VALUE_DURATION, .min = 100, .max = HOURS(1)},
        .initial = "10s",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "connect-timeout", .ours = true, .argument = "TIME"}},
        .help = "for reaching the target, all its addresses together",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "text",
        FIELD(config_route, text),
        .value = {.type = VALUE_ENUM, .names = text_modes},
        .initial = "forward",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "text", .ours = true, .argument = "WHAT"}},
        .help = "text frames from clients: forward their bytes, or refuse them with code 1003",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "ping_interval",
        FIELD(config_route, ping_interval_ms),
        .value = {.type = VALUE_DURATION, .min = SECONDS(1), .max = DAYS(1), .zero = "off"},
        .initial = "30s",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "heartbeat", .argument = "TIME"}},
        .help = "ping a client that has sent nothing for so long; 0: never",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "ping_timeout",
        FIELD(config_route, ping_timeout_ms),
        .value = {.type = VALUE_DURATION, .min = SECONDS(1), .max = HOURS(1)},
        .initial = "15s",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "ping-timeout", .ours = true, .argument = "TIME"}},
        .help = "a client that sends nothing for so long after a ping is dead",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "idle_timeout",
        FIELD(config_route, idle_timeout_ms),
        .value = {.type = VALUE_DURATION, .min = SECONDS(1), .max = DAYS(30), .zero = "off"},
        .initial = "off",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "end a session that carries no data either way for so long; pings do not count",
    },
    {
        .section = OPTIONS_ROUTE,
        .key = "max_duration",
        FIELD(config_route, max_duration_ms),
        .value = {.type = VALUE_DURATION, .min = SECONDS(1), .max = DAYS(30), .zero = "off"},
        .initial = "off",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "max-duration", .ours = true, .argument = "TIME"}},
        .help = "longest session",
    },

    {
        .section = OPTIONS_TARGET,
        .key = "address",
        FIELD(config_target, address),
        .value = {.type = VALUE_TARGET},
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "unix-target",
                   .argument = "FILE",
                   .prefix = "unix:",
                   .help = "bridge to a Unix socket, @NAME for an abstract one, instead of a "
                           "TARGET_HOST:PORT"}},
        .help = "what clients reach: HOST:PORT, [IPV6]:PORT, unix:PATH or unix:@NAME",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "tls",
        FIELD(config_target, tls),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "ssl-target", .sets = "true"}},
        .help = "speak TLS to the target and verify its certificate",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "server_name",
        FIELD(config_target, server_name),
        .value = {.type = VALUE_TEXT},
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "ssl-target-name", .ours = true, .argument = "NAME"}},
        .help = "the name that the target's certificate must have; default: its host",
    },
};
const size_t options_count = sizeof(options_table) / sizeof(options_table[0]);

const struct options_section_row *options_section(enum options_section section)
{
    return &sections[section];
}

const struct options_row *options_find(enum options_section section, const char *key)
{
    for (size_t i = 0; i < options_count; i++)
        if (options_table[i].section == section && strcmp(options_table[i].key, key) == 0)
            return &options_table[i];
    return NULL;
}
