/*
 * wsluice: parse, go to the background if asked, open the log, bind, serve, clean up.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/base.h"
#include "base/log.h"
#include "run/cli.h"
#include "run/daemon.h"
#include "run/demo.h"
#include "run/machine.h"
#include "run/supervisor.h"

#define ERROR_MAX 512

static bool open_log(const struct config_log *config, char *error)
{
    static const enum reason_level levels[] = {
        [CONFIG_LOG_DEBUG] = REASON_DEBUG,
        [CONFIG_LOG_INFO] = REASON_INFO,
        [CONFIG_LOG_WARN] = REASON_WARN,
        [CONFIG_LOG_ERROR] = REASON_ERROR,
    };
    int fd = STDERR_FILENO;
    if (config->file)
        fd = open(config->file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0) {
        snprintf(error, ERROR_MAX,
                 "cannot write the log file %s: %s; choose another with "
                 "--log-file",
                 config->file, strerror(errno));
        return false;
    }
    log_setup(fd, levels[config->level], config->format == CONFIG_LOG_JSON);
    return true;
}

static bool serve(const struct cli_result *cli, struct daemon *daemon, char *error)
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
    struct supervisor *supervisor = supervisor_create(cli->config, error, ERROR_MAX);
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
    if (cli.action == CLI_EXIT)
        return cli.exit_status;
    if (cli.daemon && !daemon_begin(&daemon, &cli.exit_status)) {
        config_release(cli.config);
        return cli.exit_status;
    }
    machine_tune_memory();
    machine_widen_thread_pool();
    bool served = serve(&cli, &daemon, error);
    config_release(cli.config);
    if (served)
        return 0;
    fprintf(stderr, "wsluice: error: %s\n", error);
    if (cli.daemon)
        daemon_failed(&daemon, 1);
    return 1;
}
