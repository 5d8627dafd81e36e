/*
 * wsluice: parse, go to the background if asked, open the log, bind, serve, clean up.
 */
#include <unistd.h>

#include "base/base.h"
#include "base/log.h"
#include "run/cli.h"
#include "run/daemon.h"
#include "run/demo.h"
#include "run/machine.h"
#include "run/supervisor.h"
#include "serve/survey.h"

#define ERROR_MAX 512

/* Both enums are written down in the same order; the table of options has the words. */
static enum reason_level level_of(enum config_log_level level)
{
    static const enum reason_level levels[] = {
        [CONFIG_LOG_DEBUG] = REASON_DEBUG,
        [CONFIG_LOG_INFO] = REASON_INFO,
        [CONFIG_LOG_WARN] = REASON_WARN,
        [CONFIG_LOG_ERROR] = REASON_ERROR,
    };
    return levels[level];
}

static bool open_log(const struct config_log *config, char *error)
{
    static const enum log_target targets[] = {
        [CONFIG_LOG_STDERR] = LOG_STDERR,
        [CONFIG_LOG_FILE] = LOG_FILE,
        [CONFIG_LOG_SYSLOG] = LOG_SYSLOG,
    };
    struct log_options options = {
        .lowest = level_of(config->level),
        .json = config->format == CONFIG_LOG_JSON,
        /* The command line names a file and no target. */
        .target = config->file ? LOG_FILE : targets[config->target],
        .file = config->file,
        .syslog = {.address = config->syslog, .ident = "wsluice"},
    };
    return log_open(&options, error, ERROR_MAX);
}

static bool serve(const struct cli_result *cli, char **argv, struct daemon *daemon, char *error)
{
    struct demo *demo = NULL;
    if (!open_log(&cli->config->log, error))
        return false;
    if (cli->action == CLI_DEMO) {
        demo = demo_start(&cli->config->routes[0].targets[0].address, error, ERROR_MAX);
        if (!demo)
            return false;
    }
    bool at_rest = true;
    struct supervisor_options options = {
        .config = cli->config,
        .argv = argv,
        .demo = cli->action == CLI_DEMO,
    };
    struct supervisor *supervisor = supervisor_create(&options, error, ERROR_MAX);
    if (supervisor) {
        if (cli->daemon)
            daemon_ready(daemon);
        supervisor_run(supervisor);
        at_rest = supervisor_free(supervisor);
    }
    demo_stop(demo);
    if (!at_rest)
        _exit(EXIT_SUCCESS);
    return supervisor != NULL;
}

int main(int argc, char **argv)
{
    struct cli_result cli;
    struct daemon daemon;
    char error[ERROR_MAX] = "";
    machine_fill_standard_descriptors();
    cli_parse(argc, argv, stdout, stderr, &cli);
    if (cli.action == CLI_CHECK)
        cli.exit_status = survey_run(cli.config, stdout) ? 0 : 1;
    if (cli.action == CLI_EXIT || cli.action == CLI_CHECK ||
        (cli.daemon && !daemon_begin(&daemon, &cli.exit_status))) {
        cli_result_free(&cli);
        return cli.exit_status;
    }
    machine_tune_memory();
    machine_widen_thread_pool();
    bool served = serve(&cli, argv, &daemon, error);
    cli_result_free(&cli);
    if (served)
        return 0;
    fprintf(stderr, "wsluice: error: %s\n", error);
    if (cli.daemon)
        daemon_failed(&daemon, 1);
    return 1;
}
