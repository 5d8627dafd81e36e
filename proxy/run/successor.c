#include "run/successor.h"

#include <stdio.h>
#include <unistd.h>

#include "run/cli/cli.h"
#include "run/listeners/inherit.h"
#include "run/process/daemon.h"

void successor_parse(struct successor *successor, int argc, char **argv, struct cli_result *cli)
{
    char *text = NULL;
    size_t length;
    successor->error_fd = inherit_error_fd();
    FILE *err = successor->error_fd >= 0 ? open_memstream(&text, &length) : NULL;
    cli_parse(argc, argv, stdout, err ? err : stderr, cli);
    if (!err || fclose(err) != 0)
        return;
    fputs(text, stderr);
    if (cli->action == CLI_EXIT)
        inherit_tell(successor->error_fd, text);
    free(text);
}

bool successor_go_to_background(struct daemon *daemon, int keep, int *exit_status)
{
    if (!inherit_is_successor())
        return daemon_begin(daemon, keep, exit_status);
    daemon_resume(daemon);
    return true;
}

void successor_serves(struct successor *successor)
{
    if (successor->error_fd >= 0)
        close(successor->error_fd);
    successor->error_fd = -1;
}

void successor_failed(struct successor *successor, const char *program, const char *error)
{
    char line[1024];
    snprintf(line, sizeof(line), "%s: error: %s\n", program, error);
    fputs(line, stderr);
    inherit_tell(successor->error_fd, line);
    successor_serves(successor);
}
