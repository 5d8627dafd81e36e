/*
 * The credentials of a command line that opens tunnels: read from a file, the environment or a
 * program, never from an argument.
 *
 * Owns: the texts, until tunnel_secret_free, which wipes them. Thread: one; a program blocks it.
 * Errors: findings. Lifetime: tunnel_secret_read to tunnel_secret_free.
 */
#ifndef WSLUICE_RUN_CLI_TUNNEL_TUNNEL_SECRET_H
#define WSLUICE_RUN_CLI_TUNNEL_TUNNEL_SECRET_H

#include "config/model/config.h"
#include "run/args/cli_scan.h"

struct tunnel_secret {
    char *text;                       /* NULL: none is given */
    const char *option;               /* that names its source: "--bearer-file" */
    enum config_secret_source origin; /* and where it is, for config_note_secret_source */
    char *reference;
    bool is_password; /* of --user; else a bearer token */
    bool usage;       /* the options are at fault, not a file or a program */
};

/* False: there are findings. `folder`: the current directory, with '/' at its end. */
WSL_MUST_CHECK bool tunnel_secret_read(struct tunnel_secret *secret, const struct cli_scan *scan,
                                       const char *folder);
void tunnel_secret_free(struct tunnel_secret *secret);

/* A file of the command line, without the newline at its end. NULL: there is a finding. */
char *tunnel_secret_read_file(const struct cli_scan *scan, const char *option, const char *path);

#endif
