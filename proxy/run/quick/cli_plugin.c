#include "run/quick/cli_plugin.h"

#include <string.h>

#include "base/base.h"

static const char token_plugin[] = "token-plugin", token_source[] = "token-source";
static const char host_token[] = "host-token", target_config[] = "target-config";

bool cli_plugin_has_tokens(const struct cli_line *line)
{
    return cli_scan_has(&line->args.scan, token_plugin) ||
           cli_scan_has(&line->args.scan, token_source) ||
           cli_scan_has(&line->args.scan, host_token) ||
           cli_scan_has(&line->args.scan, target_config);
}

void cli_plugin_check(struct cli_line *line)
{
    bool plugin = cli_scan_has(&line->args.scan, token_plugin),
         config = cli_scan_has(&line->args.scan, target_config);
    if (plugin && !config && !cli_scan_has(&line->args.scan, token_source))
        cli_line_usage_error(line, NULL, "You must use --token-source to use --token-plugin",
                             "name a file or a folder with it");
    if (plugin || config)
        return;
    if (cli_scan_has(&line->args.scan, "permit"))
        cli_line_usage_error(line, NULL, "You must use --token-plugin to use --permit",
                             "add --token-plugin TokenFile --token-source FILE");
    if (cli_scan_has(&line->args.scan, token_source))
        cli_line_usage_error(line, NULL, "You must use --token-plugin to use --token-source",
                             "add --token-plugin TokenFile");
    if (cli_scan_has(&line->args.scan, host_token))
        cli_line_usage_error(line, NULL, "You must use --token-plugin to use --host-token",
                             "add --token-plugin TokenFile --token-source FILE");
}

bool cli_plugin_is_token_plugin(const struct cli_assignment *assignment)
{
    return strcmp(assignment->flag.flag->name, token_plugin) == 0;
}

bool cli_plugin_is_token_source(const struct cli_assignment *assignment)
{
    const char *name = assignment->flag.flag->name;
    return strcmp(name, token_source) == 0 || strcmp(name, target_config) == 0;
}

static void check_auth(struct cli_line *line)
{
    const struct cli_args *args = &line->args;
    if (!args->auth_plugin && args->auth_source)
        cli_line_usage_error(line, NULL, "You must use --auth-plugin to use --auth-source", NULL);
    if (!args->auth_plugin && args->web_auth)
        cli_line_usage_error(line, NULL, "You must use --auth-plugin to use --web-auth", NULL);
    if (!args->auth_plugin)
        return;
    if (args->web_auth && !cli_scan_has(&line->args.scan, "web"))
        cli_line_usage_error(line, NULL, "You must use --web to use --web-auth", NULL);
    else if (args->file)
        cli_line_usage_error(line, "--auth-plugin", "has no effect with --config",
                             "write auth: in the routes of the file");
}

void cli_plugin_check_process(struct cli_line *line)
{
    check_auth(line);
    if (cli_scan_has(&line->args.scan, "legacy-syslog") &&
        !cli_scan_has(&line->args.scan, "syslog") && !line->args.file)
        cli_line_usage_error(line, NULL, "You must use --syslog to use --legacy-syslog", NULL);
    if (line->args.libserver)
        diag_add(&line->diag, DIAG_WARNING, config_place_none, "--libserver", NULL,
                 "has no effect: there is one engine");
}
