#include "run/args/cli_environment.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static const char listen_default[] = "6080";
static const char listen_name[] = "WSLUICE_LISTEN", target_name[] = "WSLUICE_TARGET",
                  file_name[] = "WSLUICE_CONFIG";

static const struct {
    const char *flag; /* NULL: an address or the file */
    struct cli_environment_variable variable;
} variables[] = {
    {NULL, {target_name, "the target: HOST:PORT or unix:FILE"}},
    {NULL, {listen_name, "the listener: [HOST:]PORT or unix:FILE [6080]"}},
    {"web", {"WSLUICE_WEB", "as --web"}},
    {"cert", {"WSLUICE_CERT", "as --cert"}},
    {"key", {"WSLUICE_KEY", "as --key"}},
    {NULL, {file_name, "as --config, if neither of the first two is set"}},
    {"log-level", {"WSLUICE_LOG_LEVEL", "as --log-level, on every command line"}},
    {"log-format", {"WSLUICE_LOG_FORMAT", "as --log-format, on every command line"}},
    {"admin-socket", {"WSLUICE_ADMIN_SOCKET", "as --admin-socket, on every command line"}},
};

_Static_assert(WSL_COUNT(variables) <= CLI_SCAN_SPARE, "room for every variable");

/* Empty counts as not set: compose files write ${TARGET:-} for an optional value. */
static char *lookup(const char *name)
{
    char *value = getenv(name);
    return value && *value ? value : NULL;
}

static bool is_address(const struct cli_flag *flag, enum options_section section)
{
    return flag->row == options_find(section, "address");
}

static bool has_address(const struct cli_args *args, enum options_section section)
{
    for (size_t i = 0; i < args->scan.assignment_count; i++)
        if (is_address(&args->scan.assignments[i].flag, section))
            return true;
    return false;
}

/* Only options of the process go with a file; any other one needs addresses. */
static bool fits_file(const struct cli_args *args)
{
    for (size_t i = 0; i < args->scan.assignment_count; i++)
        if (!cli_flag_is_of_process(&args->scan.assignments[i].flag))
            return false;
    return true;
}

/*
 * In front of the others, because the last one wins. Options of the process go with every command
 * line, so that the health check of an image finds its socket.
 */
static void add_flags(struct cli_args *args, bool from_variables)
{
    struct cli_assignment added[CLI_SCAN_SPARE];
    size_t count = 0;
    char names[64];
    for (size_t i = 0; i < WSL_COUNT(variables); i++) {
        const char *flag = variables[i].flag;
        char *value = flag ? lookup(variables[i].variable.name) : NULL;
        if (!value)
            continue;
        struct cli_assignment *next = &added[count];
        enum cli_flag_match match =
            cli_flag_by_name(NULL, flag, strlen(flag), &next->flag, names, sizeof(names));
        wsl_assert(match == CLI_FLAG_FOUND);
        next->argument = value;
        count += from_variables || cli_flag_is_of_process(&next->flag);
    }
    memmove(args->scan.assignments + count, args->scan.assignments,
            args->scan.assignment_count * sizeof(*args->scan.assignments));
    memcpy(args->scan.assignments, added, count * sizeof(*added));
    args->scan.assignment_count += count;
}

static void add_addresses(struct cli_args *args, const char *address, const char *target)
{
    if (!has_address(args, OPTIONS_LISTENER))
        args->scan.operands[args->scan.operand_count++] = address ? address : listen_default;
    if (target && !has_address(args, OPTIONS_TARGET))
        args->scan.operands[args->scan.operand_count++] = target;
}

void cli_environment_add(struct cli_args *args)
{
    const char *address = lookup(listen_name), *target = lookup(target_name);
    char *file = lookup(file_name);
    bool names_nothing = args->scan.operand_count == 0 && !args->demo && !args->file;
    bool from_variables = names_nothing && (address || target);
    if (from_variables) {
        add_addresses(args, address, target);
    } else if (names_nothing && file && !args->scan.rest && fits_file(args)) {
        args->file = file;
        args->file_is_variable = true;
    }
    add_flags(args, from_variables);
}

bool cli_environment_next(size_t *cursor, struct cli_environment_variable *variable)
{
    if (*cursor >= WSL_COUNT(variables))
        return false;
    *variable = variables[(*cursor)++].variable;
    return true;
}
