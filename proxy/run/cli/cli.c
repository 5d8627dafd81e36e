#include "run/cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "config/model/redis_url.h"
#include "config/options/options.h"
#include "config/print/dump.h"
#include "run/args/cli_environment.h"
#include "run/args/cli_name.h"
#include "run/cli/call/cli_report.h"
#include "run/cli/cli_commands.h"
#include "run/help/cli_help.h"
#include "run/quick/cli_line.h"
#include "run/quick/cli_plugin.h"
#include "run/quick/cli_quick.h"
#include "run/quick/token_class.h"

struct cli {
    struct cli_line line;
    const struct config *config; /* of the quick command line */
    const struct config *loaded; /* from the file, instead */
    struct cli_memory memory;    /* of --config */
};

/* ---- a file ---- */

static void add_override(struct cli *cli, const struct cli_assignment *assignment)
{
    const struct options_row *row = assignment->flag.row;
    const struct options_flag *flag = assignment->flag.flag;
    const char *argument = assignment->argument ? assignment->argument : flag->sets;
    struct value value;
    char why[128];
    if (!cli_flag_is_of_process(&assignment->flag)) {
        char option[64];
        snprintf(option, sizeof(option), "--%s", flag->name);
        cli_line_usage_error(&cli->line, option,
                             "belongs to listeners or routes, which are in the file",
                             "write it there");
        return;
    }
    if (value_parse(&row->value, argument, &value, why, sizeof(why)) != VALUE_OK) {
        cli_line_bad_value(&cli->line, assignment, argument, why);
        return;
    }
    struct cli_memory *memory = &cli->memory;
    char *text = cli_line_absolute(&cli->line, row, argument);
    if (!text) {
        cli_line_out_of_memory(&cli->line);
        return;
    }
    memory->texts[memory->count] = text;
    memory->overrides[memory->count++] = (struct load_override){row, text};
}

static struct load_request request_of(const struct cli *cli)
{
    return (struct load_request){.path = cli->memory.path,
                                 .overrides = cli->memory.overrides,
                                 .override_count = cli->memory.count};
}

/* Loads the file, in a way that a daemon can repeat: with an absolute path. */
static void load_file(struct cli *cli)
{
    if (!cli_line_note_directory(&cli->line))
        return;
    if (*cli->line.args.file == '\0')
        cli_line_usage_error(&cli->line, "--config", "the file name is empty", NULL);
    if (cli->line.args.scan.operand_count > 0 || cli->line.args.demo)
        cli_line_usage_error(&cli->line, NULL, "Too many arguments",
                             "the addresses are in the file of --config");
    if (cli->line.args.scan.rest)
        cli_line_usage_error(&cli->line, "--", "the command is in the file of --config, too",
                             "write command: {words: [...]} there");
    bool keep_path = !cli->line.args.daemon || *cli->line.args.file == '/';
    struct cli_memory *memory = &cli->memory;
    if (asprintf(&memory->path, "%s%s%s", keep_path ? "" : cli->line.directory,
                 keep_path ? "" : "/", cli->line.args.file) < 0)
        memory->path = NULL;
    memory->overrides =
        calloc(cli->line.args.scan.assignment_count + 1, sizeof(*memory->overrides));
    memory->texts = calloc(cli->line.args.scan.assignment_count + 1, sizeof(*memory->texts));
    if (!memory->overrides || !memory->texts || !memory->path) {
        cli_line_out_of_memory(&cli->line);
        return;
    }
    for (size_t i = 0; i < cli->line.args.scan.assignment_count; i++)
        add_override(cli, &cli->line.args.scan.assignments[i]);
    const struct load_request request = request_of(cli);
    if (cli->line.args.file_is_variable && access(memory->path, F_OK) < 0)
        diag_add(&cli->line.diag, DIAG_ERROR, config_place_none, "WSLUICE_CONFIG",
                 "put a file there, name addresses, or set WSLUICE_TARGET", "%s: %s", memory->path,
                 strerror(errno));
    if (cli->line.diag.errors == 0)
        cli->loaded = load_config(&request, &cli->line.diag);
}

/* ---- the result ---- */

static void report(const struct cli *cli, FILE *err)
{
    const struct cli_scan *scan = &cli->line.args.scan;
    bool empty = scan->operand_count == 0 && scan->assignment_count == 0 && !scan->unknown_flag;
    if (scan->usage_error && empty)
        cli_help_usage(scan->websockify, err);
    else if (scan->usage_error)
        cli_help_usage_short(scan->websockify, err);
    cli_report_findings(&cli->line.diag, cli_name_of(scan->websockify), err);
}

/* A source of tokens is a file as a rule; with Redis it may have a password in it. */
static bool may_hold_password(const struct cli_scan *scan, const struct cli_assignment *assignment)
{
    const char *plugin = cli_scan_value(scan, "token-plugin"), *text = assignment->argument;
    if (assignment->flag.row->secret)
        return true;
    if (!cli_plugin_is_token_source(assignment))
        return false;
    return (plugin && strcmp(token_class_short_name(plugin), "TokenRedis") == 0) ||
           (strstr(text, "://") && !redis_url_is_public(text));
}

/* In the memory that ps shows. */
static void erase_secrets(const struct cli *cli)
{
    const struct cli_args *args = &cli->line.args;
    for (size_t i = 0; i < args->scan.assignment_count; i++) {
        const struct cli_assignment *assignment = &args->scan.assignments[i];
        if (assignment->argument && may_hold_password(&args->scan, assignment))
            explicit_bzero(assignment->argument, strlen(assignment->argument));
    }
    if (args->auth_source)
        explicit_bzero(args->auth_source, strlen(args->auth_source));
}

static void answer(const struct cli_args *args, FILE *out)
{
    const struct cli_command_list *list = cli_commands_list();
    if (args->scan.version)
        cli_help_version(out);
    else if (args->demo)
        cli_help_command(cli_command_find(list, "demo"), out);
    else
        cli_help_page(list, args->scan.websockify, out);
}

static void finish(struct cli *cli, FILE *out, FILE *err, struct cli_result *result)
{
    *result = (struct cli_result){.action = CLI_EXIT,
                                  .exit_status = EXIT_SUCCESS,
                                  .websockify = cli->line.args.scan.websockify};
    if (cli->line.args.scan.help || cli->line.args.scan.version) {
        answer(&cli->line.args, out);
        return;
    }
    const struct config *config = cli->line.args.file ? cli->loaded : cli->config;
    if (config)
        cli_line_check_background(&cli->line, config);
    report(cli, err);
    if (cli->line.diag.errors > 0) {
        result->exit_status =
            cli->line.args.scan.usage_error ? CLI_STATUS_USAGE : CLI_STATUS_FAILED;
        return;
    }
    if (cli->line.args.print) {
        dump_config(config, out);
        return;
    }
    result->action = cli->line.args.demo ? CLI_DEMO : CLI_RUN;
    result->config = config_retain(config);
    result->daemon = cli->line.args.daemon;
    result->rebind = cli->line.rebind;
    cli->line.rebind = (struct rebind){.fd = -1};
    result->file = request_of(cli); /* empty without --config */
    result->memory = cli->memory;
    cli->memory = (struct cli_memory){0};
}

static void release(struct cli *cli)
{
    cli_result_free_memory(&cli->memory);
    rebind_release(&cli->line.rebind);
    config_release(cli->config);
    config_release(cli->loaded);
    free(cli->line.directory);
    cli_args_free(&cli->line.args);
    diag_free(&cli->line.diag);
}

/* "wsluice -v check FILE": no address is called like a subcommand. */
static bool has_late_command(struct cli_line *line)
{
    const struct cli_scan *scan = &line->args.scan;
    const struct cli_command *command =
        scan->operand_count > 0 && !scan->websockify
            ? cli_command_find(cli_commands_list(), scan->operands[0])
            : NULL;
    char remedy[256];
    if (!command || !command->run)
        return false;
    snprintf(remedy, sizeof(remedy), "write the command first: wsluice %s%s%s", command->name,
             scan->operand_count > 1 ? " " : "", scan->operand_count > 1 ? scan->operands[1] : "");
    cli_line_usage_error(line, command->name, "an option stands before the command", remedy);
    return true;
}

/* The first word that is no option is nearly the name of a subcommand. */
static bool has_misspelt_command(struct cli_line *line)
{
    char remedy[64];
    const struct cli_scan *scan = &line->args.scan;
    if (scan->websockify || line->args.demo || scan->unknown_flag || scan->operand_count == 0 ||
        !cli_commands_explain(scan->operands[0], remedy, sizeof(remedy)))
        return false;
    cli_line_usage_error(line, scan->operands[0], "unknown command", remedy);
    return true;
}

static void build(struct cli *cli)
{
    struct cli_args *args = &cli->line.args;
    if (args->scan.help || args->scan.version || has_late_command(&cli->line) ||
        has_misspelt_command(&cli->line))
        return;
    cli_environment_add(args);
    cli_plugin_check_process(&cli->line);
    if (args->file)
        load_file(cli);
    else
        cli->config = cli_quick_build(&cli->line);
}

/* A disk that is full must not leave half of a schema or a configuration behind a status of 0. */
static void check_output(FILE *out, FILE *err, struct cli_result *result)
{
    if (result->action != CLI_EXIT || result->exit_status != EXIT_SUCCESS ||
        (fflush(out) == 0 && !ferror(out)))
        return;
    fprintf(err, "%s: error: cannot write the output; is the disk full?\n",
            cli_name_of(result->websockify));
    result->exit_status = CLI_STATUS_FAILED;
}

void cli_parse(int argc, char **argv, FILE *out, FILE *err, struct cli_result *result)
{
    struct cli cli = {.line.args.scan.diag = &cli.line.diag};
    struct cli_args *args = &cli.line.args;
    args->scan.websockify = argc > 0 && cli_name_is_websockify(argv[0]);
    if (!args->scan.websockify && cli_commands_run(argc, argv, out, err, result)) {
        check_output(out, err, result);
        return;
    }
    diag_init(&cli.line.diag);
    if (cli_args_read(args, argc, argv))
        build(&cli);
    finish(&cli, out, err, result);
    check_output(out, err, result);
    erase_secrets(&cli);
    release(&cli);
}
