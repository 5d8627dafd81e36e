#include "config/model/redis_url.h"
#include "config/model/text_form.h"
#include "config/options/options.h"

static const struct options_row rows[] = {
    {
        .section = OPTIONS_TOKENS_REDIS,
        .key = "url",
        OPTIONS_FIELD(config_token_redis, url),
        .value = {.type = VALUE_TEXT, .form = &text_form_redis_url},
        .required = true,
        .secret = true,
        .is_public = redis_url_is_public,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "server: redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], rediss:// for TLS, or "
                "unix:PATH[?db=DATABASE]; user and password are percent-encoded",
    },
    {
        .section = OPTIONS_TOKENS_REDIS,
        .key = "prefix",
        OPTIONS_FIELD(config_token_redis, prefix),
        .value = {.type = VALUE_TEXT},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "what keys have in front of the token, such as desk: for the keys desk:TOKEN",
    },
    {
        .section = OPTIONS_TOKENS_REDIS,
        .key = "user",
        OPTIONS_FIELD(config_token_redis, user),
        .value = {.type = VALUE_TEXT},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "user of the server's ACL, if the url names none; default: its user default",
    },
    {
        .section = OPTIONS_TOKENS_REDIS,
        .key = "password",
        OPTIONS_FIELD(config_token_redis, password),
        .value = {.type = VALUE_TEXT},
        .secret = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "password for AUTH, if the url has none",
    },
    {
        .section = OPTIONS_TOKENS_REDIS,
        .key = "timeout",
        OPTIONS_FIELD(config_token_redis, timeout_ms),
        .value = {.type = VALUE_DURATION, .min = 100, .max = VALUE_SECONDS(60)},
        .initial = "2s",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "time for a look-up, with connecting and logging in if that is needed",
    },
    {
        .section = OPTIONS_TOKENS_REDIS,
        .key = "insecure",
        OPTIONS_FIELD(config_token_redis, server.insecure),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .excludes = "ca",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "speak TLS without verifying the server's certificate",
    },
    {
        .section = OPTIONS_TOKENS_REDIS,
        .key = "server_name",
        OPTIONS_FIELD(config_token_redis, server.server_name),
        .value = {.type = VALUE_TEXT, .form = &text_form_server_name},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "name that the server's certificate must have; default: the host of the url",
    },
    {
        .section = OPTIONS_TOKENS_REDIS,
        .key = "ca",
        OPTIONS_FIELD(config_token_redis, server.ca),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PEM authorities that the server's certificate is verified against; default: the "
                "system's",
    },
    {
        .section = OPTIONS_TOKENS_REDIS,
        .key = "certificate",
        OPTIONS_FIELD(config_token_redis, server.certificate),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PEM certificate chain to show to the server; may hold the key as well",
    },
    {
        .section = OPTIONS_TOKENS_REDIS,
        .key = "key",
        OPTIONS_FIELD(config_token_redis, server.key),
        .value = {.type = VALUE_PATH},
        .needs = "certificate",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PEM private key of that certificate, when it is in a file of its own",
    },
    {
        .section = OPTIONS_TOKENS_REDIS,
        .key = "key_password",
        OPTIONS_FIELD(config_token_redis, server.key_password),
        .value = {.type = VALUE_TEXT},
        .secret = true,
        .needs = "certificate",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "decrypts that private key",
    },
};

const struct options_part options_redis_part = {rows, WSL_COUNT(rows)};
