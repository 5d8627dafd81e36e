#include "run/args/cli_flag.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "config/model/diag.h"

static const struct {
    enum cli_flag_meaning meaning;
    struct options_flag flag;
} own_flags[] = {
    {CLI_FLAG_CONFIG,
     {.name = "config",
      .ours = true,
      .argument = "FILE",
      .help = "take listeners and routes from this file; see wsluice help-config"}},
    {CLI_FLAG_PRINT,
     {.name = "print-config",
      .ours = true,
      .help = "print the effective configuration as a file for --config, and exit; lines "
              "that end in '# default' may be left out"}},
    {CLI_FLAG_DAEMON,
     {.name = "daemon",
      .letter = 'D',
      .help = "run in the background once listening; the log is lost without --log-file or "
              "--syslog"}},
    {CLI_FLAG_AUTH,
     {.name = "auth-plugin",
      .argument = "CLASS",
      .help = "who may pass: BasicHTTPAuth, ExpectOrigin or ClientCertCNAuth"}},
    {CLI_FLAG_AUTH,
     {.name = "auth-source",
      .argument = "ARG",
      .help = "of the class: USER:PASSWORD; origins; or names in client certificates"}},
    {CLI_FLAG_AUTH, {.name = "web-auth", .help = "ask before files of --web are served, too"}},
    {CLI_FLAG_LIBSERVER,
     {.name = "libserver", .help = "accepted and ignored; there is one engine"}},
    {CLI_FLAG_VERSION, {.name = "version", .ours = true, .help = "print the version"}},
};

/* The last flag of every command line. */
static const struct cli_flag help_flag = {
    CLI_FLAG_HELP,
    NULL,
    &(const struct options_flag){.name = "help", .letter = 'h', .help = "print this page"},
};

static bool next_of_command(const struct cli_command *command, size_t *cursor,
                            struct cli_flag *flag)
{
    size_t index = (*cursor)++;
    *flag = help_flag;
    if (index < command->flag_count)
        *flag = (struct cli_flag){CLI_FLAG_COMMAND, NULL, &command->flags[index]};
    return index <= command->flag_count;
}

bool cli_flag_next(const struct cli_command *command, size_t *cursor, struct cli_flag *flag)
{
    if (command)
        return next_of_command(command, cursor, flag);
    const size_t in_table = options_count() * OPTIONS_FLAGS_MAX;
    for (; *cursor < in_table; ++*cursor) {
        const struct options_row *row = options_at(*cursor / OPTIONS_FLAGS_MAX);
        const struct options_flag *candidate = &row->flags[*cursor % OPTIONS_FLAGS_MAX];
        if (!candidate->name)
            continue;
        *flag = (struct cli_flag){CLI_FLAG_OPTION, row, candidate};
        ++*cursor;
        return true;
    }
    size_t own = (*cursor)++ - in_table;
    *flag = help_flag;
    if (own < WSL_COUNT(own_flags))
        *flag = (struct cli_flag){own_flags[own].meaning, NULL, &own_flags[own].flag};
    return own <= WSL_COUNT(own_flags);
}

bool cli_flag_is_of_process(const struct cli_flag *flag)
{
    const struct options_section_row *section = options_section(flag->row->section);
    return flag->row->section == OPTIONS_PROCESS ||
           (section->parent == OPTIONS_PROCESS && section->shape == OPTIONS_ONE);
}

enum options_section cli_flag_section(const struct cli_flag *flag)
{
    return flag->row ? flag->row->section : OPTIONS_PROCESS;
}

bool cli_flag_group(size_t index, enum options_section *section)
{
    static const enum options_section order[] = {
        OPTIONS_LISTENER, OPTIONS_CERTIFICATE, OPTIONS_TLS,     OPTIONS_TARGET, OPTIONS_TOKENS,
        OPTIONS_ROUTE,    OPTIONS_FILES,       OPTIONS_LIMITS,  OPTIONS_LOG,    OPTIONS_ADMIN,
        OPTIONS_EXIT,     OPTIONS_COMMAND,     OPTIONS_PROCESS,
    };
    if (index >= WSL_COUNT(order))
        return false;
    *section = order[index];
    return true;
}

void cli_flag_help(const struct cli_flag *flag, char *text, size_t size)
{
    const struct options_row *row = flag->row;
    const char *initial = NULL;
    /* Options of tokens have no effect without --token-plugin: no default. */
    if (row && flag->flag->argument && row->section != OPTIONS_TOKENS)
        initial = row->quick ? row->quick : row->initial;
    const char *help = row && !flag->flag->help ? row->help : flag->flag->help;
    int told = snprintf(text, size, "%s", help);
    wsl_assert((size_t)told < size / 2);
    if (initial)
        snprintf(text + told, size - (size_t)told, " [%s]", initial);
    /* The table writes the names of values as in a file, with '_'. */
    for (char *p = text + told; (p = strchr(p, '_'));)
        *p = '-';
}

bool cli_flag_by_letter(const struct cli_command *command, char letter, struct cli_flag *flag)
{
    for (size_t cursor = 0; cli_flag_next(command, &cursor, flag);)
        if (flag->flag->letter == letter)
            return true;
    return false;
}

static void list_names(const struct cli_command *command, const char *prefix, size_t length,
                       bool ours_too, char *names, size_t size)
{
    size_t used = 0;
    struct cli_flag flag;
    for (size_t cursor = 0; cli_flag_next(command, &cursor, &flag) && used < size;) {
        const char *name = flag.flag->name;
        if (strncmp(name, prefix, length) == 0 && (ours_too || !flag.flag->ours))
            used += (size_t)snprintf(names + used, size - used, "%s--%s", used ? ", " : "", name);
    }
}

static void suggest(const struct cli_command *command, const char *name, size_t length, char *names,
                    size_t size)
{
    struct diag_guess guess = diag_guess(name, length);
    struct cli_flag flag;
    for (size_t cursor = 0; cli_flag_next(command, &cursor, &flag);)
        diag_guess_offer(&guess, flag.flag->name);
    snprintf(names, size, "%s%s", guess.best ? "--" : "", guess.best ? guess.best : "");
}

enum cli_flag_match cli_flag_by_name(const struct cli_command *command, const char *name,
                                     size_t length, struct cli_flag *flag, char *names,
                                     size_t names_size)
{
    unsigned of_websockify = 0, all = 0;
    struct cli_flag candidate;
    names[0] = '\0';
    for (size_t cursor = 0; length > 0 && cli_flag_next(command, &cursor, &candidate);) {
        const char *full = candidate.flag->name;
        if (strncmp(full, name, length) != 0)
            continue;
        if (full[length] == '\0') {
            *flag = candidate;
            return CLI_FLAG_FOUND;
        }
        if (of_websockify == 0 || !candidate.flag->ours)
            *flag = candidate;
        of_websockify += !candidate.flag->ours;
        all++;
    }
    if (of_websockify == 1 || all == 1)
        return CLI_FLAG_FOUND;
    if (all > 1) {
        list_names(command, name, length, of_websockify == 0, names, names_size);
        return CLI_FLAG_AMBIGUOUS;
    }
    suggest(command, name, length, names, names_size);
    return CLI_FLAG_UNKNOWN;
}
