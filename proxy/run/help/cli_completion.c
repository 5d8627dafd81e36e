#include "run/help/cli_completion.h"

#include <string.h>

#include "base/base.h"
#include "config/print/reference.h"
#include "run/args/cli_flag.h"
#include "run/args/cli_word.h"

enum { HELP_MAX = 400 };

/* What a shell can offer for a flag's argument. */
enum offer { OFFER_NO_ARGUMENT, OFFER_NOTHING, OFFER_FILES, OFFER_FOLDERS, OFFER_NAMES };

static enum offer offer_of(const struct cli_flag *flag)
{
    const char *argument = flag->flag->argument;
    if (!argument)
        return OFFER_NO_ARGUMENT;
    if (strcmp(argument, "CLASS") == 0) /* names of Python, which are not the option's */
        return OFFER_NOTHING;
    if (flag->row && flag->row->value.type == VALUE_ENUM)
        return OFFER_NAMES;
    if (strcmp(argument, "DIR") == 0)
        return OFFER_FOLDERS;
    return strcmp(argument, "FILE") == 0 ? OFFER_FILES : OFFER_NOTHING;
}

/* "first after-upgrade": on a command line '-' joins the parts of a name. */
static void put_names(const struct cli_flag *flag, FILE *stream)
{
    const char *space = "";
    for (const struct value_name *name = flag->row->value.names; name->name; name++) {
        if (name->alias)
            continue;
        fputs(space, stream);
        for (const char *p = name->name; *p; p++)
            fputc(*p == '_' ? '-' : *p, stream);
        space = " ";
    }
}

/* Up to the first semicolon, in what is between quotes already. */
static void put_help(const char *help, const char *escaped, const char *quote, FILE *stream)
{
    for (; *help && *help != ';'; help++) {
        if (*help == '\'')
            fputs(quote, stream);
        else
            fprintf(stream, strchr(escaped, *help) ? "\\%c" : "%c", *help);
    }
}

static void put_words(FILE *stream)
{
    struct cli_word word;
    for (size_t cursor = 0; cli_word_next(&cursor, &word);)
        fprintf(stream, "%s%s", cursor == 1 ? "" : " ", word.word);
}

static void put_option_paths(FILE *stream)
{
    const struct options_row *row;
    char path[200];
    for (size_t i = 0; (row = options_at(i)); i++) {
        options_path(row->section, row, path, sizeof(path));
        fputs(i == 0 ? "" : " ", stream);
        for (const char *p = path; *p; p++) /* brackets mean something to a shell, and may go */
            if (*p != '[' && *p != ']')
                fputc(*p, stream);
    }
}

/* "check | reload": the words after which one kind of argument comes. */
static void put_words_that_take(enum cli_word_takes takes, const char *between, FILE *stream)
{
    struct cli_word word;
    const char *before = "";
    for (size_t cursor = 0; cli_word_next(&cursor, &word);) {
        if (word.takes == takes) {
            fprintf(stream, "%s%s", before, word.word);
            before = between;
        }
    }
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

static void bash_flags_that_offer(enum offer offer, const char *what, FILE *stream)
{
    struct cli_flag flag;
    const char *before = "    ";
    for (size_t cursor = 0; cli_flag_next(&cursor, &flag);) {
        if (offer_of(&flag) == offer) {
            fprintf(stream, "%s--%s", before, flag.flag->name);
            before = " | ";
        }
    }
    if (strcmp(before, " | ") == 0)
        fprintf(stream, ") %s ;;\n", what);
}

static void print_bash(FILE *stream)
{
    struct cli_flag flag;
    fputs(bash_begin, stream);
    bash_flags_that_offer(OFFER_FILES, "_wsluice_files -f; return", stream);
    bash_flags_that_offer(OFFER_FOLDERS, "_wsluice_files -d; return", stream);
    bash_flags_that_offer(OFFER_NOTHING, "return", stream);
    for (size_t cursor = 0; cli_flag_next(&cursor, &flag);) {
        if (offer_of(&flag) == OFFER_NAMES) {
            fprintf(stream, "    --%s) choices='", flag.flag->name);
            put_names(&flag, stream);
            fputs("' ;;\n", stream);
        }
    }
    fputs("    esac\n    if [ -n \"$choices\" ]; then\n        :\n"
          "    elif [[ $current == -* ]]; then\n        choices='",
          stream);
    for (size_t cursor = 0; cli_flag_next(&cursor, &flag);)
        fprintf(stream, "%s--%s%s", cursor == 1 ? "" : " ", flag.flag->name,
                flag.flag->argument ? "=" : "");
    fputs("'\n    elif [ \"$COMP_CWORD\" -eq 1 ]; then\n        choices='", stream);
    put_words(stream);
    fputs("'\n    else\n        case ${COMP_WORDS[1]} in\n        ", stream);
    put_words_that_take(CLI_WORD_FILE, " | ", stream);
    fputs(") _wsluice_files -f; return ;;\n        ", stream);
    put_words_that_take(CLI_WORD_OPTION_PATH, " | ", stream);
    fputs(") choices='", stream);
    put_option_paths(stream);
    fputs("' ;;\n        esac\n    fi\n", stream);
    fputs(bash_end, stream);
}

/* ---- zsh ---- */

static void zsh_flag(const struct cli_flag *flag, FILE *stream)
{
    char help[HELP_MAX];
    const struct options_flag *row = flag->flag;
    cli_flag_help(flag, help, sizeof(help));
    if (row->letter)
        fprintf(stream, "    '(-%c --%s)'{-%c,--%s}'[", row->letter, row->name, row->letter,
                row->name);
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

static void print_zsh(FILE *stream)
{
    struct cli_flag flag;
    struct cli_word word;
    fputs("#compdef wsluice\n\n_wsluice_first() {\n    local -a words=(\n", stream);
    for (size_t cursor = 0; cli_word_next(&cursor, &word);) {
        fprintf(stream, "        '%s:", word.word);
        put_help(word.help, "\\:", "'\\''", stream);
        fputs("'\n", stream);
    }
    fputs("    )\n    _describe command words\n}\n\n_wsluice_rest() {\n    case $words[2] in\n    ",
          stream);
    put_words_that_take(CLI_WORD_FILE, "|", stream);
    fputs(") _files ;;\n    ", stream);
    put_words_that_take(CLI_WORD_OPTION_PATH, "|", stream);
    fputs(") compadd ", stream);
    put_option_paths(stream);
    fputs(" ;;\n    esac\n}\n\n_arguments \\\n", stream);
    for (size_t cursor = 0; cli_flag_next(&cursor, &flag);)
        zsh_flag(&flag, stream);
    fputs("    '1: :_wsluice_first' \\\n    '*: :_wsluice_rest'\n", stream);
}

/* ---- fish ---- */

static void fish_flag(const struct cli_flag *flag, FILE *stream)
{
    char help[HELP_MAX];
    cli_flag_help(flag, help, sizeof(help));
    fputs("complete -c wsluice", stream);
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

static void print_fish(FILE *stream)
{
    struct cli_flag flag;
    struct cli_word word;
    fputs("# fish completion for wsluice\n\ncomplete -c wsluice -f\n", stream);
    for (size_t cursor = 0; cli_word_next(&cursor, &word);) {
        fprintf(stream, "complete -c wsluice -n __fish_use_subcommand -a %s -d '", word.word);
        put_help(word.help, "\\", "\\'", stream);
        fputs("'\n", stream);
    }
    fputs("complete -c wsluice -n '__fish_seen_subcommand_from ", stream);
    put_words_that_take(CLI_WORD_FILE, " ", stream);
    fputs("' -F\ncomplete -c wsluice -n '__fish_seen_subcommand_from ", stream);
    put_words_that_take(CLI_WORD_OPTION_PATH, " ", stream);
    fputs("' -a '", stream);
    put_option_paths(stream);
    fputs("'\n", stream);
    for (size_t cursor = 0; cli_flag_next(&cursor, &flag);)
        fish_flag(&flag, stream);
}

bool cli_completion_print(const char *shell, FILE *stream)
{
    static const struct {
        const char *shell;
        void (*print)(FILE *stream);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; i < WSL_COUNT(shells); i++) {
        if (strcmp(shell, shells[i].shell) == 0) {
            shells[i].print(stream);
            return true;
        }
    }
    return false;
}
