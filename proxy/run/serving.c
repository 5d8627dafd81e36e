#include "run/serving.h"

#include <signal.h>
#include <unistd.h>

#include "base/log/log.h"
#include "run/args/cli_name.h"
#include "run/demo.h"
#include "run/listeners/inherit.h"
#include "run/quick/websockify_lines.h"
#include "run/supervisor/logging.h"
#include "run/supervisor/supervisor.h"

static const struct config *load_again(const void *owner, struct diag *diag)
{
    return load_config(owner, diag);
}

/* NULL: nothing of the command line can be read again. */
static supervisor_load *loader_of(const struct cli_result *cli)
{
    return cli->again ? cli->again : cli->file.path ? load_again : NULL;
}

/* Called websockify it prints what that program prints. A successor prints nothing. */
static bool prints_lines(const struct cli_result *cli)
{
    return cli->websockify && !cli->file.path && !inherit_is_successor();
}

bool serving_run(const struct cli_result *cli, const struct program *program, struct daemon *daemon,
                 struct successor *successor, int *status, char *error, size_t error_size)
{
    struct demo *demo = NULL;
    const bool lines = prints_lines(cli);
    signal(SIGPIPE, SIG_IGN);
    if (!logging_open(cli->config, cli_name_of(cli->websockify), error, error_size))
        return false;
    if (lines)
        websockify_lines_print_settings(cli->config, program->directory, cli->daemon);
    if (cli->action == CLI_DEMO) {
        demo = demo_start(&cli->config->routes[0].targets[0].address, error, error_size);
        if (!demo)
            return false;
    }
    bool at_rest = true;
    struct supervisor_options options = {
        .config = cli->config,
        .program = program,
        .load = loader_of(cli),
        .owner = cli->again ? (const void *)&cli->memory : &cli->file,
        .demo = cli->action == CLI_DEMO,
        .name = cli_name_of(cli->websockify),
        .rebind = &cli->rebind,
        .daemon = cli->daemon,
        .announced = lines,
    };
    struct supervisor *supervisor = supervisor_create(&options, error, error_size);
    if (supervisor) {
        if (lines)
            websockify_lines_print_proxying(cli->config);
        if (cli->daemon)
            daemon_ready(daemon);
        successor_serves(successor);
        *status = supervisor_run(supervisor);
        if (cli->websockify)
            *status = EXIT_SUCCESS; /* as websockify, also if the command fails */
        at_rest = supervisor_free(supervisor);
    }
    demo_stop(demo);
    log_stop();
    if (!at_rest)
        _exit(*status);
    return supervisor != NULL;
}
