#include "config/model/text_form.h"
#include "config/options/options.h"

static const struct value_name algorithms[] = {
    {"any", CONFIG_TICKET_ANY, false},
    {"HS256", CONFIG_TICKET_HS256, false},
    {"HS384", CONFIG_TICKET_HS384, false},
    {"HS512", CONFIG_TICKET_HS512, false},
    {"RS256", CONFIG_TICKET_RS256, false},
    {"RS384", CONFIG_TICKET_RS384, false},
    {"RS512", CONFIG_TICKET_RS512, false},
    {"PS256", CONFIG_TICKET_PS256, false},
    {"PS384", CONFIG_TICKET_PS384, false},
    {"PS512", CONFIG_TICKET_PS512, false},
    {"ES256", CONFIG_TICKET_ES256, false},
    {"ES384", CONFIG_TICKET_ES384, false},
    {"ES512", CONFIG_TICKET_ES512, false},
    {"EdDSA", CONFIG_TICKET_EDDSA, false},
    {"Ed25519", CONFIG_TICKET_EDDSA, true},
    {"websockify", CONFIG_TICKET_WEBSOCKIFY, false},
    {NULL, 0, false},
};

const struct value_name options_auth_satisfies[] = {
    {"all", CONFIG_SATISFY_ALL, false},
    {"any", CONFIG_SATISFY_ANY, false},
    {NULL, 0, false},
};

/* clang-format off */
/* What tickets are asked for, in a section of struct config_ticket. */
#define CLAIM_ROWS(of)                                                                             \
    {                                                                                              \
        .section = (of),                                                                           \
        .key = "audience",                                                                         \
        OPTIONS_FIELD(config_ticket, audiences),                                                   \
        .value = {.type = VALUE_TEXT},                                                             \
        .list = true,                                                                              \
        .reload = OPTIONS_NEW_SESSIONS,                                                            \
        .help =                                                                                    \
            "one of these must be in the ticket's aud; \"*\" stands for any, or none; without "    \
            "it, the ticket must have no aud",                                                     \
    },                                                                                             \
    {                                                                                              \
        .section = (of),                                                                           \
        .key = "issuer",                                                                           \
        OPTIONS_FIELD(config_ticket, issuers),                                                     \
        .value = {.type = VALUE_TEXT},                                                             \
        .list = true,                                                                              \
        .reload = OPTIONS_NEW_SESSIONS,                                                            \
        .help = "one of these must be the ticket's iss; default: any, or none",                    \
    },                                                                                             \
    {                                                                                              \
        .section = (of),                                                                           \
        .key = "required",                                                                         \
        OPTIONS_FIELD(config_ticket, required),                                                    \
        .value = {.type = VALUE_TEXT},                                                             \
        .list = true,                                                                              \
        .reload = OPTIONS_NEW_SESSIONS,                                                            \
        .help = "claims that the ticket must have, with any value",                                \
    },                                                                                             \
    {                                                                                              \
        .section = (of),                                                                           \
        .key = "user",                                                                             \
        OPTIONS_FIELD(config_ticket, user),                                                        \
        .value = {.type = VALUE_TEXT},                                                             \
        .reload = OPTIONS_NEW_SESSIONS,                                                            \
        .help =                                                                                    \
            "claim with the user's name, which the ticket must have; default: sub, if it is "      \
            "there",                                                                               \
    },                                                                                             \
    {                                                                                              \
        .section = (of),                                                                           \
        .key = "address",                                                                          \
        OPTIONS_FIELD(config_ticket, address),                                                     \
        .value = {.type = VALUE_TEXT},                                                             \
        .reload = OPTIONS_NEW_SESSIONS,                                                            \
        .help =                                                                                    \
            "claim with the client's address, or a list of them; default: the ticket is good "     \
            "from anywhere",                                                                       \
    },                                                                                             \
    {                                                                                              \
        .section = (of),                                                                           \
        .key = "leeway",                                                                           \
        OPTIONS_FIELD(config_ticket, leeway_ms),                                                   \
        .value = {.type = VALUE_DURATION, .max = VALUE_SECONDS(600)},                              \
        .initial = "30s",                                                                          \
        .reload = OPTIONS_NEW_SESSIONS,                                                            \
        .help = "how far the clock of the issuer may be off: for exp, nbf and iat",                \
    },                                                                                             \
    {                                                                                              \
        .section = (of),                                                                           \
        .key = "unlimited",                                                                        \
        OPTIONS_FIELD(config_ticket, unlimited),                                                   \
        .value = {.type = VALUE_BOOL},                                                             \
        .initial = "false",                                                                        \
        .excludes = "single_use",                                                                  \
        .reload = OPTIONS_NEW_SESSIONS,                                                            \
        .help = "also take tickets without exp, which are good until the key changes",             \
    },                                                                                             \
    {                                                                                              \
        .section = (of),                                                                           \
        .key = "single_use",                                                                       \
        OPTIONS_FIELD(config_ticket, single_use),                                                  \
        .value = {.type = VALUE_BOOL},                                                             \
        .initial = "false",                                                                        \
        .reload = OPTIONS_NEW_SESSIONS,                                                            \
        .help =                                                                                    \
            "a ticket opens one WebSocket; it needs jti. Used ones are remembered until they "     \
            "expire, 200,000 at most: beyond, new ones are refused. A restart or an upgrade "      \
            "forgets them, so that tickets should expire soon",                                    \
    },                                                                                             \
    {                                                                                              \
        .section = (of), .key = "end_session", OPTIONS_FIELD(config_ticket, end_session),          \
        .value = {.type = VALUE_BOOL}, .initial = "false", .reload = OPTIONS_NEW_SESSIONS,         \
        .help = "end a session when its ticket expires",                                           \
    }

/*
 * Their key, in a section of struct config_ticket_key, whose scalar form is the file: it is marked
 * as such, or is the only required option.
 */
#define KEY_ROWS(of, file_is_scalar)                                                               \
    {                                                                                              \
        .section = (of),                                                                           \
        .key = "file",                                                                             \
        OPTIONS_FIELD(config_ticket_key, file),                                                    \
        .value = {.type = VALUE_PATH},                                                             \
        .required = !(file_is_scalar),                                                             \
        .scalar = (file_is_scalar),                                                                \
        .reload = OPTIONS_NEW_SESSIONS,                                                            \
        .help =                                                                                    \
            "file with the key: a secret of at least 32 bytes, a public key or certificate in "    \
            "PEM format, a JWK or a JWK Set; read again when it changes",                          \
    },                                                                                             \
    {                                                                                              \
        .section = (of), .key = "algorithm", OPTIONS_FIELD(config_ticket_key, algorithm),          \
        .value = {.type = VALUE_ENUM, .names = algorithms}, .initial = "any",                      \
        .reload = OPTIONS_NEW_SESSIONS,                                                            \
        .help = "what the key is for; needed for a secret, a PEM file, and RSA keys of a JWK Set " \
            "without alg. A ticket cannot choose another one. websockify: as its JWTTokenApi "     \
            "reads the file, a PEM file or a secret in base64url, for all algorithms of the "      \
            "key's type",                                                                          \
    }

/* clang-format on */

static const struct options_row rows[] = {
    CLAIM_ROWS(OPTIONS_TOKENS_TICKET),
    {
        .section = OPTIONS_TOKENS_TICKET,
        .key = "target",
        OPTIONS_FIELD(config_ticket, target),
        .value = {.type = VALUE_TEXT},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "claim with the target: HOST:PORT, tls://HOST:PORT or unix:PATH; default: the "
                "claims host and port",
    },
    KEY_ROWS(OPTIONS_TOKENS_TICKET_KEY, false),
    {
        .section = OPTIONS_AUTH_BASIC,
        .key = "users",
        OPTIONS_FIELD(config_auth_basic, users),
        .value = {.type = VALUE_PATH},
        .scalar = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help =
            "users file, with USER:HASH in each line, as `wsluice passwd` and htpasswd -B write "
            "it; read again when it changes. While it has a fault nobody is let in",
    },
    {
        .section = OPTIONS_AUTH_BASIC,
        .key = "accounts",
        OPTIONS_FIELD(config_auth_basic, accounts),
        .value = {.type = VALUE_TEXT},
        .list = true,
        .excludes = "users",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "the lines of a users file, USER:HASH, without a file",
    },
    {
        .section = OPTIONS_AUTH_BASIC,
        .key = "realm",
        OPTIONS_FIELD(config_auth_basic, realm),
        .value = {.type = VALUE_TEXT, .form = &text_form_field},
        .initial = "wsluice",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "name of what the password is for, which some clients show",
    },
    {
        .section = OPTIONS_AUTH_CERTIFICATE,
        .key = "names",
        OPTIONS_FIELD(config_auth_certificate, names),
        .value = {.type = VALUE_TEXT, .form = &text_form_certificate_name},
        .list = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "common names, or alternative names of hosts, mailboxes and URIs; *.example.com "
                "stands for one label, *@example.com for a mailbox, * for any name",
    },
    {
        .section = OPTIONS_AUTH_CERTIFICATE,
        .key = "pins",
        OPTIONS_FIELD(config_auth_certificate, pins),
        .value = {.type = VALUE_TEXT, .form = &text_form_pin},
        .list = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "keys: sha256// and the base64 of the SHA-256 of the public key, as curl's "
                "--pinnedpubkey has it",
    },
    {
        .section = OPTIONS_AUTH_ORIGIN,
        .key = "origins",
        OPTIONS_FIELD(config_auth_origin, origins),
        .value = {.type = VALUE_TEXT, .form = &text_form_field},
        .list = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "origins, exactly as browsers write them, such as https://desk.example.com",
    },
    {
        .section = OPTIONS_AUTH_HEADER,
        .key = "name",
        OPTIONS_FIELD(config_auth_header, name),
        .value = {.type = VALUE_TEXT, .form = &text_form_token},
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "name of the header field that holds the user's name",
    },
    {
        .section = OPTIONS_AUTH_FORWARD,
        .key = "url",
        OPTIONS_FIELD(config_auth_forward, url),
        .value = {.type = VALUE_TEXT, .form = &text_form_url},
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "where to ask: http://HOST:PORT/PATH, https://HOST:PORT/PATH or "
                "unix:/SOCKET:/PATH",
    },
    {
        .section = OPTIONS_AUTH_FORWARD,
        .key = "user",
        OPTIONS_FIELD(config_auth_forward, user),
        .value = {.type = VALUE_TEXT, .form = &text_form_token},
        .initial = "Remote-User",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "name of the header field of the answer that holds the user's name",
    },
    {
        .section = OPTIONS_AUTH_FORWARD,
        .key = "target",
        OPTIONS_FIELD(config_auth_forward, target),
        .value = {.type = VALUE_TEXT, .form = &text_form_token},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "name of the header field of the answer that holds the target: HOST:PORT, "
                "tls://HOST:PORT or unix:PATH. The route has tokens: {auth: true}, and what its "
                "permit allows",
    },
    {
        .section = OPTIONS_AUTH_FORWARD,
        .key = "timeout",
        OPTIONS_FIELD(config_auth_forward, timeout_ms),
        .value = {.type = VALUE_DURATION, .min = 50, .max = VALUE_SECONDS(60)},
        .initial = "5s",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "time for connecting and the whole answer",
    },
    {
        .section = OPTIONS_AUTH_FORWARD,
        .key = "ca",
        OPTIONS_FIELD(config_auth_forward, ca),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PEM authorities that the service's certificate is verified against; default: the "
                "system's",
    },
    {
        .section = OPTIONS_AUTH_LOGIN,
        .key = "users",
        OPTIONS_FIELD(config_auth_login, users),
        .value = {.type = VALUE_PATH},
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "users file, with USER:HASH in each line, as `wsluice passwd` writes it; read "
                "again when it changes. A new password ends the user's logins",
    },
    {
        .section = OPTIONS_AUTH_LOGIN,
        .key = "lifetime",
        OPTIONS_FIELD(config_auth_login, lifetime_ms),
        .value = {.type = VALUE_DURATION, .min = VALUE_SECONDS(60), .max = VALUE_DAYS(30)},
        .initial = "8h",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "how long a login counts",
    },
    {
        .section = OPTIONS_AUTH_LOGIN,
        .key = "end_sessions",
        OPTIONS_FIELD(config_auth_login, ends_sessions),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "end open sessions, too, when their login has been valid for lifetime",
    },
    {
        .section = OPTIONS_AUTH_LOGIN,
        .key = "secret",
        OPTIONS_FIELD(config_auth_login, secret),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "file with a key of 32 characters or more in each line, as `openssl rand -hex 32` "
                "makes it: the first signs cookies, all are accepted. Logins then survive a "
                "restart, and count on all gateways with this file; default: a random key, which "
                "lasts until the process ends",
    },
    {
        .section = OPTIONS_AUTH_LOGIN,
        .key = "scope",
        OPTIONS_FIELD(config_auth_login, scope),
        .value = {.type = VALUE_TEXT, .form = &text_form_base},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "the login counts at and below this path, for all routes with the same scope, "
                "users and secret; default: the path of the route, and / for a listener's",
    },
    {
        .section = OPTIONS_AUTH_LOGIN,
        .key = "title",
        OPTIONS_FIELD(config_auth_login, title),
        .value = {.type = VALUE_TEXT},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "title of the page; default: Log in",
    },
    {
        .section = OPTIONS_AUTH_TICKET,
        .key = "from",
        OPTIONS_FIELD(config_ticket, from),
        .value = {.type = VALUE_TEXT, .form = &text_form_ticket_place},
        .list = true,
        .initial = "header",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "where the ticket is; of several places, in their order, the first that has one: "
                "header (Authorization: Bearer), header:NAME, query:NAME, cookie:NAME or "
                "subprotocol (bearer.TICKET beside the one that is answered)",
    },
    {
        .section = OPTIONS_AUTH_TICKET,
        .key = "target",
        OPTIONS_FIELD(config_ticket, target),
        .value = {.type = VALUE_TEXT},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "claim with the target, which the ticket must have: HOST:PORT, tls://HOST:PORT or "
                "unix:PATH. The route has tokens: {auth: true}, and what its permit allows",
    },
    CLAIM_ROWS(OPTIONS_AUTH_TICKET),
    KEY_ROWS(OPTIONS_TICKET_KEY, true),
    {
        .section = OPTIONS_TICKET_KEY,
        .key = "url",
        OPTIONS_FIELD(config_ticket_key, url),
        .value = {.type = VALUE_TEXT, .form = &text_form_url},
        .excludes = "file",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "URL of a JWK Set with public keys, as identity providers publish it (jwks_uri): "
                "https://HOST/PATH, or unix:/SOCKET:/PATH; http:// only to this machine. It is "
                "fetched when a ticket comes, and again when its lifetime is over or a ticket "
                "names a key that is not there. While it cannot be fetched, the keys of before "
                "stay in use",
    },
    {
        .section = OPTIONS_TICKET_KEY,
        .key = "ca",
        OPTIONS_FIELD(config_ticket_key, ca),
        .value = {.type = VALUE_PATH},
        .needs = "url",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PEM authorities that the certificate of url is verified against; default: the "
                "system's",
    },
    {
        .section = OPTIONS_TICKET_KEY,
        .key = "timeout",
        OPTIONS_FIELD(config_ticket_key, timeout_ms),
        .value = {.type = VALUE_DURATION, .min = 50, .max = VALUE_SECONDS(60)},
        .initial = "5s",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "time for fetching url, which a ticket may have to wait for",
    },
    {
        .section = OPTIONS_TICKET_KEY,
        .key = "cache",
        OPTIONS_FIELD(config_ticket_key, cache_ms),
        .value = {.type = VALUE_DURATION, .min = 1000, .max = VALUE_DAYS(7)},
        .initial = "1h",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "longest lifetime of the keys of url; a shorter one that Cache-Control says "
                "counts, down to a minute",
    },
    {
        .section = OPTIONS_TICKET_KEY,
        .key = "interval",
        OPTIONS_FIELD(config_ticket_key, interval_ms),
        .value = {.type = VALUE_DURATION, .min = 100, .max = VALUE_SECONDS(3600)},
        .initial = "10s",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "shortest time between two fetches of url, however many tickets name unknown "
                "keys, and after a failure",
    },
};

const struct options_part options_auth_part = {rows, WSL_COUNT(rows)};
