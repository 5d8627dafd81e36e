#include "run/cli_plugin.h"

#include <string.h>

#include "base/base.h"

static const struct diag_where where = {NULL, 0, 0};
static const char token_plugin[] = "token-plugin", token_source[] = "token-source";
static const char host_token[] = "host-token", target_config[] = "target-config";

static bool given(const struct cli_line *line, const char *flag)
{
    for (size_t i = 0; i < line->scan.assignment_count; i++)
        if (strcmp(line->scan.assignments[i].flag.flag->name, flag) == 0)
            return true;
    return false;
}

bool cli_plugin_has_tokens(const struct cli_line *line)
{
    return given(line, token_plugin) || given(line, token_source) || given(line, host_token) ||
           given(line, target_config);
}

void cli_plugin_check(struct cli_line *line)
{
    bool plugin = given(line, token_plugin), config = given(line, target_config);
    if (plugin && !config && !given(line, token_source))
        cli_line_usage_error(line, NULL, "You must use --token-source to use --token-plugin",
                             "name a file or a folder with it");
    if (plugin || config)
        return;
    if (given(line, token_source))
        cli_line_usage_error(line, NULL, "You must use --token-plugin to use --token-source",
                             "add --token-plugin TokenFile");
    if (given(line, host_token))
        cli_line_usage_error(line, NULL, "You must use --token-plugin to use --host-token",
                             "add --token-plugin TokenFile --token-source FILE");
}

/* What websockify has and we do not. */
static bool is_known_elsewhere(const char *class)
{
    static const char *const classes[] = {
        "BaseTokenAPI", "JSONTokenApi", "JWTTokenApi", "TokenRedis", "UnixDomainSocketDirectory",
    };
    for (size_t i = 0; i < WSL_COUNT(classes); i++)
        if (strcmp(class, classes[i]) == 0)
            return true;
    return false;
}

bool cli_plugin_refuse(struct cli_line *line, const struct cli_assignment *assignment)
{
    const char *class = assignment->argument;
    if (strcmp(assignment->flag.flag->name, token_plugin) != 0 || !class)
        return false;
    const char *why = "there is no such class";
    if (strchr(class, '.'))
        why = "Python classes cannot be loaded";
    else if (is_known_elsewhere(class))
        why = "this class of websockify's is not supported yet";
    diag_add(&line->diag, DIAG_ERROR, where, "--token-plugin",
             "use TokenFile, ReadOnlyTokenFile or TokenFileName", "%s: '%s'", why, class);
    return true;
}
