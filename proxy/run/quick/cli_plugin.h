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

/* --token-source, or --target-config. */
bool cli_plugin_is_token_source(const struct cli_assignment *assignment);

#endif
