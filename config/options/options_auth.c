#include "config/model/text_form.h"
#include "config/options/options.h"

static const struct options_row rows[] = {
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
