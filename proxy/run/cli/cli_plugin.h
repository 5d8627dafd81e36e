/*
 * websockify's plugins on the command line: which of its classes there are, and which flags need
 * one.
 *
 * Owns: nothing. Thread: the main one. Errors: findings. Lifetime: none.
 */
#ifndef WSLUICE_RUN_CLI_CLI_PLUGIN_H
#define WSLUICE_RUN_CLI_CLI_PLUGIN_H

#include "run/cli/cli_line.h"

/* What concerns no target: authentication, the engine, syslog. For a file as well. */
void cli_plugin_check_process(struct cli_line *line);

/* Is there a flag that looks targets up by token? */
bool cli_plugin_has_tokens(const struct cli_line *line);

/* What is missing between those flags, in websockify's words. */
void cli_plugin_check(struct cli_line *line);

/*
 * A class that there is not: as with websockify no error of usage, so that it ends with another
 * status. False: the assignment is about something else.
 */
bool cli_plugin_refuse(struct cli_line *line, const struct cli_assignment *assignment);

#endif
