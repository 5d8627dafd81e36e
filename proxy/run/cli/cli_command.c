#include "run/cli/cli_command.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "config/load.h"
#include "config/model/diag.h"
#include "config/print/json_schema.h"
#include "config/print/reference.h"
#include "run/cli/cli_report.h"
#include "run/cli/cli_status.h"
#include "run/help/cli_completion.h"
#include "run/help/cli_manual.h"
#include "run/process/pid_file.h"

struct command {
    int argc; /* of what follows the command's word */
    char **argv;
    FILE *out, *err;
    struct cli_result *result;
};

static const char check_usage[] = "usage: wsluice check [--connect] FILE\n"
                                  "\n"
                                  "Says all that is wrong with a file. With --connect it reads "
                                  "certificates, folders and files of\n"
                                  "tokens as well, and connects to the targets.\n";
static const char help_usage[] = "usage: wsluice help-config [PATH]\n"
                                 "       wsluice help-config --markdown\n"
                                 "       wsluice help-config --man\n"
                                 "       wsluice help-config --completion=bash|zsh|fish\n";
static const char reload_usage[] =
    "usage: wsluice reload FILE\n"
    "\n"
    "Checks a file, and has the process that its pid_file names read it again.\n";
static const char schema_usage[] = "usage: wsluice schema\n";

static void wrong_usage(const struct command *command, const char *usage, const char *message,
                        const char *what)
{
    fputs(usage, command->err);
    fprintf(command->err, "wsluice: error: %s%s%s\n", what, *what ? ": " : "", message);
    command->result->exit_status = CLI_STATUS_USAGE;
}

static bool asks_for_help(const struct command *command)
{
    return command->argc > 0 &&
           (strcmp(command->argv[0], "--help") == 0 || strcmp(command->argv[0], "-h") == 0);
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void check_file(const struct command *command, const char *path, bool connect)
{
    struct cli_result *result = command->result;
    struct diag diag;
    diag_init(&diag);
    const struct config *config = load_config(&(struct load_request){.path = path}, &diag);
    size_t warnings = diag.count + diag.lost - diag.errors;
    cli_report_findings(&diag, "wsluice", command->err);
    if (!config) {
        fprintf(command->err, "wsluice: %s: %zu error%s, %zu warning%s\n", path, diag.errors,
                plural(diag.errors), warnings, plural(warnings));
        result->exit_status = CLI_STATUS_CANNOT;
    } else if (connect) {
        result->action = CLI_CHECK;
        result->config = config_retain(config);
    } else {
        size_t listeners = config->listener_count - config->own_listeners;
        size_t routes = config->route_count - config->own_routes;
        fprintf(command->out, "%s: ok: %zu listener%s, %zu route%s\n", path, listeners,
                plural(listeners), routes, plural(routes));
    }
    config_release(config);
    diag_free(&diag);
}

static void run_check(const struct command *command)
{
    const char *path = NULL;
    bool connect = false;
    for (int i = 0; i < command->argc; i++) {
        char *word = command->argv[i];
        if (strcmp(word, "--connect") == 0) {
            connect = true;
        } else if (word[0] == '-' && word[1] != '\0') {
            wrong_usage(command, check_usage, "unknown option", word);
            return;
        } else if (path) {
            wrong_usage(command, check_usage, "one file at a time", word);
            return;
        } else {
            path = word;
        }
    }
    if (path)
        check_file(command, path, connect);
    else
        wrong_usage(command, check_usage, "which file?", "");
}

static bool tell_to_reload(const struct command *command, const struct config *config)
{
    pid_t pid;
    char error[256] = "it has no pid_file; add one, or send SIGHUP to the process";
    bool told =
        config->pid_file && pid_file_signal(config->pid_file, SIGHUP, &pid, error, sizeof(error));
    if (told)
        fprintf(command->out, "process %ld reads it again; its log says how that went\n",
                (long)pid);
    else
        fprintf(command->err, "wsluice: error: %s: %s\n", config->file, error);
    return told;
}

/* A bad file would change nothing, but whoever asks wants to hear of it here and now. */
static void run_reload(const struct command *command)
{
    struct diag diag;
    if (command->argc != 1) {
        wrong_usage(command, reload_usage, "one file", "");
        return;
    }
    diag_init(&diag);
    const struct config *config =
        load_config(&(struct load_request){.path = command->argv[0]}, &diag);
    cli_report_findings(&diag, "wsluice", command->err);
    if (!config || !tell_to_reload(command, config))
        command->result->exit_status = CLI_STATUS_CANNOT;
    config_release(config);
    diag_free(&diag);
}

/* Pages for other programs, made when wsluice is built. False: the argument names none. */
static bool print_page(const struct command *command)
{
    static const char completion[] = "--completion=";
    const char *page = command->argv[0];
    if (strcmp(page, "--markdown") == 0)
        reference_markdown(command->out);
    else if (strcmp(page, "--man") == 0)
        cli_manual_print(command->out);
    else if (strncmp(page, completion, strlen(completion)) == 0)
        return cli_completion_print(page + strlen(completion), command->out);
    else
        return false;
    return true;
}

static void run_help(const struct command *command)
{
    const char *nearest;
    char message[120];
    if (command->argc == 0) {
        reference_overview(command->out);
    } else if (command->argc > 1) {
        wrong_usage(command, help_usage, "one path at a time", command->argv[1]);
    } else if (!print_page(command) && !reference_print(command->argv[0], command->out, &nearest)) {
        snprintf(message, sizeof(message), "there is no such option%s%s%s",
                 nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
        wrong_usage(command, help_usage, message, command->argv[0]);
    }
}

static void run_status(const struct command *command)
{
    command->result->exit_status =
        cli_status_show(command->argc, command->argv, command->out, command->err);
}

static void run_kill(const struct command *command)
{
    command->result->exit_status =
        cli_status_kill(command->argc, command->argv, command->out, command->err);
}

static void run_health(const struct command *command)
{
    command->result->exit_status =
        cli_status_health(command->argc, command->argv, command->out, command->err);
}

static void run_schema(const struct command *command)
{
    if (command->argc > 0) {
        wrong_usage(command, schema_usage, "takes no arguments", command->argv[0]);
    } else if (!json_schema_print(command->out)) {
        fputs("wsluice: error: out of memory\n", command->err);
        command->result->exit_status = CLI_STATUS_CANNOT;
    }
}

bool cli_command_parse(int argc, char **argv, FILE *out, FILE *err, struct cli_result *result)
{
    static const struct {
        const char *word, *usage;
        void (*run)(const struct command *command);
    } commands[] = {
        {"check", check_usage, run_check},        {"health", cli_status_health_usage, run_health},
        {"help-config", help_usage, run_help},    {"kill", cli_status_kill_usage, run_kill},
        {"reload", reload_usage, run_reload},     {"schema", schema_usage, run_schema},
        {"status", cli_status_usage, run_status},
    };
    for (size_t i = 0; argc > 1 && i < WSL_COUNT(commands); i++) {
        if (strcmp(argv[1], commands[i].word) != 0)
            continue;
        const struct command command = {argc - 2, argv + 2, out, err, result};
        *result = (struct cli_result){.action = CLI_EXIT, .exit_status = EXIT_SUCCESS};
        if (asks_for_help(&command))
            fputs(commands[i].usage, out);
        else
            commands[i].run(&command);
        return true;
    }
    return false;
}
