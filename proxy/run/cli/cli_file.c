#include "run/cli/cli_file.h"

#include <stdlib.h>

#include "base/base.h"
#include "config/print/json_schema.h"
#include "config/print/reference.h"
#include "run/cli/call/cli_call.h"
#include "run/help/cli_reasons.h"
#include "run/help/terminal.h"

enum { WIDTH = 100 }; /* of help-config without a terminal */

/* ---- help-config ---- */

static int print_option(const struct cli_call *call, const char *path)
{
    const char *nearest;
    char message[120];
    unsigned width = terminal_page_width(call->out, WIDTH);
    if (!path) {
        reference_overview(call->out, width);
        return EXIT_SUCCESS;
    }
    if (reference_print(path, call->out, width, &nearest))
        return EXIT_SUCCESS;
    snprintf(message, sizeof(message), "there is no such option; %s%s%s",
             nearest ? "did you mean " : "wsluice help-config lists all", nearest ? nearest : "",
             nearest ? "?" : "");
    return cli_call_wrong_usage(call, path, message);
}

static int run_help(const struct cli_call *call)
{
    const char *path = cli_call_operand(call, 0);
    if (call->scan->assignment_count == 0)
        return print_option(call, path);
    if (path)
        return cli_call_wrong_usage(call, path, "a PATH or an option, not both");
    if (cli_scan_has(call->scan, "reasons"))
        cli_reasons_print(call->out);
    else if (cli_scan_has(call->scan, "codes"))
        cli_reasons_print_close(call->out);
    else
        reference_markdown(call->out);
    return EXIT_SUCCESS;
}

static const struct options_flag help_flags[] = {
    {.name = "markdown", .help = "print all options as a Markdown page"},
    {.name = "reasons",
     .help = "print the reasons in the log, and what to do, as a Markdown table"},
    {.name = "codes", .help = "print the Close codes and reasons that clients get, likewise"},
};

const struct cli_command cli_file_help = {
    .name = "help-config",
    .operands = "[PATH]",
    .operands_max = 1,
    .operand = CLI_OPERAND_OPTION_PATH,
    .flags = help_flags,
    .flag_count = WSL_COUNT(help_flags),
    .help = "explain the options of the configuration file, or the one at PATH",
    .run = run_help,
};

/* ---- schema ---- */

static int run_schema(const struct cli_call *call)
{
    if (json_schema_print(call->out))
        return EXIT_SUCCESS;
    fputs("wsluice: error: out of memory\n", call->err);
    return CLI_STATUS_FAILED;
}

const struct cli_command cli_file_schema = {
    .name = "schema",
    .operands = "",
    .help = "print a JSON Schema of the file, for editors",
    .run = run_schema,
};
