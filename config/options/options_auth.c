#include "config/model/text_form.h"
#include "config/options/options.h"

static const struct options_row rows[] = {
    {
        .section = OPTIONS_AUTH_BASIC,
        .key = "users",
        OPTIONS_FIELD(config_auth_basic, users),
        .value = {.type = VALUE_PATH},
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help =
            "users file, with USER:HASH in each line, as `wsluice passwd` and htpasswd -B write "
            "it; read again when it changes. While it has a fault nobody is let in",
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
                "users and secret; default: the path of the route",
    },
    {
        .section = OPTIONS_AUTH_LOGIN,
        .key = "title",
        OPTIONS_FIELD(config_auth_login, title),
        .value = {.type = VALUE_TEXT},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "title of the page; default: Log in",
    },
};

const struct options_part options_auth_part = {rows, WSL_COUNT(rows)};
