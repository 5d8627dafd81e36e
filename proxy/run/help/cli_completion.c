#include "run/help/cli_completion.h"

#include <string.h>

#include "base/base.h"
#include "config/print/reference.h"
#include "run/args/cli_flag.h"

enum { HELP_MAX = 400 };

/* What shells complete the argument of a flag with. */
enum offer { OFFER_NO_ARGUMENT, OFFER_NOTHING, OFFER_FILES, OFFER_FOLDERS, OFFER_NAMES };

static enum offer offer_of(const struct cli_flag *flag)
{
    const char *argument = flag->flag->argument;
    if (!argument)
        return OFFER_NO_ARGUMENT;
    if (strcmp(argument, "CLASS") == 0) /* of Python, unlike the option's names */
        return OFFER_NOTHING;
    if (strchr(argument, '|') || (flag->row && flag->row->value.type == VALUE_ENUM))
        return OFFER_NAMES;
    if (strcmp(argument, "DIR") == 0)
        return OFFER_FOLDERS;
    return strcmp(argument, "FILE") == 0 ? OFFER_FILES : OFFER_NOTHING;
}

/* "bash zsh fish" of "bash|zsh|fish", up to the operand behind them. */
static void put_choices(const char *choices, FILE *stream)
{
    for (const char *p = choices; *p && *p != ' '; p++)
        fputc(*p == '|' ? ' ' : *p, stream);
}

/* "first after-upgrade", with '-' as on a command line; "asc desc" of "asc|desc". */
static void put_names(const struct cli_flag *flag, FILE *stream)
{
    const char *space = "";
    if (flag->meaning == CLI_FLAG_COMMAND) {
        put_choices(flag->flag->argument, stream);
        return;
    }
    for (const struct value_name *name = flag->row->value.names; name->name; name++) {
        if (name->alias)
            continue;
        fputs(space, stream);
        for (const char *p = name->name; *p; p++)
            fputc(*p == '_' ? '-' : *p, stream);
        space = " ";
    }
}

/* Up to the first semicolon, inside quotes. */
static void put_help(const char *help, const char *escaped, const char *quote, FILE *stream)
{
    for (; *help && *help != ';'; help++) {
        if (*help == '\'')
            fputs(quote, stream);
        else
            fprintf(stream, strchr(escaped, *help) ? "\\%c" : "%c", *help);
    }
}

static void put_commands(const struct cli_command_list *list, FILE *stream)
{
    for (size_t i = 0; i < list->count; i++)
        fprintf(stream, "%s%s", i == 0 ? "" : " ", list->commands[i]->name);
}

/* "--json --limit=" */
static void put_flags(const struct cli_command *command, FILE *stream)
{
    struct cli_flag flag;
    for (size_t cursor = 0; cli_flag_next(command, &cursor, &flag);)
        fprintf(stream, "%s--%s%s", cursor == 1 ? "" : " ", flag.flag->name,
                flag.flag->argument ? "=" : "");
}

static void put_option_paths(FILE *stream)
{
    const struct options_row *row;
    char path[200];
    for (size_t i = 0; (row = options_at(i)); i++) {
        options_path(row->section, row, path, sizeof(path));
        fputs(i == 0 ? "" : " ", stream);
        for (const char *p = path; *p; p++) /* shells expand brackets, and help-config needs none */
            if (*p != '[' && *p != ']')
                fputc(*p, stream);
    }
}

/* "check | reload": the subcommands with this kind of operand. */
static void put_commands_with(const struct cli_command_list *list, enum cli_operand operand,
                              const char *between, FILE *stream)
{
    const char *before = "";
    for (size_t i = 0; i < list->count; i++) {
        if (list->commands[i]->operand == operand) {
            fprintf(stream, "%s%s", before, list->commands[i]->name);
            before = between;
        }
    }
}

/* Iterates over the flags of all command lines, each name once. */
struct all_flags {
    const struct cli_command_list *list;
    size_t commands; /* entered so far; 0: still at flags without a subcommand */
    size_t cursor;
};

static const struct cli_command *command_before(const struct all_flags *all, size_t index)
{
    return index > 0 ? all->list->commands[index - 1] : NULL;
}

static bool is_repeated(const struct all_flags *all, const char *name)
{
    struct cli_flag flag;
    for (size_t i = 0; i < all->commands; i++)
        for (size_t cursor = 0; cli_flag_next(command_before(all, i), &cursor, &flag);)
            if (strcmp(flag.flag->name, name) == 0)
                return true;
    return false;
}

static bool next_flag(struct all_flags *all, struct cli_flag *flag)
{
    for (; all->commands <= all->list->count; all->commands++, all->cursor = 0)
        while (cli_flag_next(command_before(all, all->commands), &all->cursor, flag))
            if (!is_repeated(all, flag->flag->name))
                return true;
    return false;
}

/* ---- bash ---- */

static const char bash_begin[] = //
    "# bash completion for wsluice\n"
    "\n"
    "_wsluice_files() { # -f or -d\n"
    "    compopt -o filenames\n"
    "    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$current\")\n"
    "}\n"
    "\n"
    "_wsluice() {\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} choices=\n"
    "    # --name=value reaches us as three words\n"
    "    if [ \"$current\" = = ]; then\n"
    "        current=\n"
    "    elif [ \"$before\" = = ]; then\n"
    "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    COMPREPLY=()\n"
    "    case $before in\n";

static const char bash_end[] = //
    "    mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$current\")\n"
    "    case ${COMPREPLY[*]} in *=) compopt -o nospace ;; esac\n"
    "}\n"
    "\n"
    "complete -F _wsluice wsluice\n";

static void bash_flags_that_offer(const struct cli_command_list *list, enum offer offer,
                                  const char *action, FILE *stream)
{
    struct cli_flag flag;
    const char *before = "    ";
    for (struct all_flags all = {.list = list}; next_flag(&all, &flag);) {
        if (offer_of(&flag) == offer) {
            fprintf(stream, "%s--%s", before, flag.flag->name);
            before = " | ";
        }
    }
    if (strcmp(before, " | ") == 0)
        fprintf(stream, ") %s ;;\n", action);
}

/* Replace those of the command line without a subcommand. */
static void bash_flags_of_commands(const struct cli_command_list *list, FILE *stream)
{
    fputs("        case ${COMP_WORDS[1]} in\n", stream);
    for (size_t i = 0; i < list->count; i++) {
        if (!list->commands[i]->run)
            continue;
        fprintf(stream, "        %s) choices='", list->commands[i]->name);
        put_flags(list->commands[i], stream);
        fputs("' ;;\n", stream);
    }
    fputs("        esac\n", stream);
}

static void print_bash(const struct cli_command_list *list, FILE *stream)
{
    struct cli_flag flag;
    fputs(bash_begin, stream);
    bash_flags_that_offer(list, OFFER_FILES, "_wsluice_files -f; return", stream);
    bash_flags_that_offer(list, OFFER_FOLDERS, "_wsluice_files -d; return", stream);
    bash_flags_that_offer(list, OFFER_NOTHING, "return", stream);
    for (struct all_flags all = {.list = list}; next_flag(&all, &flag);) {
        if (offer_of(&flag) == OFFER_NAMES) {
            fprintf(stream, "    --%s) choices='", flag.flag->name);
            put_names(&flag, stream);
            fputs("' ;;\n", stream);
        }
    }
    fputs("    esac\n    if [ -n \"$choices\" ]; then\n        :\n"
          "    elif [[ $current == -* ]]; then\n        choices='",
          stream);
    put_flags(NULL, stream);
    fputs("'\n", stream);
    bash_flags_of_commands(list, stream);
    fputs("    elif [ \"$COMP_CWORD\" -eq 1 ]; then\n        choices='", stream);
    put_commands(list, stream);
    fputs("'\n    else\n        case ${COMP_WORDS[1]} in\n        ", stream);
    put_commands_with(list, CLI_OPERAND_FILE, " | ", stream);
    fputs(") _wsluice_files -f; return ;;\n        ", stream);
    put_commands_with(list, CLI_OPERAND_OPTION_PATH, " | ", stream);
    fputs(") choices='", stream);
    put_option_paths(stream);
    fputs("' ;;\n        ", stream);
    put_commands_with(list, CLI_OPERAND_COMMAND, " | ", stream);
    fputs(") choices='", stream);
    put_commands(list, stream);
    fputs("' ;;\n", stream);
    for (size_t i = 0; i < list->count; i++) {
        if (list->commands[i]->operand != CLI_OPERAND_CHOICE)
            continue;
        fprintf(stream, "        %s) choices='", list->commands[i]->name);
        put_choices(list->commands[i]->operands, stream);
        fputs("' ;;\n", stream);
    }
    fputs("        esac\n    fi\n", stream);
    fputs(bash_end, stream);
}

/* ---- zsh ---- */

static void zsh_flag(const struct cli_flag *flag, FILE *stream)
{
    char help[HELP_MAX];
    const struct options_flag *row = flag->flag;
    cli_flag_help(flag, help, sizeof(help));
    if (row->letter)
        fprintf(stream, "    '(-%c --%s)'{-%c%s,--%s%s}'[", row->letter, row->name, row->letter,
                row->argument ? "+" : "", row->name, row->argument ? "=" : "");
    else
        fprintf(stream, "    '--%s%s[", row->name, row->argument ? "=" : "");
    put_help(help, "\\[]:", "'\\''", stream);
    fputs("]", stream);
    switch (offer_of(flag)) {
    case OFFER_NO_ARGUMENT:
        break;
    case OFFER_NOTHING:
        fprintf(stream, ":%s: ", row->argument);
        break;
    case OFFER_FILES:
        fprintf(stream, ":%s:_files", row->argument);
        break;
    case OFFER_FOLDERS:
        fprintf(stream, ":%s:_files -/", row->argument);
        break;
    case OFFER_NAMES:
        fprintf(stream, ":%s:(", row->argument);
        put_names(flag, stream);
        fputs(")", stream);
        break;
    }
    fputs("' \\\n", stream);
}

static void zsh_operands(const struct cli_command_list *list, FILE *stream)
{
    fputs("_wsluice_rest() {\n    case $words[2] in\n    ", stream);
    put_commands_with(list, CLI_OPERAND_FILE, "|", stream);
    fputs(") _files ;;\n    ", stream);
    put_commands_with(list, CLI_OPERAND_OPTION_PATH, "|", stream);
    fputs(") compadd ", stream);
    put_option_paths(stream);
    fputs(" ;;\n    ", stream);
    put_commands_with(list, CLI_OPERAND_COMMAND, "|", stream);
    fputs(") _wsluice_first ;;\n", stream);
    for (size_t i = 0; i < list->count; i++) {
        if (list->commands[i]->operand != CLI_OPERAND_CHOICE)
            continue;
        fprintf(stream, "    %s) compadd ", list->commands[i]->name);
        put_choices(list->commands[i]->operands, stream);
        fputs(" ;;\n", stream);
    }
    fputs("    esac\n}\n\n", stream);
}

static void zsh_arguments(const struct cli_command *command, FILE *stream)
{
    struct cli_flag flag;
    fputs("_arguments \\\n", stream);
    for (size_t cursor = 0; cli_flag_next(command, &cursor, &flag);)
        zsh_flag(&flag, stream);
    fputs("    '1: :_wsluice_first' \\\n    '*: :_wsluice_rest'\n", stream);
}

static void print_zsh(const struct cli_command_list *list, FILE *stream)
{
    fputs("#compdef wsluice\n\n_wsluice_first() {\n    local -a words=(\n", stream);
    for (size_t i = 0; i < list->count; i++) {
        fprintf(stream, "        '%s:", list->commands[i]->name);
        put_help(list->commands[i]->help, "\\:", "'\\''", stream);
        fputs("'\n", stream);
    }
    fputs("    )\n    _describe command words\n}\n\n", stream);
    zsh_operands(list, stream);
    fputs("case $words[2] in\n", stream);
    for (size_t i = 0; i < list->count; i++) {
        if (!list->commands[i]->run)
            continue;
        fprintf(stream, "%s) ", list->commands[i]->name);
        zsh_arguments(list->commands[i], stream);
        fputs(";;\n", stream);
    }
    fputs("*) ", stream);
    zsh_arguments(NULL, stream);
    fputs(";;\nesac\n", stream);
}

/* ---- fish ---- */

static void fish_flag(const struct cli_flag *flag, FILE *stream)
{
    char help[HELP_MAX];
    cli_flag_help(flag, help, sizeof(help));
    if (flag->flag->letter)
        fprintf(stream, " -s %c", flag->flag->letter);
    fprintf(stream, " -l %s", flag->flag->name);
    switch (offer_of(flag)) {
    case OFFER_NO_ARGUMENT:
        break;
    case OFFER_NOTHING:
        fputs(" -x", stream);
        break;
    case OFFER_FILES:
        fputs(" -r -F", stream);
        break;
    case OFFER_FOLDERS:
        fputs(" -x -a '(__fish_complete_directories)'", stream);
        break;
    case OFFER_NAMES:
        fputs(" -x -a '", stream);
        put_names(flag, stream);
        fputs("'", stream);
        break;
    }
    fputs(" -d '", stream);
    put_help(help, "\\", "\\'", stream);
    fputs("'\n", stream);
}

/* `command` NULL: flags without a subcommand. */
static void fish_flags(const struct cli_command_list *list, const struct cli_command *command,
                       FILE *stream)
{
    struct cli_flag flag;
    for (size_t cursor = 0; cli_flag_next(command, &cursor, &flag);) {
        fprintf(stream, "complete -c wsluice -n '%s__fish_seen_subcommand_from",
                command ? "" : "not ");
        for (size_t i = 0; i < list->count; i++)
            if (command ? list->commands[i] == command : list->commands[i]->run != NULL)
                fprintf(stream, " %s", list->commands[i]->name);
        fputc('\'', stream);
        fish_flag(&flag, stream);
    }
}

/* Commands, and choices. */
static void fish_operands(const struct cli_command_list *list, FILE *stream)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct cli_command *command = list->commands[i];
        if (command->operand != CLI_OPERAND_COMMAND && command->operand != CLI_OPERAND_CHOICE)
            continue;
        fprintf(stream, "complete -c wsluice -n '__fish_seen_subcommand_from %s' -a '",
                command->name);
        if (command->operand == CLI_OPERAND_COMMAND)
            put_commands(list, stream);
        else
            put_choices(command->operands, stream);
        fputs("'\n", stream);
    }
}

static void print_fish(const struct cli_command_list *list, FILE *stream)
{
    fputs("# fish completion for wsluice\n\ncomplete -c wsluice -f\n", stream);
    for (size_t i = 0; i < list->count; i++) {
        fprintf(stream, "complete -c wsluice -n __fish_use_subcommand -a %s -d '",
                list->commands[i]->name);
        put_help(list->commands[i]->help, "\\", "\\'", stream);
        fputs("'\n", stream);
    }
    fputs("complete -c wsluice -n '__fish_seen_subcommand_from ", stream);
    put_commands_with(list, CLI_OPERAND_FILE, " ", stream);
    fputs("' -F\ncomplete -c wsluice -n '__fish_seen_subcommand_from ", stream);
    put_commands_with(list, CLI_OPERAND_OPTION_PATH, " ", stream);
    fputs("' -a '", stream);
    put_option_paths(stream);
    fputs("'\n", stream);
    fish_operands(list, stream);
    fish_flags(list, NULL, stream);
    for (size_t i = 0; i < list->count; i++)
        if (list->commands[i]->run)
            fish_flags(list, list->commands[i], stream);
}

bool cli_completion_print(const struct cli_command_list *list, const char *shell, FILE *stream)
{
    static const struct {
        const char *shell;
        void (*print)(const struct cli_command_list *list, FILE *stream);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; i < WSL_COUNT(shells); i++) {
        if (strcmp(shell, shells[i].shell) == 0) {
            shells[i].print(list, stream);
            return true;
        }
    }
    return false;
}
