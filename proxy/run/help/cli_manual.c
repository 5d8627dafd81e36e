#include "run/help/cli_manual.h"

#include <string.h>

#include "base/base.h"
#include "config/print/reference.h"
#include "run/args/cli_environment.h"
#include "run/args/cli_flag.h"

enum { TEXT_MAX = 400, LINE_WIDTH = 72 };

/*
 * Text for roff. A word that begins with a dash is typed: its dashes are no hyphens. A line must
 * not begin with a full stop or a quote, and some ASCII characters need an escape.
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

/* A help line of a table, which has no full stop. */
static void put_sentence(const char *text, FILE *stream)
{
    put(text, stream);
    fputs(".\n", stream);
}

/* ---- sections ---- */

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
    "and names may be abbreviated while they stay unambiguous.\n";

static const char signals[] = //
    ".SH SIGNALS\n"
    ".TP\n.B SIGTERM, SIGINT\n"
    "Stops accepting, closes sessions with 1001, and exits when the last one has\n"
    "ended or after the drain timeout. A second signal exits at once.\n"
    ".TP\n.B SIGHUP\n"
    "Reads the file and all certificates again; if one is wrong, nothing changes.\n"
    "\\(lqwsluice reload\\(rq does the same and waits for the verdict.\n"
    ".TP\n.B SIGUSR1\n"
    "Reopens the log file, after rotation.\n"
    ".TP\n.B SIGUSR2\n"
    "Starts the program again with the same sockets; this process exits when its\n"
    "sessions have ended. \\(lqwsluice upgrade\\(rq waits for the verdict.\n"
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\nSuccess, or an exit on a signal.\n"
    ".TP\n.B 1\nIt cannot start, or a subcommand failed; an error line says why.\n"
    ".TP\n.B 2\nThe command line is wrong.\n";

static const char foot[] = //
    ".SH EXAMPLES\n"
    ".TP\n.B wsluice 6080 localhost:5900\n"
    "A VNC server on this machine, for browsers anywhere.\n"
    ".TP\n.B wsluice \\-\\-cert=desk.pem \\-\\-key=desk.key \\-\\-ssl\\-only 443 10.0.0.5:5900\n"
    "A VNC server on another machine, over wss:// only.\n"
    ".TP\n.B wsluice \\-\\-print\\-config 6080 localhost:5900 > gateway.yaml\n"
    "A command line as a file, to begin a gateway with.\n";

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

static void print_commands(const struct cli_command_list *list, FILE *stream)
{
    fputs(".SH COMMANDS\n", stream);
    for (size_t i = 0; i < list->count; i++) {
        const struct cli_command *command = list->commands[i];
        struct cli_flag flag;
        fprintf(stream, ".TP\n\\fB%s\\fR%s", command->name, *command->operands ? " " : "");
        put_line(command->operands, stream);
        put_sentence(command->help, stream);
        if (command->flag_count == 0)
            continue;
        fputs(".RS\n", stream);
        for (size_t cursor = 0; cli_flag_next(command, &cursor, &flag);)
            if (flag.meaning == CLI_FLAG_COMMAND)
                print_flag(&flag, stream);
        fputs(".RE\n", stream);
    }
}

static void print_flags(FILE *stream)
{
    enum options_section section;
    struct cli_flag flag;
    fputs(".SH OPTIONS\n", stream);
    for (size_t i = 0; cli_flag_group(i, &section); i++) {
        if (options_section(section)->title)
            fprintf(stream, ".SS %s\n", options_section(section)->title);
        for (size_t cursor = 0; cli_flag_next(NULL, &cursor, &flag);)
            if (cli_flag_section(&flag) == section)
                print_flag(&flag, stream);
    }
}

static void print_environment(FILE *stream)
{
    struct cli_environment_variable variable;
    fputs(".SH ENVIRONMENT\nA command line that names neither addresses nor a file takes them\n"
          "from these variables.\n",
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
          "YAML. \\fBwsluice help\\-config\\fR \\fIPATH\\fR explains an option,\n"
          "\\fBwsluice check\\fR \\fIFILE\\fR reports the errors of a file\n"
          "and of the files that it names.\n",
          stream);
    for (size_t i = 0; (row = options_at(i)); i++) {
        options_path(row->section, row, path, sizeof(path));
        fprintf(stream, ".TP\n.B %s\n", path);
        put_sentence(row->help, stream);
    }
}

void cli_manual_print(const struct cli_command_list *list, FILE *stream)
{
    fputs(head, stream);
    print_commands(list, stream);
    print_flags(stream);
    print_environment(stream);
    print_file(stream);
    fputs(signals, stream);
    fputs(foot, stream);
}
