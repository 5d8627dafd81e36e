#include "run/cli/cli_commands.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/base.h"
#include "run/args/cli_scan.h"
#include "run/cli/call/cli_call.h"
#include "run/cli/call/cli_report.h"
#include "run/cli/cli_about.h"
#include "run/cli/cli_admin.h"
#include "run/cli/cli_change.h"
#include "run/cli/cli_check.h"
#include "run/cli/cli_file.h"
#include "run/cli/cli_passwd.h"
#include "run/cli/cli_ticket.h"
#include "run/cli/tunnel/cli_tunnel.h"
#include "run/help/cli_help.h"

/* A word of the command line that serves, with all of its options. */
static const struct cli_command demo = {
    .name = "demo",
    .operands = "[[HOST:]PORT [SSHD_HOST:PORT]]",
    .operands_max = 2,
    .help = "serve a built-in echo, and a page that shows it",
    .details = "Starts the bridge with a built-in echo as its target, and a page that shows\n"
               "it at work: open http://localhost:6080 in a browser. PORT is 6080 if none is\n"
               "given. The options of wsluice --help apply as well, such as --cert=FILE.\n"
               "\n"
               "With --web=FOLDER, where contrib/ssh/build.sh has made SSH in a tab, the page\n"
               "links to it, for browsers on this machine. Its sshd is localhost:22 unless\n"
               "another is given.\n",
};

static const struct cli_command *const commands[] = {
    &demo,
    &cli_tunnel_connect,
    &cli_tunnel_forward,
    &cli_check_file,
    &cli_change_reload,
    &cli_change_upgrade,
    &cli_admin_status,
    &cli_admin_kill,
    &cli_check_health,
    &cli_ticket_command,
    &cli_passwd_command,
    &cli_file_help,
    &cli_file_schema,
    &cli_about_help,
    &cli_about_man,
    &cli_about_completion,
    &cli_about_version,
};

static const struct cli_command_list list = {commands, WSL_COUNT(commands)};

const struct cli_command_list *cli_commands_list(void)
{
    return &list;
}

static void operand_error(struct cli_scan *scan, const char *operand, const char *message)
{
    char remedy[64];
    snprintf(remedy, sizeof(remedy), "see wsluice %s --help", scan->command->name);
    scan->usage_error = true;
    diag_add(scan->diag, DIAG_ERROR, config_place_none, operand, remedy, "%s", message);
}

static void check_operands(struct cli_scan *scan)
{
    const struct cli_command *command = scan->command;
    char message[80];
    if (scan->unknown_flag) /* an operand may be its argument */
        return;
    snprintf(message, sizeof(message), "%s is missing", command->operands);
    if (scan->operand_count < command->operands_min)
        operand_error(scan, NULL, message);
    else if (scan->operand_count > command->operands_max)
        operand_error(scan, scan->operands[command->operands_max],
                      command->operands_max == 0 ? "takes no arguments" : "too many arguments");
}

static int run(const struct cli_call *call)
{
    const struct cli_scan *scan = call->scan;
    if (scan->help) {
        cli_help_command(call->command, call->out);
        return EXIT_SUCCESS;
    }
    if (scan->diag->errors == 0)
        return call->command->run(call);
    if (scan->usage_error)
        cli_help_synopsis(call->command, call->err);
    cli_report_findings(scan->diag, "wsluice", call->err);
    return scan->usage_error ? CLI_STATUS_USAGE : CLI_STATUS_FAILED;
}

/* Commands are letters and '-'; no port, address or file of a quick command line is. */
static bool is_word(const char *text)
{
    const char *p = text;
    while (ascii_is_letter(*p) || (*p == '-' && p > text))
        p++;
    return p > text && *p == '\0';
}

bool cli_commands_explain(const char *word, char *remedy, size_t size)
{
    const struct cli_command *command = is_word(word) ? cli_command_nearest(&list, word) : NULL;
    if (!command)
        return false;
    snprintf(remedy, size, "did you mean 'wsluice %s'?", command->name);
    return true;
}

/* "--check" for "check" */
static bool is_command_as_option(const char *word)
{
    struct cli_flag flag;
    char names[64];
    if (strncmp(word, "--", 2) != 0 || !cli_command_find(&list, word + 2))
        return false;
    return cli_flag_by_name(NULL, word + 2, strlen(word + 2), &flag, names, sizeof(names)) ==
           CLI_FLAG_UNKNOWN;
}

static bool refuse_unknown(const char *word, FILE *err, struct cli_result *result)
{
    char remedy[64];
    bool option = is_command_as_option(word);
    if (option)
        snprintf(remedy, sizeof(remedy), "did you mean 'wsluice %s'?", word + 2);
    else if (!cli_commands_explain(word, remedy, sizeof(remedy)))
        return false;
    fprintf(err, "usage: wsluice COMMAND [options] ...\nwsluice: error: %s: unknown %s; %s\n", word,
            option ? "option" : "command", remedy);
    *result = (struct cli_result){.action = CLI_EXIT, .exit_status = CLI_STATUS_USAGE};
    return true;
}

bool cli_commands_run(int argc, char **argv, FILE *out, FILE *err, struct cli_result *result)
{
    const struct cli_command *command = argc > 1 ? cli_command_find(&list, argv[1]) : NULL;
    struct diag diag;
    if (argc > 1 && !command)
        return refuse_unknown(argv[1], err, result);
    if (!command || !command->run)
        return false;
    diag_init(&diag);
    struct cli_scan scan = {.diag = &diag, .command = command};
    const struct cli_call call = {.command = command,
                                  .list = &list,
                                  .scan = &scan,
                                  .out = out,
                                  .err = err,
                                  .argc = argc - 2,
                                  .argv = argv + 2,
                                  .result = result};
    *result = (struct cli_result){.action = CLI_EXIT, .rebind = {.fd = -1}};
    if (cli_scan_words(&scan, argc - 2, argv + 2) && !scan.help)
        check_operands(&scan);
    result->exit_status = run(&call);
    cli_scan_free(&scan);
    diag_free(&diag);
    return true;
}
