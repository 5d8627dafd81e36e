#include "run/help/cli_help.h"

#include <string.h>

#include "base/base.h"
#include "run/args/cli_environment.h"
#include "run/args/cli_flag.h"
#include "run/args/cli_word.h"

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
    "'demo' leads to a built-in echo service, on port 6080 unless told otherwise.\n"
    "Options may stand anywhere, and may be cut short as far as they stay clear.\n";

static const char introduction_by_name[] =
    "\n"
    "wsluice, called by websockify's name: it takes websockify's options and its own.\n"
    "What it does on purpose differently is in contrib/README.md.\n";

static const char examples[] =
    "\n"
    "Examples:\n"
    "  wsluice 6080 localhost:5900\n"
    "      A VNC server on this machine, for browsers on any other.\n"
    "  wsluice --cert=desk.pem --key=desk.key --ssl-only 443 10.0.0.5:5900\n"
    "      The same over wss:// only, for a machine behind this one.\n"
    "  wsluice -D --log-file=bridge.log 127.0.0.1:6080 --unix-target=/run/app.sock\n"
    "      A Unix socket, for clients on this machine; in the background.\n"
    "  wsluice 6080 -- Xvnc -rfbport 6080 :1\n"
    "      A program that listens on a port: it gets another, and this one is ours.\n";

void cli_help_usage(bool websockify, FILE *stream)
{
    const char *name = websockify ? "websockify" : "wsluice";
    for (size_t i = 0; i < WSL_COUNT(quick_forms); i++)
        fprintf(stream, "%s%s %s\n", i == 0 ? "usage: " : "       ", name, quick_forms[i]);
    if (websockify)
        return;
    fputs("       wsluice [options] --config=FILE\n", stream);
    struct cli_word word;
    for (size_t cursor = 0; cli_word_next(&cursor, &word);)
        fprintf(stream, "       wsluice %s%s%s\n", word.word, *word.arguments ? " " : "",
                word.arguments);
}

/* Words up to the right margin; the first line has begun at HELP_COLUMN. */
static void wrap(FILE *stream, const char *text)
{
    size_t column = HELP_COLUMN;
    while (*text) {
        size_t length = strcspn(text, " ");
        bool first = column == HELP_COLUMN;
        if (!first && column + 1 + length > LINE_WIDTH) {
            fprintf(stream, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
            first = true;
        }
        column += (size_t)fprintf(stream, "%s%.*s", first ? "" : " ", (int)length, text);
        text += length;
        text += *text == ' ';
    }
    fputc('\n', stream);
}

static void print_flag(FILE *stream, const struct cli_flag *item)
{
    const struct options_flag *flag = item->flag;
    char names[64], help[400];
    int length = snprintf(names, sizeof(names), "  %c%c%c --%s%s%s", flag->letter ? '-' : ' ',
                          flag->letter ? flag->letter : ' ', flag->letter ? ',' : ' ', flag->name,
                          flag->argument ? "=" : "", flag->argument ? flag->argument : "");
    fprintf(stream, "%-*s", HELP_COLUMN, names);
    if (length >= HELP_COLUMN)
        fprintf(stream, "\n%*s", HELP_COLUMN, "");

    cli_flag_help(item, help, sizeof(help));
    wrap(stream, help);
}

static void print_environment(FILE *stream)
{
    struct cli_environment_variable variable;
    fputs("\nEnvironment, as far as the command line names neither addresses nor a file:\n",
          stream);
    for (size_t cursor = 0; cli_environment_next(&cursor, &variable);) {
        fprintf(stream, "  %-*s", HELP_COLUMN - 2, variable.name);
        wrap(stream, variable.help);
    }
}

void cli_help_page(bool websockify, FILE *stream)
{
    cli_help_usage(websockify, stream);
    fputs(websockify ? introduction_by_name : introduction, stream);
    enum options_section section;
    for (size_t i = 0; cli_flag_group(i, &section); i++) {
        const char *title = options_section(section)->title;
        if (title)
            fprintf(stream, "\n%s:\n", title);
        struct cli_flag item;
        for (size_t cursor = 0; cli_flag_next(&cursor, &item);)
            if (cli_flag_section(&item) == section)
                print_flag(stream, &item);
    }
    print_environment(stream);
    fputs(examples, stream);
}
