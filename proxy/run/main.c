/*
 * The program: parses the command line, goes to the background if asked, opens the log, binds,
 * serves, cleans up.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run/args/cli_name.h"
#include "run/connect/connect.h"
#include "run/listeners/inherit.h"
#include "run/process/daemon.h"
#include "run/process/process_setup.h"
#include "run/serving.h"
#include "run/successor.h"

#define ERROR_MAX 512

/* A start ends at the first error of the file. */
static void name_check(const char *file, const char *name, const char *error)
{
    size_t length = file ? strlen(file) : 0;
    if (file && !inherit_is_successor() && strncmp(error, file, length) == 0 &&
        error[length] == ':')
        fprintf(stderr, "%s: for all errors: wsluice check %s\n", name, file);
}

int main(int argc, char **argv)
{
    struct cli_result cli;
    struct daemon daemon;
    struct program program;
    struct successor successor;
    char error[ERROR_MAX] = "";
    int status = EXIT_SUCCESS;
    const unsigned closed = process_setup_fill_standard_descriptors();
    process_setup_widen_thread_pool();
    process_setup_leave_io_uring();
    if (!program_remember(&program, argv))
        return EXIT_FAILURE;
    successor_parse(&successor, argc, argv, &cli);
    daemon.name = cli_name_of(cli.websockify);
    if (cli.action == CLI_CONNECT)
        cli.exit_status = connect_run(cli.config, !(closed & 1U << STDOUT_FILENO));
    if (cli.action == CLI_EXIT || cli.action == CLI_CONNECT ||
        (cli.daemon && !successor_go_to_background(&daemon, cli.rebind.to ? cli.rebind.fd : -1,
                                                   &cli.exit_status))) {
        cli_result_free(&cli);
        program_free(&program);
        return cli.exit_status;
    }
    process_setup_tune_memory();
    bool served = serving_run(&cli, &program, &daemon, &successor, &status, error, sizeof(error));
    if (!served) {
        successor_failed(&successor, daemon.name, error);
        name_check(cli.file.path, daemon.name, error);
    }
    cli_result_free(&cli);
    program_free(&program);
    if (served)
        return status;
    if (cli.daemon)
        daemon_failed(&daemon, 1);
    return 1;
}
