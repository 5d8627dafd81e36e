#include "config/model/text_form.h"
#include "config/options/options.h"

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
/* The aliases are websockify's names. */
static const struct value_name tls_versions[] = {
    {"1.1", CONFIG_TLS_1_1, false},    {"1.2", CONFIG_TLS_1_2, false},
    {"1.3", CONFIG_TLS_1_3, false},    {"tlsv1_1", CONFIG_TLS_1_1, true},
    {"tlsv1_2", CONFIG_TLS_1_2, true}, {"tlsv1_3", CONFIG_TLS_1_3, true},
    {"default", CONFIG_TLS_1_2, true}, {NULL, 0, false},
};
static const struct value_name proxy_modes[] = {
    {"off", CONFIG_PROXY_OFF, false},
    {"accept", CONFIG_PROXY_ACCEPT, false},
    {"require", CONFIG_PROXY_REQUIRE, false},
    {NULL, 0, false},
};

static const struct options_row rows[] = {
    {
        .section = OPTIONS_LISTENER,
        .key = "name",
        OPTIONS_FIELD(config_listener, name),
        .value = {.type = VALUE_TEXT, .form = &text_form_name},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "name in the log and on the status page; default: the address",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "address",
        OPTIONS_FIELD(config_listener, address),
        .value = {.type = VALUE_LISTEN},
        .required = true,
        .reload = OPTIONS_LIVE,
        .flags =
            {{.name = "unix-listen",
              .argument = "FILE",
              .prefix = "unix:",
              .help = "listen on a Unix socket, @NAME for an abstract one, instead of a "
                      "[HOST:]PORT"},
             {.name = "inetd",
              .sets = "fd:0",
              .help =
                  "listen on the socket that is standard input, as inetd passes it with 'wait'"}},
        .help = "where to listen: PORT, HOST:PORT, [IPV6]:PORT, unix:PATH, unix:@NAME, or fd:N "
                "for a listening socket that the process was started with",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "base_path",
        OPTIONS_FIELD(config_listener, base_path),
        .value = {.type = VALUE_TEXT, .form = &text_form_base},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "serve only requests at or below this path, and match routes against the rest; "
                "default: /",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "routes",
        OPTIONS_FIELD(config_listener, routes),
        .value = {.type = VALUE_TEXT, .form = &text_form_reference},
        .list = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "names of the routes that this listener serves; default: all that no other "
                "listener names",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "raw",
        OPTIONS_FIELD(config_listener, raw),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .needs = "routes",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "clients speak raw bytes, without HTTP and WebSocket; each connection is one "
                "session of the listener's only route",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "proxy_protocol",
        OPTIONS_FIELD(config_listener, proxy_protocol),
        .value = {.type = VALUE_ENUM, .names = proxy_modes},
        .initial = "off",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PROXY protocol header, version 1 or 2, from trusted_proxies: off, accept (if "
                "there is one) or require",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "trusted_proxies",
        OPTIONS_FIELD(config_listener, trusted_proxies),
        .value = {.type = VALUE_CIDR},
        .list = true,
        .implied = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "addresses whose PROXY header, X-Forwarded-For and Forwarded are trusted; default: "
                "those of the process",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "allow",
        OPTIONS_FIELD(config_listener, allow),
        .value = {.type = VALUE_CIDR},
        .list = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "client addresses that are accepted; all others are refused; default: all",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "deny",
        OPTIONS_FIELD(config_listener, deny),
        .value = {.type = VALUE_CIDR},
        .list = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "client addresses that are refused, even if allow lists them",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "satisfy",
        OPTIONS_FIELD(config_listener, auth.satisfy),
        .value = {.type = VALUE_ENUM, .names = options_auth_satisfies},
        .initial = "all",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "how many methods of auth must let a client in: all, or any one of them",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "max_connections",
        OPTIONS_FIELD(config_listener, max_connections),
        .value = {.type = VALUE_COUNT, .min = 1, .max = 10000000, .zero = "off"},
        .initial = "off",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "most connections of this listener; more are refused. On an operators' listener "
                "more wait to be accepted, and off means 64",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "backlog",
        OPTIONS_FIELD(config_listener, backlog),
        .value = {.type = VALUE_COUNT, .min = 1, .max = 65535},
        .initial = "4096",
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "backlog", .ours = true, .argument = "N"}},
        .help = "connections that may wait to be accepted; the kernel has its own limit",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "prefer_ipv6",
        OPTIONS_FIELD(config_listener, prefer_ipv6),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .reload = OPTIONS_RESTART,
        .flags = {{.name = "prefer-ipv6", .letter = '6', .sets = "true"}},
        .help = "listen on the IPv6 address of a HOST that has both kinds",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "socket_mode",
        OPTIONS_FIELD(config_listener, unix_mode),
        .value = {.type = VALUE_MODE, .min = 0, .max = 0777},
        .initial = "0600",
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "unix-listen-mode", .argument = "MODE"}},
        .help = "permissions of the Unix socket that is listened on",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "socket_owner",
        OPTIONS_FIELD(config_listener, unix_owner),
        .value = {.type = VALUE_TEXT},
        .reload = OPTIONS_LIVE,
        .help = "user that owns the Unix socket; default: the user who starts wsluice",
    },
    {
        .section = OPTIONS_LISTENER,
        .key = "socket_group",
        OPTIONS_FIELD(config_listener, unix_group),
        .value = {.type = VALUE_TEXT},
        .reload = OPTIONS_LIVE,
        .help =
            "group that owns the Unix socket; default: the group of the user who starts wsluice",
    },

    {
        .section = OPTIONS_TLS,
        .key = "mode",
        OPTIONS_FIELD(config_tls, mode),
        .value = {.type = VALUE_ENUM, .names = tls_modes},
        .initial = "off",
        .implied = true,
        .resumes = true, /* plain clients on the port do not concern TLS sessions */
        .needs = "certificates",
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "ssl-only",
                   .sets = "required",
                   .help = "refuse plain connections; without this, TLS and plain share the port"}},
        .help = "off, optional (TLS and plain on one port) or required; default: required with "
                "certificates, else off",
    },
    {
        .section = OPTIONS_TLS,
        .key = "client_verify",
        OPTIONS_FIELD(config_tls, client_verify),
        .value = {.type = VALUE_ENUM, .names = client_verify_modes},
        .initial = "off",
        .implied = true,
        .needs = "certificates",
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "verify-client",
                   .sets = "required",
                   .help = "ask TLS clients for a certificate and refuse those without a valid "
                           "one"}},
        .help = "certificates of TLS clients: off, optional or required; default: required with "
                "client_ca, else off",
    },
    {
        .section = OPTIONS_TLS,
        .key = "client_ca",
        OPTIONS_FIELD(config_tls, client_ca),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "cafile", .argument = "FILE"}},
        .help = "PEM authorities that clients' certificates are verified against; default: the "
                "system's",
    },
    {
        .section = OPTIONS_TLS,
        .key = "client_crl",
        OPTIONS_FIELD(config_tls, client_crl),
        .value = {.type = VALUE_PATH},
        .needs = "client_ca",
        .reload = OPTIONS_LIVE,
        .help = "PEM revocation lists, one of each authority; read again when it changes. A "
                "list that has expired lets nobody in; open sessions stay",
    },
    {
        .section = OPTIONS_TLS,
        .key = "min_version",
        OPTIONS_FIELD(config_tls, min_version),
        .value = {.type = VALUE_ENUM, .names = tls_versions},
        .initial = "1.2",
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "ssl-version", .argument = "VERSION"}},
        .help = "lowest TLS version that is accepted: 1.1, 1.2 or 1.3",
    },
    {
        .section = OPTIONS_TLS,
        .key = "ciphers",
        OPTIONS_FIELD(config_tls, ciphers),
        .value = {.type = VALUE_TEXT},
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "ssl-ciphers", .argument = "LIST"}},
        .help = "cipher suites up to TLS 1.2, as OpenSSL writes them; default: ECDHE with AEAD",
    },
    {
        .section = OPTIONS_TLS,
        .key = "suites",
        OPTIONS_FIELD(config_tls, suites),
        .value = {.type = VALUE_TEXT},
        .reload = OPTIONS_LIVE,
        .help = "cipher suites of TLS 1.3, as OpenSSL writes them; default: OpenSSL's",
    },

    {
        .section = OPTIONS_CERTIFICATE,
        .key = "certificate",
        OPTIONS_FIELD(config_certificate, certificate),
        .value = {.type = VALUE_PATH},
        .required = true,
        .resumes = true,
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "cert",
                   .argument = "FILE",
                   .help = "accept TLS with this PEM certificate chain, which may hold the key as "
                           "well; default: self.pem where wsluice is started, if it exists"}},
        .help = "PEM certificate chain; may hold the key as well",
    },
    {
        .section = OPTIONS_CERTIFICATE,
        .key = "key",
        OPTIONS_FIELD(config_certificate, key),
        .value = {.type = VALUE_PATH},
        .resumes = true,
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "key", .argument = "FILE"}},
        .help = "PEM private key, when it is not in the certificate's file",
    },
    {
        .section = OPTIONS_CERTIFICATE,
        .key = "key_password",
        OPTIONS_FIELD(config_certificate, key_password),
        .value = {.type = VALUE_TEXT},
        .secret = true,
        .resumes = true,
        .reload = OPTIONS_LIVE,
        .flags = {{.name = "key-password", .argument = "TEXT"}},
        .help = "decrypts the private key",
    },
};

const struct options_part options_listener_part = {rows, WSL_COUNT(rows)};
