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
        .section = OPTIONS_AUTH_HEADER,
        .key = "name",
        OPTIONS_FIELD(config_auth_header, name),
        .value = {.type = VALUE_TEXT, .form = &text_form_token},
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "name of the header field that holds the user's name",
    },
};

const struct options_part options_auth_part = {rows, WSL_COUNT(rows)};
