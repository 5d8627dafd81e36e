/*
 * The program: parses the command line, goes to the background if asked, opens the log, binds,
 * serves, cleans up.
 */
#include <unistd.h>

#include "base/log/log.h"
#include "run/cli/cli.h"
#include "run/demo.h"
#include "run/listeners/inherit.h"
#include "run/process/daemon.h"
#include "run/process/process_setup.h"
#include "run/supervisor/logging.h"
#include "run/supervisor/supervisor.h"

#define ERROR_MAX 512

static const struct config *load_again(const void *owner, struct diag *diag)
{
    return load_config(owner, diag);
}

static bool serve(const struct cli_result *cli, const struct program *program,
                  struct daemon *daemon, int *status, char *error)
{
    struct demo *demo = NULL;
    if (!logging_open(cli->config, error, ERROR_MAX))
        return false;
    if (cli->action == CLI_DEMO) {
        demo = demo_start(&cli->config->routes[0].targets[0].address, error, ERROR_MAX);
        if (!demo)
            return false;
    }
    bool at_rest = true;
    struct supervisor_options options = {
        .config = cli->config,
        .program = program,
        .load = cli->file.path ? load_again : NULL,
        .owner = &cli->file,
        .demo = cli->action == CLI_DEMO,
        .rebind = &cli->rebind,
        .daemon = cli->daemon,
    };
    struct supervisor *supervisor = supervisor_create(&options, error, ERROR_MAX);
    if (supervisor) {
        if (cli->daemon)
            daemon_ready(daemon);
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

static bool go_to_background(struct daemon *daemon, int keep, int *exit_status)
{
    if (!inherit_is_successor())
        return daemon_begin(daemon, keep, exit_status);
    daemon_resume(daemon);
    return true;
}

int main(int argc, char **argv)
{
    struct cli_result cli;
    struct daemon daemon;
    struct program program;
    char error[ERROR_MAX] = "";
    int status = EXIT_SUCCESS;
    process_setup_fill_standard_descriptors();
    process_setup_widen_thread_pool();
    if (!program_remember(&program, argv))
        return EXIT_FAILURE;
    cli_parse(argc, argv, stdout, stderr, &cli);
    if (cli.action == CLI_EXIT ||
        (cli.daemon &&
         !go_to_background(&daemon, cli.rebind.to ? cli.rebind.fd : -1, &cli.exit_status))) {
        cli_result_free(&cli);
        program_free(&program);
        return cli.exit_status;
    }
    process_setup_tune_memory();
    bool served = serve(&cli, &program, &daemon, &status, error);
    cli_result_free(&cli);
    program_free(&program);
    if (served)
        return status;
    fprintf(stderr, "wsluice: error: %s\n", error);
    if (cli.daemon)
        daemon_failed(&daemon, 1);
    return 1;
}
