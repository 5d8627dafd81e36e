#include "run/args/cli_scan.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"

static const char demo_word[] = "demo";
static const char see_help[] = "see wsluice --help";

static void usage_error(struct cli_scan *scan, const char *option, const char *message,
                        const char *remedy)
{
    scan->usage_error = true;
    diag_add(scan->diag, DIAG_ERROR, (struct diag_where){NULL, 0, 0}, option, remedy, "%s",
             message);
}

static void note_auth(struct cli_scan *scan, const char *flag, char *argument)
{
    if (strcmp(flag, "auth-plugin") == 0)
        scan->auth_plugin = argument;
    else if (strcmp(flag, "auth-source") == 0)
        scan->auth_source = argument;
    else
        scan->web_auth = true;
}

static void apply_flag(struct cli_scan *scan, const struct cli_flag *flag, char *argument)
{
    switch (flag->meaning) {
    case CLI_FLAG_OPTION:
        scan->assignments[scan->assignment_count++] = (struct cli_assignment){*flag, argument};
        break;
    case CLI_FLAG_DAEMON:
        scan->daemon = true;
        break;
    case CLI_FLAG_AUTH:
        note_auth(scan, flag->flag->name, argument);
        break;
    case CLI_FLAG_LIBSERVER:
        scan->libserver = true;
        break;
    case CLI_FLAG_VERSION:
        scan->version = true;
        break;
    case CLI_FLAG_HELP:
        scan->help = true;
        break;
    case CLI_FLAG_CONFIG:
        scan->file = argument;
        break;
    case CLI_FLAG_PRINT:
        scan->print = true;
        break;
    }
}

/* "-vD" */
static void scan_letters(struct cli_scan *scan, const char *letters)
{
    for (; *letters; letters++) {
        struct cli_flag flag;
        if (cli_flag_by_letter(*letters, &flag)) {
            apply_flag(scan, &flag, NULL);
        } else {
            const char name[] = {'-', *letters, '\0'};
            usage_error(scan, name, "unknown option", see_help);
            scan->unknown_flag = true;
        }
    }
}

/*
 * "--record --ssl-only": the name of a file was forgotten, and TLS must not be forgotten with it.
 * What is no flag may begin as it likes, a password for one.
 */
static bool is_flag(const char *word)
{
    struct cli_flag flag;
    char names[512];
    if (strncmp(word, "--", 2) != 0)
        return false;
    return word[2] == '\0' || cli_flag_by_name(word + 2, strcspn(word + 2, "="), &flag, names,
                                               sizeof(names)) != CLI_FLAG_UNKNOWN;
}

/* "--name", "--name=argument", "--name" "argument". Returns how many more arguments it took. */
static int scan_name(struct cli_scan *scan, char *text, char *next)
{
    char *name = text + 2;
    size_t length = strcspn(name, "=");
    char *argument = name[length] == '=' ? name + length + 1 : NULL;
    char shown[64], names[512], remedy[sizeof(names) + 32];
    snprintf(shown, sizeof(shown), "--%.*s", (int)length, name);

    struct cli_flag flag;
    switch (cli_flag_by_name(name, length, &flag, names, sizeof(names))) {
    case CLI_FLAG_UNKNOWN:
        scan->unknown_flag = true;
        snprintf(remedy, sizeof(remedy), "did you mean %s?", names);
        usage_error(scan, shown, "unknown option", names[0] ? remedy : see_help);
        return 0;
    case CLI_FLAG_AMBIGUOUS:
        scan->unknown_flag = true;
        snprintf(remedy, sizeof(remedy), "it could be %s", names);
        usage_error(scan, shown, "ambiguous option", remedy);
        return 0;
    case CLI_FLAG_FOUND:
        break;
    }
    snprintf(shown, sizeof(shown), "--%s", flag.flag->name);
    if (!flag.flag->argument) {
        if (argument)
            usage_error(scan, shown, "takes no argument", NULL);
        apply_flag(scan, &flag, NULL);
        return 0;
    }
    if (argument) {
        apply_flag(scan, &flag, argument);
        return 0;
    }
    if (!next || is_flag(next)) {
        snprintf(remedy, sizeof(remedy), "write %s=%s", shown, flag.flag->argument);
        usage_error(scan, shown, "needs an argument", remedy);
        return 0;
    }
    apply_flag(scan, &flag, next);
    return 1;
}

static void scan_positional(struct cli_scan *scan, char *text)
{
    /* "demo" is no listen address, so it cannot be meant otherwise. */
    if (scan->positional_count == 0 && !scan->demo && !scan->websockify &&
        strcmp(text, demo_word) == 0) {
        scan->demo = true;
        return;
    }
    if (scan->positional_count < CLI_POSITIONALS_MAX)
        scan->positionals[scan->positional_count] = text;
    scan->positional_count++;
}

/* All that follows "--", whatever it looks like. */
static int scan_command(struct cli_scan *scan, int count, char **words)
{
    scan->command = words;
    scan->command_count = (size_t)count;
    if (count == 0)
        usage_error(scan, NULL, "no command after --", "write PORT -- COMMAND ARGUMENTS...");
    return count;
}

void cli_scan_words(struct cli_scan *scan, int argc, char **argv)
{
    for (int i = 1; i < argc && !scan->help && !scan->version; i++) {
        if (argv[i][0] != '-' || argv[i][1] == '\0')
            scan_positional(scan, argv[i]);
        else if (argv[i][1] != '-')
            scan_letters(scan, argv[i] + 1);
        else if (argv[i][2] == '\0')
            i += scan_command(scan, argc - i - 1, argv + i + 1);
        else
            i += scan_name(scan, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
    }
}
