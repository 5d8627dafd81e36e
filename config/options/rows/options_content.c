#include "config/model/text_form.h"
#include "config/options/options.h"

static const struct value_name token_formats[] = {
    {"lines", CONFIG_TOKENS_LINES, false},        {"names", CONFIG_TOKENS_NAMES, false},
    {"TokenFile", CONFIG_TOKENS_LINES, true},     {"ReadOnlyTokenFile", CONFIG_TOKENS_LINES, true},
    {"TokenFileName", CONFIG_TOKENS_NAMES, true}, {NULL, 0, false},
};

static const struct options_row rows[] = {
    {
        .section = OPTIONS_TOKENS,
        .key = "from",
        OPTIONS_FIELD(config_tokens, from),
        .value = {.type = VALUE_TEXT, .form = &text_form_token_place},
        .list = true,
        .initial = "query:token",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "host-token",
                   .sets = "host",
                   .help = "the token is the host name of the request"}},
        .help = "where the token is; of several places, in their order, the first that has one: "
                "query:NAME, header:NAME, cookie:NAME, host (its name without the port), path "
                "(what follows a prefix path), subprotocol (bearer.TOKEN beside the one that is "
                "answered) or user (the name that the client has logged in with)",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "file",
        OPTIONS_FIELD(config_tokens, file),
        .value = {.type = VALUE_PATH},
        .scalar = true,
        .purpose = OPTIONS_PURPOSE_SOURCE,
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "token-source",
                   .argument = "FILE",
                   .help = "file, folder or URL with the tokens, as the class needs it"},
                  {.name = "target-config",
                   .argument = "FILE",
                   .help = "the same as --token-plugin=TokenFile --token-source=FILE"}},
        .help = "file with a token in each line, or a folder of such files; read again when it "
                "changes",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "directory",
        OPTIONS_FIELD(config_tokens, directory),
        .value = {.type = VALUE_PATH},
        .purpose = OPTIONS_PURPOSE_SOURCE,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "folder with a file for each token, which is the name of the file; it holds "
                "HOST:PORT or unix:PATH",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "sockets",
        OPTIONS_FIELD(config_tokens, sockets),
        .value = {.type = VALUE_PATH},
        .purpose = OPTIONS_PURPOSE_SOURCE,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "folder with a Unix socket for each token, which is the name of the socket; links "
                "and names that begin with a dot are refused",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "auth",
        OPTIONS_FIELD(config_tokens, auth),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .purpose = OPTIONS_PURPOSE_SOURCE,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "there is no token: the target is the one that the route's auth has found, by "
                "target of ticket or of forward",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "format",
        OPTIONS_FIELD(config_tokens, format),
        .value = {.type = VALUE_ENUM, .names = token_formats},
        .initial = "lines",
        .needs = "file",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "token-plugin",
                   .argument = "CLASS",
                   .help = "look targets up by token: TokenFile, ReadOnlyTokenFile, TokenFileName, "
                           "UnixDomainSocketDirectory, BaseTokenAPI, JSONTokenApi, JWTTokenApi or "
                           "TokenRedis"}},
        .help = "of file: lines, TOKEN: HOST:PORT in each line; or names, the same as directory",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "permit",
        OPTIONS_FIELD(config_tokens, permit),
        .value = {.type = VALUE_TEXT, .form = &text_form_permit},
        .list = true,
        .quick = "any",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "permit",
                   .ours = true,
                   .argument = "LIST",
                   .help = "targets that tokens may lead to, separated by commas, such as "
                           "desk-*.lan:5900, 10.1.0.0/16:5900-5999 and unix:/run/desks/*"}},
        .help = "targets that the source may name: desk-*.lan:5900, *.example.com:22, "
                "10.1.0.0/16:5900-5999, [fd00::]/8:*, unix:/run/desks/*, or any. The addresses of "
                "a name are checked as they are connected to. Default: what files and folders "
                "name; of a service's answers, and of tickets, neither Unix sockets nor loopback, "
                "link-local, multicast and cloud metadata addresses",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "tls",
        OPTIONS_FIELD(config_tokens, target.tls),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "speak TLS to the targets and verify their certificates; Unix sockets only with "
                "server_name",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "insecure",
        OPTIONS_FIELD(config_tokens, target.insecure),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .excludes = "ca",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "speak TLS without verifying the targets' certificates",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "server_name",
        OPTIONS_FIELD(config_tokens, target.server_name),
        .value = {.type = VALUE_TEXT, .form = &text_form_server_name},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "name that every target's certificate must have; may contain {NAME}s of path; "
                "default: the host of its address",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "ca",
        OPTIONS_FIELD(config_tokens, target.ca),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PEM authorities that the targets' certificates are verified against; default: the "
                "system's",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "certificate",
        OPTIONS_FIELD(config_tokens, target.certificate),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PEM certificate chain to show to the targets; may hold the key as well",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "key",
        OPTIONS_FIELD(config_tokens, target.key),
        .value = {.type = VALUE_PATH},
        .needs = "certificate",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PEM private key of that certificate, when it is in a file of its own",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "key_password",
        OPTIONS_FIELD(config_tokens, target.key_password),
        .value = {.type = VALUE_TEXT},
        .secret = true,
        .needs = "certificate",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "decrypts that private key",
    },
    {
        .section = OPTIONS_TOKENS,
        .key = "proxy_protocol",
        OPTIONS_FIELD(config_tokens, target.proxy_protocol),
        .value = {.type = VALUE_ENUM, .names = options_target_proxy_versions},
        .initial = "off",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PROXY protocol header to send first: off, v1 or v2",
    },

    {
        .section = OPTIONS_TOKENS_HTTP,
        .key = "url",
        OPTIONS_FIELD(config_token_http, url),
        .value = {.type = VALUE_TEXT, .form = &text_form_url_template},
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "where to ask: http://HOST:PORT/PATH, https://HOST:PORT/PATH or "
                "unix:/SOCKET:/PATH, with {token} in its path or query, which is escaped",
    },
    {
        .section = OPTIONS_TOKENS_HTTP,
        .key = "timeout",
        OPTIONS_FIELD(config_token_http, timeout_ms),
        .value = {.type = VALUE_DURATION, .min = 50, .max = VALUE_SECONDS(60)},
        .initial = "5s",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "time for connecting and the whole answer",
    },
    {
        .section = OPTIONS_TOKENS_HTTP,
        .key = "ca",
        OPTIONS_FIELD(config_token_http, ca),
        .value = {.type = VALUE_PATH},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "PEM authorities that the service's certificate is verified against; default: the "
                "system's",
    },
    {
        .section = OPTIONS_TOKENS_HTTP,
        .key = "cache",
        OPTIONS_FIELD(config_token_http, cache_ms),
        .value =
            {.type = VALUE_DURATION, .min = VALUE_SECONDS(1), .max = VALUE_DAYS(1), .zero = "off"},
        .initial = "5m",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "the longest time that an answer is kept; off: none is kept",
    },
    {
        .section = OPTIONS_FILES,
        .key = "root",
        OPTIONS_FIELD(config_files, root),
        .value = {.type = VALUE_PATH},
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "web",
                   .argument = "DIR",
                   .help =
                       "serve the files of this folder, and nothing outside it, to requests that "
                       "are not WebSocket requests; links within it are followed"}},
        .help = "folder whose files are served, and nothing outside it; for a path without /* a "
                "single file. Links within it are followed",
    },
    {
        .section = OPTIONS_FILES,
        .key = "listing",
        OPTIONS_FIELD(config_files, listing),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .reload = OPTIONS_NEW_SESSIONS,
        .flags = {{.name = "file-only",
                   .sets = "false",
                   .help = "no listings of folders without an index.html"}},
        .help = "list folders that have no index.html or index.htm",
    },
    {
        .section = OPTIONS_FILES,
        .key = "fallback",
        OPTIONS_FIELD(config_files, fallback),
        .value = {.type = VALUE_TEXT},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "file below root that browsers get when they navigate to a missing name without an "
                "extension, as single-page applications need",
    },
    {
        .section = OPTIONS_FILES,
        .key = "cache_control",
        OPTIONS_FIELD(config_files, cache_control),
        .value = {.type = VALUE_TEXT, .form = &text_form_field},
        .initial = "no-cache",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "Cache-Control of the responses; with no-cache, clients ask each time whether the "
                "file has changed",
    },
    {
        .section = OPTIONS_FILES,
        .key = "precompressed",
        OPTIONS_FIELD(config_files, precompressed),
        .value = {.type = VALUE_BOOL},
        .initial = "true",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "serve FILE.br or FILE.gz instead of FILE to clients that accept it, unless it is "
                "older than FILE",
    },
    {
        .section = OPTIONS_FILES,
        .key = "isolated",
        OPTIONS_FIELD(config_files, isolated),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "cross-origin isolation (COOP and COEP), which SharedArrayBuffer needs",
    },
    {
        .section = OPTIONS_FILES,
        .key = "content_security_policy",
        OPTIONS_FIELD(config_files, content_security_policy),
        .value = {.type = VALUE_TEXT, .form = &text_form_field},
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "Content-Security-Policy of the responses",
    },
    {
        .section = OPTIONS_FILES,
        .key = "hidden",
        OPTIONS_FIELD(config_files, hidden),
        .value = {.type = VALUE_BOOL},
        .initial = "false",
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "also serve names that begin with a dot, such as .well-known",
    },

    {
        .section = OPTIONS_CAPTURE,
        .key = "name",
        OPTIONS_FIELD(config_capture, name),
        .value = {.type = VALUE_TEXT, .form = &text_form_name},
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "name of the {NAME} in path",
    },
    {
        .section = OPTIONS_CAPTURE,
        .key = "pattern",
        OPTIONS_FIELD(config_capture, pattern),
        .value = {.type = VALUE_TEXT, .form = &text_form_expression},
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "POSIX extended regular expression that the whole segment must match",
    },

    {
        .section = OPTIONS_HEADER,
        .key = "name",
        OPTIONS_FIELD(config_header, name),
        .value = {.type = VALUE_TEXT, .form = &text_form_token},
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "name of the header field",
    },
    {
        .section = OPTIONS_HEADER,
        .key = "value",
        OPTIONS_FIELD(config_header, value),
        .value = {.type = VALUE_TEXT, .form = &text_form_field},
        .required = true,
        .reload = OPTIONS_NEW_SESSIONS,
        .help = "value of the header field",
    },
};

const struct options_part options_content_part = {rows, WSL_COUNT(rows)};
