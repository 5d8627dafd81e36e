#include "run/args/cli_args.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"

static const char demo_word[] = "demo";
static const char see_help[] = "see wsluice --help";

static void usage_error(struct cli_args *args, const char *option, const char *message,
                        const char *remedy)
{
    args->usage_error = true;
    diag_add(args->diag, DIAG_ERROR, (struct diag_where){NULL, 0, 0}, option, remedy, "%s",
             message);
}

static void note_auth(struct cli_args *args, const char *flag, char *argument)
{
    if (strcmp(flag, "auth-plugin") == 0)
        args->auth_plugin = argument;
    else if (strcmp(flag, "auth-source") == 0)
        args->auth_source = argument;
    else
        args->web_auth = true;
}

static void apply_flag(struct cli_args *args, const struct cli_flag *flag, char *argument)
{
    switch (flag->meaning) {
    case CLI_FLAG_OPTION:
        args->assignments[args->assignment_count++] = (struct cli_assignment){*flag, argument};
        break;
    case CLI_FLAG_DAEMON:
        args->daemon = true;
        break;
    case CLI_FLAG_AUTH:
        note_auth(args, flag->flag->name, argument);
        break;
    case CLI_FLAG_LIBSERVER:
        args->libserver = true;
        break;
    case CLI_FLAG_VERSION:
        args->version = true;
        break;
    case CLI_FLAG_HELP:
        args->help = true;
        break;
    case CLI_FLAG_CONFIG:
        args->file = argument;
        break;
    case CLI_FLAG_PRINT:
        args->print = true;
        break;
    }
}

/* "-vD" */
static void scan_letters(struct cli_args *args, const char *letters)
{
    for (; *letters; letters++) {
        struct cli_flag flag;
        if (cli_flag_by_letter(*letters, &flag)) {
            apply_flag(args, &flag, NULL);
        } else {
            const char name[] = {'-', *letters, '\0'};
            usage_error(args, name, "unknown option", see_help);
            args->unknown_flag = true;
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
static int scan_name(struct cli_args *args, char *text, char *next)
{
    char *name = text + 2;
    size_t length = strcspn(name, "=");
    char *argument = name[length] == '=' ? name + length + 1 : NULL;
    char shown[64], names[512], remedy[sizeof(names) + 32];
    snprintf(shown, sizeof(shown), "--%.*s", (int)length, name);

    struct cli_flag flag;
    switch (cli_flag_by_name(name, length, &flag, names, sizeof(names))) {
    case CLI_FLAG_UNKNOWN:
        args->unknown_flag = true;
        snprintf(remedy, sizeof(remedy), "did you mean %s?", names);
        usage_error(args, shown, "unknown option", names[0] ? remedy : see_help);
        return 0;
    case CLI_FLAG_AMBIGUOUS:
        args->unknown_flag = true;
        snprintf(remedy, sizeof(remedy), "it could be %s", names);
        usage_error(args, shown, "ambiguous option", remedy);
        return 0;
    case CLI_FLAG_FOUND:
        break;
    }
    snprintf(shown, sizeof(shown), "--%s", flag.flag->name);
    if (!flag.flag->argument) {
        if (argument)
            usage_error(args, shown, "takes no argument", NULL);
        apply_flag(args, &flag, NULL);
        return 0;
    }
    if (argument) {
        apply_flag(args, &flag, argument);
        return 0;
    }
    if (!next || is_flag(next)) {
        snprintf(remedy, sizeof(remedy), "write %s=%s", shown, flag.flag->argument);
        usage_error(args, shown, "needs an argument", remedy);
        return 0;
    }
    apply_flag(args, &flag, next);
    return 1;
}

static void scan_positional(struct cli_args *args, char *text)
{
    /* "demo" is no listen address, so it cannot be meant otherwise. */
    if (args->positional_count == 0 && !args->demo && !args->websockify &&
        strcmp(text, demo_word) == 0) {
        args->demo = true;
        return;
    }
    if (args->positional_count < CLI_POSITIONALS_MAX)
        args->positionals[args->positional_count] = text;
    args->positional_count++;
}

/* All that follows "--", whatever it looks like. */
static int scan_command(struct cli_args *args, int count, char **words)
{
    args->command = words;
    args->command_count = (size_t)count;
    if (count == 0)
        usage_error(args, NULL, "no command after --", "write PORT -- COMMAND ARGUMENTS...");
    return count;
}

void cli_args_read(struct cli_args *args, int argc, char **argv)
{
    for (int i = 1; i < argc && !args->help && !args->version; i++) {
        if (argv[i][0] != '-' || argv[i][1] == '\0')
            scan_positional(args, argv[i]);
        else if (argv[i][1] != '-')
            scan_letters(args, argv[i] + 1);
        else if (argv[i][2] == '\0')
            i += scan_command(args, argc - i - 1, argv + i + 1);
        else
            i += scan_name(args, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
    }
}
