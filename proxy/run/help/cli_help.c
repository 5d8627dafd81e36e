#include "run/help/cli_help.h"

#include <ctype.h>
#include <string.h>

#include "base/text/wrap.h"
#include "run/args/cli_environment.h"
#include "run/args/cli_flag.h"
#include "run/args/cli_name.h"

enum { HELP_COLUMN = 32, LINE_WIDTH = 80 };

/* After the program's name. */
static const char *const quick_forms[] = {
    "[options] [HOST:]PORT TARGET_HOST:PORT",
    "[options] --unix-target=FILE [HOST:]PORT",
    "[options] --unix-listen=FILE TARGET_HOST:PORT",
    "[options] --token-plugin=NAME --token-source=ARG [HOST:]PORT",
    "[options] [HOST:]PORT [TARGET_HOST:PORT] -- COMMAND ARGUMENTS...",
};
static const char introduction[] =
    "\n"
    "Lets WebSocket clients reach a TCP or Unix-socket service. PORT or :PORT alone\n"
    "means every interface. TIME is 250ms, 30s, 5m or 1h; a bare number is seconds.\n"
    "Options may stand anywhere, after the command if there is one, and names may be\n"
    "abbreviated while they stay unambiguous.\n";

static const char introduction_by_name[] =
    "\n"
    "This is wsluice, called by websockify's name: it takes websockify's options and\n"
    "its own. contrib/README.md lists the differences.\n";

/* After the program's name. */
static const struct {
    const char *words, *meaning;
} examples[] = {
    {"6080 localhost:5900", "A VNC server on this machine, for browsers anywhere."},
    {"--cert=desk.pem --key=desk.key --ssl-only 443 10.0.0.5:5900",
     "A VNC server on another machine, over wss:// only."},
    {"-D --log-file=b.log 127.0.0.1:6080 --unix-target=/run/app.sock",
     "A Unix socket, for clients on this machine, in the background."},
    {"6080 -- Xvnc -rfbport 6080 :1",
     "Starts a program, moves its listener to a free port, and bridges to it."},
};

void cli_help_usage(bool websockify, FILE *stream)
{
    const char *name = cli_name_of(websockify);
    for (size_t i = 0; i < WSL_COUNT(quick_forms); i++)
        fprintf(stream, "%s%s %s\n", i == 0 ? "usage: " : "       ", name, quick_forms[i]);
    if (websockify)
        return;
    fputs("       wsluice [options] --config=FILE\n"
          "       wsluice [options] demo [[HOST:]PORT]\n"
          "       wsluice COMMAND [options] ...\n",
          stream);
}

void cli_help_usage_short(bool websockify, FILE *stream)
{
    const char *name = cli_name_of(websockify);
    fprintf(stream, "usage: %s %s\n       %s --help shows all forms and options\n", name,
            quick_forms[0], name);
}

void cli_help_version(FILE *stream)
{
    fputs("wsluice " WSLUICE_VERSION "\n", stream);
    if (*WSLUICE_WITH)
        fputs("with:" WSLUICE_WITH "\n", stream);
    if (*WSLUICE_WITHOUT)
        fputs("without:" WSLUICE_WITHOUT "\n", stream);
}

/* The left column; its text begins at HELP_COLUMN, on the next line if need be. */
static void print_left(FILE *stream, const char *text)
{
    fprintf(stream, "%-*s", HELP_COLUMN, text);
    if (strlen(text) >= HELP_COLUMN)
        fprintf(stream, "\n%*s", HELP_COLUMN, "");
}

static void print_flag(FILE *stream, const struct cli_flag *item)
{
    const struct options_flag *flag = item->flag;
    char names[64], help[400];
    snprintf(names, sizeof(names), "  %c%c%c --%s%s%s", flag->letter ? '-' : ' ',
             flag->letter ? flag->letter : ' ', flag->letter ? ',' : ' ', flag->name,
             flag->argument ? "=" : "", flag->argument ? flag->argument : "");
    print_left(stream, names);
    cli_flag_help(item, help, sizeof(help));
    wrap_print(stream, help, HELP_COLUMN, LINE_WIDTH);
}

static void print_environment(FILE *stream)
{
    struct cli_environment_variable variable;
    fputs("\nEnvironment, for a command line that names neither addresses nor a file:\n", stream);
    for (size_t cursor = 0; cli_environment_next(&cursor, &variable);) {
        fprintf(stream, "  %-*s", HELP_COLUMN - 2, variable.name);
        wrap_print(stream, variable.help, HELP_COLUMN, LINE_WIDTH);
    }
}

static void print_commands(FILE *stream, const struct cli_command_list *list)
{
    fputs("\nCommands; 'wsluice help COMMAND' explains one:\n", stream);
    for (size_t i = 0; i < list->count; i++) {
        const struct cli_command *command = list->commands[i];
        char left[64];
        snprintf(left, sizeof(left), "  %s%s%s", command->name, *command->operands ? " " : "",
                 command->operands);
        print_left(stream, left);
        wrap_print(stream, command->help, HELP_COLUMN, LINE_WIDTH);
    }
}

static void print_examples(bool websockify, FILE *stream)
{
    fputs("\nExamples:\n", stream);
    for (size_t i = 0; i < WSL_COUNT(examples); i++)
        fprintf(stream, "  %s %s\n      %s\n", cli_name_of(websockify), examples[i].words,
                examples[i].meaning);
}

void cli_help_page(const struct cli_command_list *list, bool websockify, FILE *stream)
{
    cli_help_usage(websockify, stream);
    fputs(websockify ? introduction_by_name : introduction, stream);
    if (!websockify)
        print_commands(stream, list);
    enum options_section section;
    for (size_t i = 0; cli_flag_group(i, &section); i++) {
        const char *title = options_section(section)->title;
        if (title)
            fprintf(stream, "\n%s:\n", title);
        struct cli_flag item;
        for (size_t cursor = 0; cli_flag_next(NULL, &cursor, &item);)
            if (cli_flag_section(&item) == section)
                print_flag(stream, &item);
    }
    print_environment(stream);
    print_examples(websockify, stream);
}

void cli_help_synopsis(const struct cli_command *command, FILE *stream)
{
    fprintf(stream, "usage: wsluice %s%s%s%s\n", command->name,
            command->flag_count > 0 || !command->run ? " [options]" : "",
            *command->operands ? " " : "", command->operands);
}

void cli_help_command(const struct cli_command *command, FILE *stream)
{
    struct cli_flag item;
    cli_help_synopsis(command, stream);
    if (command->details)
        fprintf(stream, "\n%s", command->details);
    else
        fprintf(stream, "\n%c%s.\n", toupper((unsigned char)*command->help), command->help + 1);
    fputs("\nOptions:\n", stream);
    for (size_t cursor = 0; cli_flag_next(command, &cursor, &item);)
        print_flag(stream, &item);
}
