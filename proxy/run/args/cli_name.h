/*
 * The name that the program was called by. As `websockify` it takes that program's place: no
 * subcommands, its defaults, its name in every message.
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: static.
 */
#ifndef WSLUICE_RUN_ARGS_CLI_NAME_H
#define WSLUICE_RUN_ARGS_CLI_NAME_H

#include <stdbool.h>

/*
 * argv[0]: "websockify", or "run" in a folder called websockify, as a checkout of websockify has it
 * (noVNC's utils/websockify/run).
 */
bool cli_name_is_websockify(const char *program);

/* For messages. */
const char *cli_name_of(bool websockify);

#endif
