#include "config/model/text_form.h"
#include "config/options/options.h"

static const struct value_name ends[] = {
    {"half_close", CONFIG_WS_EOF_HALF_CLOSE, false},
    {"close", CONFIG_WS_EOF_CLOSE, false},
    {"wait", CONFIG_WS_EOF_WAIT, false},
    {NULL, 0, false},
};

static const struct options_row rows[] = {
    {
        .section = OPTIONS_WEBSOCKET,
        .key = "host",
        OPTIONS_FIELD(config_ws_target, host),
        .value = {.type = VALUE_TEXT, .form = &text_form_authority},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "the field Host, HOST or HOST:PORT; default: as the address has it",
    },
    {
        .section = OPTIONS_WEBSOCKET,
        .key = "origin",
        OPTIONS_FIELD(config_ws_target, origin),
        .value = {.type = VALUE_TEXT, .form = &text_form_sent_origin},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "the field Origin, such as https://desk.example.com; default: none",
    },
    {
        .section = OPTIONS_WEBSOCKET,
        .key = "subprotocols",
        OPTIONS_FIELD(config_ws_target, subprotocols),
        .value = {.type = VALUE_TEXT, .form = &text_form_token},
        .list = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "subprotocols to offer, in order of preference; default: none, or those that a "
                "WebSocket client offers",
    },
    {
        .section = OPTIONS_WEBSOCKET,
        .key = "user",
        OPTIONS_FIELD(config_ws_target, user),
        .value = {.type = VALUE_TEXT, .form = &text_form_user},
        .needs = "password",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "log in by this name (Basic)",
    },
    {
        .section = OPTIONS_WEBSOCKET,
        .key = "password",
        OPTIONS_FIELD(config_ws_target, password),
        .value = {.type = VALUE_TEXT, .form = &text_form_credential},
        .secret = true,
        .needs = "user",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "password of that user",
    },
    {
        .section = OPTIONS_WEBSOCKET,
        .key = "bearer",
        OPTIONS_FIELD(config_ws_target, bearer),
        .value = {.type = VALUE_TEXT, .form = &text_form_bearer},
        .secret = true,
        .excludes = "password",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "log in with this token or ticket (Bearer)",
    },
    {
        .section = OPTIONS_WEBSOCKET,
        .key = "eof",
        OPTIONS_FIELD(config_ws_target, eof),
        .value = {.type = VALUE_ENUM, .names = ends},
        .initial = "half_close",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "when a raw client has sent everything: half_close (send a FIN; the target may "
                "still answer), close (send a Close 1000) or wait (send nothing, for a target that "
                "drops its answer at a FIN; it or a limit ends the session)",
    },
    {
        .section = OPTIONS_WEBSOCKET_HEADER,
        .key = "name",
        OPTIONS_FIELD(config_header, name),
        .value = {.type = VALUE_TEXT, .form = &text_form_token},
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "name of the header field",
    },
    {
        .section = OPTIONS_WEBSOCKET_HEADER,
        .key = "value",
        OPTIONS_FIELD(config_header, value),
        .value = {.type = VALUE_TEXT, .form = &text_form_field},
        .secret = true,
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "value of the header field",
    },
};

const struct options_part options_websocket_part = {rows, WSL_COUNT(rows)};
