#include "config/model/section/config_proxy.h"
#include "config/model/text_form.h"
#include "config/options/options.h"

const struct value_name options_target_proxy_versions[] = {
    {"off", CONFIG_TARGET_PROXY_OFF, false},
    {"v1", CONFIG_TARGET_PROXY_V1, false},
    {"v2", CONFIG_TARGET_PROXY_V2, false},
    {NULL, 0, false},
};

static const struct value_name families[] = {
    {"any", CONFIG_FAMILY_ANY, false},
    {"ipv4", CONFIG_FAMILY_IPV4, false},
    {"ipv6", CONFIG_FAMILY_IPV6, false},
    {NULL, 0, false},
};

static const struct value_name probes[] = {
    {"off", CONFIG_PROBE_OFF, false},
    {"connect", CONFIG_PROBE_CONNECT, false},
    {"banner", CONFIG_PROBE_BANNER, false},
    {NULL, 0, false},
};

static const struct options_row rows[] = {
    {
        .section = OPTIONS_TARGET,
        .key = "address",
        OPTIONS_FIELD(config_target, address),
        .value = {.type = VALUE_TARGET},
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "unix-target",
                   .argument = "FILE",
                   .prefix = "unix:",
                   .help = "bridge to a Unix socket, @NAME for an abstract one, instead of a "
                           "TARGET_HOST:PORT"}},
        .help = "address of the target: tcp://HOST:PORT, tls://HOST:PORT, unix:PATH or unix:@NAME; "
                "of one that speaks WebSocket ws://HOST[:PORT]/PATH, wss://HOST[:PORT]/PATH or "
                "ws+unix:/SOCKET:/PATH. HOST and PATH may contain {NAME}s of path",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "connect_to",
        OPTIONS_FIELD(config_target, connect_to),
        .value = {.type = VALUE_TARGET, .bare = true},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "HOST:PORT or unix:PATH to connect to instead; the address still names the server, "
                "in its certificate and in requests",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "family",
        OPTIONS_FIELD(config_target, family),
        .value = {.type = VALUE_ENUM, .names = families},
        .initial = "any",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "which addresses of a name to connect to: any, ipv4 or ipv6",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "tls",
        OPTIONS_FIELD(config_target, tls),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "ssl-target", .sets = "true"}},
        .help = "speak TLS to the target and verify its certificate",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "insecure",
        OPTIONS_FIELD(config_target, insecure),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .excludes = "ca",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "ssl-target-insecure", .ours = true, .sets = "true"}},
        .help = "speak TLS without verifying the target's certificate",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "server_name",
        OPTIONS_FIELD(config_target, server_name),
        .value = {.type = VALUE_TEXT, .form = &text_form_server_name},
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "ssl-target-name", .ours = true, .argument = "NAME"}},
        .help = "name that the target's certificate must have; may contain {NAME}s of path; "
                "default: the host of the address",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "ca",
        OPTIONS_FIELD(config_target, ca),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "ssl-target-ca", .ours = true, .argument = "FILE"}},
        .help = "PEM authorities that the target's certificate is verified against; default: the "
                "system's",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "pins",
        OPTIONS_FIELD(config_target, pins),
        .value = {.type = VALUE_TEXT, .form = &text_form_pin},
        .list = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "the only keys that the target's certificate may have, as sha256//BASE64 of its "
                "SubjectPublicKeyInfo; with insecure, the key alone is verified",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "certificate",
        OPTIONS_FIELD(config_target, certificate),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PEM certificate chain to show to the target; may hold the key as well",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "key",
        OPTIONS_FIELD(config_target, key),
        .value = {.type = VALUE_PATH},
        .needs = "certificate",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PEM private key of that certificate, when it is in a file of its own",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "key_password",
        OPTIONS_FIELD(config_target, key_password),
        .value = {.type = VALUE_TEXT},
        .secret = true,
        .needs = "certificate",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "decrypts that private key",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "proxy",
        OPTIONS_FIELD(config_target, proxy),
        .value = {.type = VALUE_TEXT, .form = &text_form_proxy},
        .secret = true,
        .is_public = config_proxy_is_public,
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "proxy",
                   .ours = true,
                   .argument = "URL",
                   .help = "connect to the target through a forward proxy: http://HOST:PORT "
                           "(CONNECT) or socks5://HOST:PORT, with USER:PASSWORD@ if it wants "
                           "them"}},
        .help = "forward proxy to connect through: http://[USER:PASSWORD@]HOST[:PORT] (CONNECT) or "
                "socks5://[USER:PASSWORD@]HOST[:PORT]; default port: 1080. User and password are "
                "percent-encoded. The proxy resolves the target's name, so that permit of tokens "
                "could not check its addresses: their targets have no proxy",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "proxy_protocol",
        OPTIONS_FIELD(config_target, proxy_protocol),
        .value = {.type = VALUE_ENUM, .names = options_target_proxy_versions},
        .initial = "off",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PROXY protocol header to send first: off, v1 or v2",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "probe",
        OPTIONS_FIELD(config_target, probe),
        .value = {.type = VALUE_ENUM, .names = probes},
        .initial = "off",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "check regularly whether the target is up: off, connect, or banner (connect, and "
                "compare its first bytes)",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "banner",
        OPTIONS_FIELD(config_target, banner),
        .value = {.type = VALUE_TEXT, .form = &text_form_banner},
        .needs = "probe",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "what a probe expects first: rfb, ssh, or a text such as RFB 003.; default: expect "
                "of the route",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "probe_interval",
        OPTIONS_FIELD(config_target, probe_interval_ms),
        .value = {.type = VALUE_DURATION, .min = 100, .max = VALUE_DAYS(1)},
        .initial = "10s",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "time between probes",
    },
    {
        .section = OPTIONS_TARGET,
        .key = "probe_timeout",
        OPTIONS_FIELD(config_target, probe_timeout_ms),
        .value = {.type = VALUE_DURATION, .min = 10, .max = VALUE_HOURS(1)},
        .initial = "3s",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "time for a probe to connect and to read the banner",
    },
};

const struct options_part options_target_part = {rows, WSL_COUNT(rows)};
