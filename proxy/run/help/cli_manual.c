#include "run/help/cli_manual.h"

#include <string.h>

#include "base/base.h"
#include "config/print/reference.h"
#include "run/args/cli_environment.h"
#include "run/args/cli_flag.h"
#include "run/args/cli_word.h"

enum { TEXT_MAX = 400, LINE_WIDTH = 72 };

/*
 * Text for roff. What begins with a dash is for typing: there a dash is one, and not a hyphen. A
 * line must not begin with a full stop or a quote, and some ASCII characters have other meanings.
 */
static void put(const char *text, FILE *stream)
{
    bool typed = false;
    size_t column = 0;
    for (const char *p = text; *p; p++) {
        if (p == text || strchr(" ([,=", p[-1]))
            typed = *p == '-';
        if (column == 0 && (*p == '.' || *p == '\''))
            fputs("\\&", stream);
        column++;
        switch (*p) {
        case ' ':
            if (column + strcspn(p + 1, " ") > LINE_WIDTH)
                column = 0;
            fputc(column == 0 ? '\n' : ' ', stream);
            break;
        case '\\':
            fputs("\\e", stream);
            break;
        case '-':
            fputs(typed ? "\\-" : "-", stream);
            break;
        case '`':
            fputs("\\(ga", stream);
            break;
        case '\'':
            fputs("\\(aq", stream);
            break;
        case '^':
            fputs("\\(ha", stream);
            break;
        case '~':
            fputs("\\(ti", stream);
            break;
        default:
            fputc(*p, stream);
        }
    }
}

static void put_line(const char *text, FILE *stream)
{
    put(text, stream);
    fputc('\n', stream);
}

/* A sentence of a table, which has no capital message and no full stop. */
static void put_sentence(const char *text, FILE *stream)
{
    put(text, stream);
    fputs(".\n", stream);
}

/* ---- its sections ---- */

static const char head[] = //
    ".TH WSLUICE 1 \"\" \"wsluice " WSLUICE_VERSION "\" \"User Commands\"\n"
    ".SH NAME\n"
    "wsluice \\- bridge WebSocket clients to TCP and Unix-socket services\n"
    ".SH SYNOPSIS\n"
    ".B wsluice\n"
    "[\\fIoptions\\fR] [\\fIHOST\\fR:]\\fIPORT\\fR \\fITARGET_HOST\\fR:\\fIPORT\\fR\n"
    ".br\n"
    ".B wsluice\n"
    "[\\fIoptions\\fR] \\fB\\-\\-config=\\fIFILE\\fR\n"
    ".br\n"
    ".B wsluice\n"
    "\\fICOMMAND\\fR ...\n"
    ".SH DESCRIPTION\n"
    "A browser, or any WebSocket client, reaches a service that speaks TCP or\n"
    "listens on a Unix socket: VNC, SSH, a database, a broker. Two addresses make\n"
    "a bridge, with the command line of websockify; a configuration file makes a\n"
    "gateway of many listeners and routes.\n"
    ".PP\n"
    "\\fIPORT\\fR or :\\fIPORT\\fR alone means every interface. \\fITIME\\fR is\n"
    "250ms, 30s, 5m or 1h; a bare number is seconds. Options may stand anywhere,\n"
    "and may be cut short as far as they stay clear.\n";

static const char signals[] = //
    ".SH SIGNALS\n"
    ".TP\n.B SIGTERM, SIGINT\n"
    "No new clients; sessions are closed with 1001, and when the last one is gone\n"
    "or the drain timeout has passed, the process ends. A second one ends it now.\n"
    ".TP\n.B SIGHUP\n"
    "Reads the file and all certificates again; a bad one changes nothing.\n"
    ".TP\n.B SIGUSR1\n"
    "Opens the log file anew, after it was rotated.\n"
    ".TP\n.B SIGUSR2\n"
    "Starts the program anew with the same sockets; this process ends when its\n"
    "sessions have.\n"
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\nIt did what was asked, or ended on a signal.\n"
    ".TP\n.B 1\nSomething keeps it from starting, or the answer is no; a line says what.\n"
    ".TP\n.B 2\nThe command line is wrong.\n";

static const char foot[] = //
    ".SH EXAMPLES\n"
    ".TP\n.B wsluice 6080 localhost:5900\n"
    "A VNC server on this machine, for browsers on any other.\n"
    ".TP\n.B wsluice \\-\\-cert=desk.pem \\-\\-key=desk.key \\-\\-ssl\\-only 443 10.0.0.5:5900\n"
    "The same over wss:// only, for a machine behind this one.\n"
    ".TP\n.B wsluice \\-\\-print\\-config 6080 localhost:5900 > gateway.yaml\n"
    "A command line as a file, to begin a gateway with.\n";

static void print_words(FILE *stream)
{
    struct cli_word word;
    fputs(".SH COMMANDS\n", stream);
    for (size_t cursor = 0; cli_word_next(&cursor, &word);) {
        fprintf(stream, ".TP\n\\fB%s\\fR%s", word.word, *word.arguments ? " " : "");
        put_line(word.arguments, stream);
        put_sentence(word.help, stream);
    }
}

static void print_flag(const struct cli_flag *flag, FILE *stream)
{
    char text[TEXT_MAX];
    fputs(".TP\n\\fB", stream);
    if (flag->flag->letter)
        fprintf(stream, "\\-%c\\fR, \\fB", flag->flag->letter);
    snprintf(text, sizeof(text), "--%s", flag->flag->name);
    for (const char *p = text; *p; p++)
        fputs(*p == '-' ? "\\-" : (char[]){*p, '\0'}, stream);
    if (flag->flag->argument)
        fprintf(stream, "\\fR=\\fI%s", flag->flag->argument);
    fputs("\\fR\n", stream);
    cli_flag_help(flag, text, sizeof(text));
    put_sentence(text, stream);
}

static void print_flags(FILE *stream)
{
    enum options_section section;
    struct cli_flag flag;
    fputs(".SH OPTIONS\n", stream);
    for (size_t i = 0; cli_flag_group(i, &section); i++) {
        if (options_section(section)->title)
            fprintf(stream, ".SS %s\n", options_section(section)->title);
        for (size_t cursor = 0; cli_flag_next(&cursor, &flag);)
            if (cli_flag_section(&flag) == section)
                print_flag(&flag, stream);
    }
}

static void print_environment(FILE *stream)
{
    struct cli_environment_variable variable;
    fputs(".SH ENVIRONMENT\nA command line that names neither addresses nor a file takes them from "
          "here.\n",
          stream);
    for (size_t cursor = 0; cli_environment_next(&cursor, &variable);) {
        fprintf(stream, ".TP\n.B %s\n", variable.name);
        put_sentence(variable.help, stream);
    }
}

static void print_file(FILE *stream)
{
    const struct options_row *row;
    char path[200];
    fputs(".SH CONFIGURATION FILE\n"
          "YAML. \\fBwsluice help\\-config\\fR \\fIPATH\\fR says more of each option,\n"
          "\\fBwsluice check\\fR \\fIFILE\\fR what is wrong with a file.\n",
          stream);
    for (size_t i = 0; (row = options_at(i)); i++) {
        options_path(row->section, row, path, sizeof(path));
        fprintf(stream, ".TP\n.B %s\n", path);
        put_sentence(row->help, stream);
    }
}

void cli_manual_print(FILE *stream)
{
    fputs(head, stream);
    print_words(stream);
    print_flags(stream);
    print_environment(stream);
    print_file(stream);
    fputs(signals, stream);
    fputs(foot, stream);
}
