#include "run/cli/tunnel/tunnel_option.h"

#include <string.h>

#include "base/base.h"

/* Those that `forward` alone has come last. */
const struct options_flag tunnel_option_flags[TUNNEL_OPTIONS] = {
    {.name = "user",
     .argument = "NAME",
     .help = "log in by this name (Basic), with the password of one of the next options"},
    {.name = "password-file", .argument = "FILE", .help = "the password of --user, in a file"},
    {.name = "bearer-file",
     .argument = "FILE",
     .help = "log in with the token or ticket in this file (Bearer)"},
    {.name = "credentials-env",
     .argument = "NAME",
     .help = "the password, or without --user the token or ticket, is in this variable of the "
             "environment"},
    {.name = "credentials-command",
     .argument = "COMMAND",
     .help = "the same, as this command of a shell prints it"},
    {.name = "header",
     .letter = 'H',
     .argument = "NAME: VALUE",
     .help = "one more field of the request; may be repeated. Other users of the machine can "
             "read a command line: see --header-file"},
    {.name = "header-file", .argument = "FILE", .help = "the same, one in each line of this file"},
    {.name = "subprotocol",
     .argument = "NAME",
     .help = "offer this subprotocol; may be repeated, in order of preference"},
    {.name = "origin",
     .argument = "ORIGIN",
     .help = "the field Origin, such as https://example.com"},
    {.name = "host", .argument = "NAME", .help = "the field Host, instead of that of the URL"},
    {.name = "connect-to",
     .argument = "HOST:PORT",
     .help = "connect to this address, or to unix:PATH, instead of that of the URL"},
    {.name = "proxy",
     .argument = "URL",
     .help = "forward proxy, http://HOST:PORT or socks5://HOST:PORT; none: without one. Without "
             "this, https_proxy, http_proxy, all_proxy and no_proxy of the environment say it"},
    {.name = "ca",
     .argument = "FILE",
     .help = "PEM authorities that the server's certificate is verified against; the system's "
             "without it"},
    {.name = "server-name",
     .argument = "NAME",
     .help = "name that the server's certificate must have, instead of the URL's host"},
    {.name = "pin",
     .argument = "PIN",
     .help = "the key that the certificate must have, sha256//BASE64; may be repeated"},
    {.name = "insecure", .help = "do not verify the certificate; with --pin its key still is"},
    {.name = "cert",
     .argument = "FILE",
     .help = "PEM certificate chain to show to the server; may hold the key as well"},
    {.name = "key", .argument = "FILE", .help = "PEM private key of that certificate"},
    {.name = "ipv4", .letter = '4', .help = "use IPv4 addresses of the server only"},
    {.name = "ipv6", .letter = '6', .help = "use IPv6 addresses of the server only"},
    {.name = "connect-timeout",
     .argument = "TIME",
     .help = "time to connect, with TLS and the upgrade; 10s without it"},
    {.name = "ping-interval",
     .argument = "TIME",
     .help = "ping when nothing was received for this long; 30s without it, off: never"},
    {.name = "eof",
     .argument = "half-close|close|wait",
     .help = "at the end of the input: half-close (send a FIN, and take what the server still "
             "sends), close, or wait (send nothing: the server ends the session); half-close "
             "without it"},
    {.name = "print-config",
     .help = "print the configuration as a file for wsluice --config, and exit"},
    {.name = "retry",
     .argument = "TIME",
     .help = "how long to retry a server that refuses, with growing delays; off without it"},
    {.name = "log-level",
     .argument = "debug|info|warn|error",
     .help = "what to log on standard error; info without it"},
};

static const struct tunnel_option options[] = {
    {"user", OPTIONS_WEBSOCKET, "user", NULL},
    {"subprotocol", OPTIONS_WEBSOCKET, "subprotocols", NULL},
    {"origin", OPTIONS_WEBSOCKET, "origin", NULL},
    {"host", OPTIONS_WEBSOCKET, "host", NULL},
    {"eof", OPTIONS_WEBSOCKET, "eof", NULL},
    {"connect-to", OPTIONS_TARGET, "connect_to", NULL},
    {"ca", OPTIONS_TARGET, "ca", NULL},
    {"server-name", OPTIONS_TARGET, "server_name", NULL},
    {"pin", OPTIONS_TARGET, "pins", NULL},
    {"insecure", OPTIONS_TARGET, "insecure", "true"},
    {"cert", OPTIONS_TARGET, "certificate", NULL},
    {"key", OPTIONS_TARGET, "key", NULL},
    {"ipv4", OPTIONS_TARGET, "family", "ipv4"},
    {"ipv6", OPTIONS_TARGET, "family", "ipv6"},
    {"connect-timeout", OPTIONS_ROUTE, "connect_timeout", NULL},
    {"ping-interval", OPTIONS_ROUTE, "ping_interval", NULL},
    {"retry", OPTIONS_ROUTE, "connect_retry", NULL},
    {"log-level", OPTIONS_LOG, "level", NULL},
};

const struct tunnel_option *tunnel_option_find(const char *flag)
{
    for (size_t i = 0; i < WSL_COUNT(options); i++)
        if (strcmp(options[i].flag, flag) == 0)
            return &options[i];
    return NULL;
}

const char *tunnel_option_name(const struct option_ref *option)
{
    static const struct {
        enum options_section section;
        const char *key, *name;
    } names[] = {
        {OPTIONS_TARGET, "address", "URL"},
        {OPTIONS_TARGET, "connect_to", "--connect-to"},
        {OPTIONS_TARGET, "family", "--ipv4 and --ipv6"},
        {OPTIONS_TARGET, "proxy", "--proxy"},
        {OPTIONS_TARGET, "server_name", "--server-name"},
        {OPTIONS_TARGET, "ca", "--ca"},
        {OPTIONS_TARGET, "certificate", "--cert"},
        {OPTIONS_TARGET, "key", "--key"},
        {OPTIONS_TARGET, "insecure", "--insecure"},
        {OPTIONS_TARGET, "pins", "--pin"},
        {OPTIONS_WEBSOCKET, "user", "--user"},
        {OPTIONS_WEBSOCKET, "password", "--password-file"},
        {OPTIONS_WEBSOCKET, "bearer", "--bearer-file"},
        {OPTIONS_WEBSOCKET, "headers", "--header"},
        {OPTIONS_LISTENER, "address", "PORT"},
    };
    for (size_t i = 0; option->key && i < WSL_COUNT(names); i++)
        if (names[i].section == option->section && strcmp(names[i].key, option->key) == 0)
            return names[i].name;
    return NULL;
}
