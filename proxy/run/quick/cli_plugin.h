/*
 * websockify's plugins on the command line: the classes that exist, and the flags that need one.
 *
 * Owns: nothing. Thread: the main one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_RUN_QUICK_CLI_PLUGIN_H
#define WSLUICE_RUN_QUICK_CLI_PLUGIN_H

#include "run/quick/cli_line.h"

/* Flags that concern no target: authentication, the engine, syslog. With --config as well. */
void cli_plugin_check_process(struct cli_line *line);

/* Is there a flag that looks targets up by token? */
bool cli_plugin_has_tokens(const struct cli_line *line);

/* Reports flags that lack another one, in websockify's words. */
void cli_plugin_check(struct cli_line *line);

bool cli_plugin_is_token_plugin(const struct cli_assignment *assignment);

/* Without the module of websockify that holds it: "websockify.token_plugins.TokenFile". */
const char *cli_plugin_short_name(const char *class);

/*
 * Reports a class that does not exist: as with websockify no error of usage, so that the exit
 * status is CLI_STATUS_FAILED. False: the assignment is no plugin.
 */
bool cli_plugin_refuse(struct cli_line *line, const struct cli_assignment *assignment);

#endif
