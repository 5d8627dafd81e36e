#include "run/args/cli_args.h"

#include <string.h>

static const char demo_word[] = "demo";

static void note_auth(struct cli_args *args, const char *flag, char *argument)
{
    if (strcmp(flag, "auth-plugin") == 0)
        args->auth_plugin = argument;
    else if (strcmp(flag, "auth-source") == 0)
        args->auth_source = argument;
    else
        args->web_auth = true;
}

/* False: it is an option of the table. */
static bool take_flag(struct cli_args *args, const struct cli_assignment *assignment)
{
    switch (assignment->flag.meaning) {
    case CLI_FLAG_DAEMON:
        args->daemon = true;
        return true;
    case CLI_FLAG_AUTH:
        note_auth(args, assignment->flag.flag->name, assignment->argument);
        return true;
    case CLI_FLAG_LIBSERVER:
        args->libserver = true;
        return true;
    case CLI_FLAG_CONFIG:
        args->file = assignment->argument;
        return true;
    case CLI_FLAG_PRINT:
        args->print = true;
        return true;
    case CLI_FLAG_OPTION:
    case CLI_FLAG_COMMAND:
    case CLI_FLAG_VERSION:
    case CLI_FLAG_HELP:
        break;
    }
    return false;
}

/* "demo" is no listen address, so that it needs no place of its own on the command line. */
static void take_demo(struct cli_args *args)
{
    struct cli_scan *scan = &args->scan;
    if (scan->websockify || scan->operand_count == 0 || strcmp(scan->operands[0], demo_word) != 0)
        return;
    args->demo = true;
    scan->operand_count--;
    memmove(scan->operands, scan->operands + 1, scan->operand_count * sizeof(*scan->operands));
}

bool cli_args_read(struct cli_args *args, int argc, char **argv)
{
    struct cli_scan *scan = &args->scan;
    size_t kept = 0;
    if (!cli_scan_words(scan, argc > 0 ? argc - 1 : 0, argv + 1))
        return false;
    for (size_t i = 0; i < scan->assignment_count; i++)
        if (!take_flag(args, &scan->assignments[i]))
            scan->assignments[kept++] = scan->assignments[i];
    scan->assignment_count = kept;
    take_demo(args);
    return true;
}

void cli_args_free(struct cli_args *args)
{
    cli_scan_free(&args->scan);
}
