#include "run/cli/cli_about.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "run/cli/call/cli_call.h"
#include "run/help/cli_completion.h"
#include "run/help/cli_help.h"
#include "run/help/cli_manual.h"
#include "run/help/cli_reasons.h"
#include "run/help/terminal.h"

extern char **environ;

/* ---- help ---- */

static int run_help(const struct cli_call *call)
{
    const char *word = cli_call_operand(call, 0);
    if (!word) {
        cli_help_page(call->list, false, call->out);
        return EXIT_SUCCESS;
    }
    const struct cli_command *command = cli_command_find(call->list, word);
    if (command) {
        cli_help_command(command, call->out);
        return EXIT_SUCCESS;
    }
    if (cli_reasons_explain(word, call->out))
        return EXIT_SUCCESS;
    char message[120];
    command = cli_command_nearest(call->list, word);
    if (command)
        snprintf(message, sizeof(message), "unknown command; did you mean 'wsluice help %s'?",
                 command->name);
    else
        snprintf(message, sizeof(message),
                 "neither a command nor a reason; for an option of the configuration "
                 "file, see wsluice help-config");
    return cli_call_wrong_usage(call, word, message);
}

const struct cli_command cli_about_help = {
    .name = "help",
    .operands = "[COMMAND|REASON]",
    .operands_max = 1,
    .operand = CLI_OPERAND_COMMAND,
    .help = "explain all options, a command, or a reason in the log",
    .details = "Explains all options; or a command; or a reason in the log, such as\n"
               "target_refused: what happened, what clients get, and what to do.\n",
    .run = run_help,
};

/* ---- version ---- */

static int run_version(const struct cli_call *call)
{
    cli_help_version(call->out);
    return EXIT_SUCCESS;
}

const struct cli_command cli_about_version = {
    .name = "version",
    .operands = "",
    .help = "print the version",
    .run = run_version,
};

/* ---- man ---- */

/* Runs "man -l -" with the page as its input. False: it is not there, or does not know this. */
static bool run_viewer(FILE *page)
{
    char *words[] = {(char[]){"man"}, (char[]){"-l"}, (char[]){"-"}, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    bool started = posix_spawn_file_actions_adddup2(&actions, fileno(page), STDIN_FILENO) == 0 &&
                   posix_spawnp(&pid, words[0], &actions, NULL, words, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    if (!started)
        return false;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool show_in_viewer(const struct cli_command_list *list)
{
    FILE *page = tmpfile();
    if (!page)
        return false;
    cli_manual_print(list, page);
    bool shown = fflush(page) == 0 && fseek(page, 0, SEEK_SET) == 0 && run_viewer(page);
    fclose(page);
    return shown;
}

static int run_man(const struct cli_call *call)
{
    if (!terminal_is_output(call->out) || !show_in_viewer(call->list))
        cli_manual_print(call->list, call->out);
    return EXIT_SUCCESS;
}

const struct cli_command cli_about_man = {
    .name = "man",
    .operands = "",
    .help = "show the manual page; print its source if the output is no terminal",
    .run = run_man,
};

/* ---- completion ---- */

static int run_completion(const struct cli_call *call)
{
    const char *shell = cli_call_operand(call, 0);
    if (cli_completion_print(call->list, shell, call->out))
        return EXIT_SUCCESS;
    return cli_call_wrong_usage(call, shell, "unknown shell; write bash, zsh or fish");
}

const struct cli_command cli_about_completion = {
    .name = "completion",
    .operands = "bash|zsh|fish",
    .operands_min = 1,
    .operands_max = 1,
    .operand = CLI_OPERAND_CHOICE,
    .help = "print a completion script for a shell",
    .details = "Prints a script that completes commands and options. To use it in this shell:\n"
               "\n"
               "  bash   source <(wsluice completion bash)\n"
               "  zsh    wsluice completion zsh >~/.zfunc/_wsluice    # a folder of $fpath\n"
               "  fish   wsluice completion fish | source\n",
    .run = run_completion,
};
