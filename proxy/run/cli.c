#include "run/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "config/diag.h"
#include "config/options.h"
#include "config/rules.h"
#include "config/snapshot.h"
#include "run/cli_flag.h"
#include "run/cli_help.h"

enum { EXIT_CANNOT = 1, EXIT_USAGE = 2, POSITIONALS_MAX = 2 };

static const struct diag_where where = {"command line", 0, 0};
static const char demo_word[] = "demo", demo_listen[] = "6080", default_certificate[] = "self.pem";
static const char see_help[] = "see wsluice --help";

/* A flag and what it says, in the order of the command line: the last one wins. */
struct assignment {
    struct cli_flag flag;
    char *argument; /* in argv; NULL: the flag has none */
};

struct cli {
    struct diag diag;
    bool usage_error;
    bool unknown_flag; /* then a positional may have been meant as its argument */

    struct assignment *assignments;
    size_t assignment_count;
    char *positionals[POSITIONALS_MAX];
    size_t positional_count; /* of all, stored or not */
    bool demo, daemon, version, help;

    struct config *config;
    void *objects[OPTIONS_SECTION_COUNT];
    char *directory; /* where the process was started; NULL unless it will leave */
};

static void usage_error(struct cli *cli, const char *subject, const char *message,
                        const char *remedy)
{
    cli->usage_error = true;
    diag_add(&cli->diag, DIAG_ERROR, where, subject, remedy, "%s", message);
}

/* What is wrong in the end is the machine, not the command line: EXIT_CANNOT. */
static void out_of_memory(struct cli *cli)
{
    diag_add(&cli->diag, DIAG_ERROR, where, NULL, NULL, "out of memory");
}

/* ---- scan: argv to assignments and positionals ---- */

static void apply_flag(struct cli *cli, const struct cli_flag *flag, char *argument)
{
    switch (flag->meaning) {
    case CLI_FLAG_OPTION:
        cli->assignments[cli->assignment_count++] = (struct assignment){*flag, argument};
        break;
    case CLI_FLAG_DAEMON:
        cli->daemon = true;
        break;
    case CLI_FLAG_VERSION:
        cli->version = true;
        break;
    case CLI_FLAG_HELP:
        cli->help = true;
        break;
    }
}

/* "-vD" */
static void scan_letters(struct cli *cli, const char *letters)
{
    for (; *letters; letters++) {
        struct cli_flag flag;
        if (cli_flag_by_letter(*letters, &flag)) {
            apply_flag(cli, &flag, NULL);
        } else {
            const char name[] = {'-', *letters, '\0'};
            usage_error(cli, name, "unknown option", see_help);
            cli->unknown_flag = true;
        }
    }
}

/* "--name", "--name=argument", "--name" "argument". Returns how many more arguments it took. */
static int scan_name(struct cli *cli, char *text, char *next)
{
    char *name = text + 2;
    size_t length = strcspn(name, "=");
    char *argument = name[length] == '=' ? name + length + 1 : NULL;
    char shown[64], names[512], remedy[sizeof(names) + 32];
    snprintf(shown, sizeof(shown), "--%.*s", (int)length, name);

    struct cli_flag flag;
    switch (cli_flag_by_name(name, length, &flag, names, sizeof(names))) {
    case CLI_FLAG_UNKNOWN:
        cli->unknown_flag = true;
        snprintf(remedy, sizeof(remedy), "did you mean %s?", names);
        usage_error(cli, shown, "unknown option", names[0] ? remedy : see_help);
        return 0;
    case CLI_FLAG_AMBIGUOUS:
        cli->unknown_flag = true;
        snprintf(remedy, sizeof(remedy), "it could be %s", names);
        usage_error(cli, shown, "ambiguous option", remedy);
        return 0;
    case CLI_FLAG_FOUND:
        break;
    }
    snprintf(shown, sizeof(shown), "--%s", flag.flag->name);
    if (!flag.flag->argument) {
        if (argument)
            usage_error(cli, shown, "takes no argument", NULL);
        apply_flag(cli, &flag, NULL);
        return 0;
    }
    if (argument) {
        apply_flag(cli, &flag, argument);
        return 0;
    }
    if (!next) {
        snprintf(remedy, sizeof(remedy), "write %s=%s", shown, flag.flag->argument);
        usage_error(cli, shown, "needs an argument", remedy);
        return 0;
    }
    apply_flag(cli, &flag, next);
    return 1;
}

static void scan_positional(struct cli *cli, char *text)
{
    /* "demo" is no listen address, so it cannot be meant otherwise. */
    if (cli->positional_count == 0 && !cli->demo && strcmp(text, demo_word) == 0) {
        cli->demo = true;
        return;
    }
    if (cli->positional_count < POSITIONALS_MAX)
        cli->positionals[cli->positional_count] = text;
    cli->positional_count++;
}

static void scan(struct cli *cli, int argc, char **argv)
{
    for (int i = 1; i < argc && !cli->help && !cli->version; i++) {
        if (argv[i][0] != '-' || argv[i][1] == '\0')
            scan_positional(cli, argv[i]);
        else if (argv[i][1] != '-')
            scan_letters(cli, argv[i] + 1);
        else
            i += scan_name(cli, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
    }
}

/* ---- build: assignments and positionals to a snapshot ---- */

/* A path as it is written, or from the root if the process will leave its directory. */
static char *rooted(const struct cli *cli, const struct options_row *row, const char *text)
{
    enum value_type type = row->value.type;
    const char *path = NULL, *prefix = "";
    if (type == VALUE_PATH)
        path = text;
    if ((type == VALUE_LISTEN || type == VALUE_TARGET) && strncmp(text, "unix:", 5) == 0) {
        prefix = "unix:";
        path = text + 5;
    }
    char *result;
    if (!cli->directory || !path || *path == '\0' || *path == '/' ||
        (*path == '@' && type != VALUE_PATH))
        return strdup(text);
    return asprintf(&result, "%s%s/%s", prefix, cli->directory, path) < 0 ? NULL : result;
}

/* The command line has one of each section; a certificate only when a flag speaks of it. */
static bool open_section(struct cli *cli, enum options_section section)
{
    void *parent = cli->objects[options_section(section)->parent];
    if (!cli->objects[section])
        cli->objects[section] = snapshot_open(cli->config, section, parent);
    return cli->objects[section] != NULL;
}

static enum value_verdict set(struct cli *cli, const struct options_row *row, const char *text,
                              char *why, size_t why_size)
{
    char *path = open_section(cli, row->section) ? rooted(cli, row, text) : NULL;
    if (!path) {
        snprintf(why, why_size, "out of memory");
        return VALUE_NO_MEMORY;
    }
    enum value_verdict verdict =
        snapshot_set(cli->config, row, cli->objects[row->section], path, why, why_size);
    explicit_bzero(path, strlen(path)); /* it may be a password */
    free(path);
    return verdict;
}

/* Sets what is known to be right; only memory can be missing. */
static void set_fixed(struct cli *cli, enum options_section section, const char *key,
                      const char *text)
{
    char why[128];
    enum value_verdict verdict = set(cli, options_find(section, key), text, why, sizeof(why));
    wsl_assert(verdict == VALUE_OK || verdict == VALUE_NO_MEMORY);
    if (verdict != VALUE_OK)
        out_of_memory(cli);
}

static void set_flag(struct cli *cli, const struct assignment *assignment)
{
    const struct options_flag *flag = assignment->flag.flag;
    const struct options_row *row = assignment->flag.row;
    const char *argument = assignment->argument ? assignment->argument : flag->sets;
    char *text, why[128], subject[64];
    if (asprintf(&text, "%s%s", flag->prefix ? flag->prefix : "", argument) < 0) {
        out_of_memory(cli);
        return;
    }
    enum value_verdict verdict = set(cli, row, text, why, sizeof(why));
    if (verdict == VALUE_NO_MEMORY) {
        out_of_memory(cli);
    } else if (verdict != VALUE_OK) {
        snprintf(subject, sizeof(subject), "--%s", flag->name);
        bool quote = *argument && !row->secret;
        cli->usage_error = true;
        diag_add(&cli->diag, DIAG_ERROR, where, subject, NULL, "%s%s%s%s", why,
                 quote ? ", not '" : "", quote ? argument : "", quote ? "'" : "");
    }
    explicit_bzero(text, strlen(text));
    free(text);
}

/* The words of these errors are websockify's; scripts look for them. */
static void set_positional(struct cli *cli, enum options_section section, const char *text)
{
    const struct options_row *row = options_find(section, "address");
    bool listen = section == OPTIONS_LISTENER;
    char why[128];
    enum value_verdict verdict = set(cli, row, text, why, sizeof(why));
    if (verdict == VALUE_OK)
        return;
    if (verdict == VALUE_NO_MEMORY) {
        out_of_memory(cli);
        return;
    }
    const char *what = listen ? "Error parsing listen address" : "Error parsing target";
    if (verdict == VALUE_BAD_PORT)
        what = listen ? "Error parsing listen port" : "Error parsing target port";
    cli->usage_error = true;
    diag_add(&cli->diag, DIAG_ERROR, where, NULL, NULL, "%s: %s, not '%s'", what, why, text);
}

static bool given(const struct cli *cli, enum options_section section, const char *key)
{
    const struct options_row *row = options_find(section, key);
    for (size_t i = 0; i < cli->assignment_count; i++)
        if (cli->assignments[i].flag.row == row)
            return true;
    return false;
}

static void set_positionals(struct cli *cli)
{
    enum options_section wanted[POSITIONALS_MAX];
    size_t count = 0, fewest;
    bool target_given = given(cli, OPTIONS_TARGET, "address");
    if (!given(cli, OPTIONS_LISTENER, "address"))
        wanted[count++] = OPTIONS_LISTENER;
    if (!target_given && !cli->demo)
        wanted[count++] = OPTIONS_TARGET;
    fewest = cli->demo ? 0 : count;

    if (cli->demo && target_given)
        usage_error(cli, NULL, "demo has its own target", "leave --unix-target out");
    if (cli->unknown_flag)
        return;
    if (cli->positional_count < fewest)
        usage_error(cli, NULL, "Too few arguments", see_help);
    if (cli->positional_count > count)
        usage_error(cli, NULL, "Too many arguments", see_help);
    for (size_t i = 0; i < count && i < cli->positional_count; i++)
        set_positional(cli, wanted[i], cli->positionals[i]);
}

static void set_demo(struct cli *cli)
{
    /* An abstract name needs no directory and leaves nothing behind. */
    char target[64];
    snprintf(target, sizeof(target), "unix:@wsluice-demo-%ld", (long)getpid());
    set_fixed(cli, OPTIONS_TARGET, "address", target);
    if (cli->positional_count == 0 && !given(cli, OPTIONS_LISTENER, "address"))
        set_fixed(cli, OPTIONS_LISTENER, "address", demo_listen);
}

/* One struct of every section, and the defaults of the command line. */
static bool begin(struct cli *cli)
{
    if (cli->daemon && !(cli->directory = getcwd(NULL, 0))) {
        diag_add(&cli->diag, DIAG_ERROR, where, "--daemon", "start from a directory that exists",
                 "the current directory: %s", strerror(errno));
        return false;
    }
    cli->config = snapshot_begin();
    if (!cli->config) {
        out_of_memory(cli);
        return false;
    }
    cli->objects[OPTIONS_PROCESS] = cli->config;
    static const enum options_section always[] = {OPTIONS_LOG, OPTIONS_LIMITS, OPTIONS_LISTENER,
                                                  OPTIONS_TLS, OPTIONS_ROUTE,  OPTIONS_TARGET};
    for (size_t i = 0; i < WSL_COUNT(always); i++) {
        if (!open_section(cli, always[i])) {
            out_of_memory(cli);
            return false;
        }
    }
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->quick)
            set_fixed(cli, row->section, row->key, row->quick);
    return true;
}

/* ---- check: what websockify decides by itself, and the files ---- */

/* NULL: this process may read it. */
static const char *unreadable(const char *path)
{
    struct stat info;
    if (access(path, R_OK) < 0 || stat(path, &info) < 0)
        return strerror(errno);
    return S_ISDIR(info.st_mode) ? strerror(EISDIR) : NULL;
}

static void check_file(struct cli *cli, const char *flag, const char *path)
{
    const char *problem = path ? unreadable(path) : NULL;
    if (problem)
        diag_add(&cli->diag, DIAG_ERROR, where, flag,
                 "name a PEM file that exists and that this user may read", "cannot read '%s': %s",
                 path, problem);
}

/* With a certificate, TLS and plain share the port unless --ssl-only; without one there is no TLS.
 */
static void settle_tls(struct cli *cli)
{
    const struct config_tls *tls = cli->objects[OPTIONS_TLS];
    const struct config_certificate *pair = cli->objects[OPTIONS_CERTIFICATE];
    if (!(pair && pair->certificate) && access(default_certificate, F_OK) == 0)
        set_fixed(cli, OPTIONS_CERTIFICATE, "certificate", default_certificate);
    pair = cli->objects[OPTIONS_CERTIFICATE];
    const char *certificate = pair ? pair->certificate : NULL;
    if (tls->mode == CONFIG_TLS_REQUIRED && (!certificate || unreadable(certificate))) {
        cli->usage_error = true;
        diag_add(&cli->diag, DIAG_ERROR, where, NULL, "name a PEM file with --cert",
                 "SSL only and CERT not found%s%s", certificate ? ": " : "",
                 certificate ? certificate : "");
        return;
    }
    if (certificate && tls->mode == CONFIG_TLS_OFF)
        set_fixed(cli, OPTIONS_TLS, "mode", "optional");
    check_file(cli, "--cert", certificate);
    check_file(cli, "--key", pair ? pair->key : NULL);
    check_file(cli, "--cafile", tls->client_ca);
}

/* What websockify passes over in silence, although its user expects more security than there is. */
static void warn(struct cli *cli)
{
    const struct config_tls *tls = cli->objects[OPTIONS_TLS];
    const struct config_target *target = cli->objects[OPTIONS_TARGET];
    if (tls->client_ca && tls->client_verify == CONFIG_VERIFY_OFF)
        diag_add(&cli->diag, DIAG_WARNING, where, "--cafile", NULL,
                 "means nothing without --verify-client");
    if (target->tls && target->address.kind == CONFIG_ADDRESS_UNIX && !target->server_name) {
        diag_add(&cli->diag, DIAG_WARNING, where, "--ssl-target",
                 "name the host of its certificate with --ssl-target-name",
                 "a Unix socket is reached without TLS");
        set_fixed(cli, OPTIONS_TARGET, "tls", "false");
    }
}

static struct diag_where locate(const void *owner, const struct subject *subject)
{
    return where;
}

static void build(struct cli *cli)
{
    if (!begin(cli))
        return;
    for (size_t i = 0; i < cli->assignment_count; i++)
        set_flag(cli, &cli->assignments[i]);
    set_positionals(cli);
    if (cli->demo)
        set_demo(cli);
    /* Only what was understood can be weighed. */
    if (cli->diag.errors == 0)
        settle_tls(cli);
    if (cli->diag.errors == 0)
        warn(cli);
    if (cli->diag.errors == 0)
        rules_check(cli->config, &(struct subject_names){.flags = true, .locate = locate},
                    &cli->diag);
}

static void report(const struct cli *cli, FILE *err)
{
    if (cli->usage_error)
        cli_help_usage(err);
    for (size_t i = 0; i < cli->diag.count; i++) {
        const struct diag_finding *finding = &cli->diag.findings[i];
        char line[1024];
        diag_format(finding, line, sizeof(line));
        fprintf(err, "wsluice: %s: %s\n", finding->level == DIAG_ERROR ? "error" : "warning", line);
    }
    if (cli->diag.lost)
        fputs("wsluice: error: out of memory\n", err);
}

static void erase_secrets(const struct cli *cli)
{
    for (size_t i = 0; i < cli->assignment_count; i++) {
        const struct assignment *assignment = &cli->assignments[i];
        if (assignment->argument && assignment->flag.row->secret)
            explicit_bzero(assignment->argument, strlen(assignment->argument));
    }
}

static void finish(struct cli *cli, FILE *out, FILE *err, struct cli_result *result)
{
    *result = (struct cli_result){.action = CLI_EXIT, .exit_status = EXIT_SUCCESS};
    if (cli->help) {
        cli_help_page(out);
    } else if (cli->version) {
        fputs("wsluice " WSLUICE_VERSION "\n", out);
    } else {
        report(cli, err);
        if (cli->diag.errors > 0) {
            result->exit_status = cli->usage_error ? EXIT_USAGE : EXIT_CANNOT;
            return;
        }
        result->action = cli->demo ? CLI_DEMO : CLI_RUN;
        result->config = config_retain(cli->config);
        result->daemon = cli->daemon;
    }
}

void cli_parse(int argc, char **argv, FILE *out, FILE *err, struct cli_result *result)
{
    struct cli cli = {0};
    size_t letters = 0; /* each letter and each word assigns at most once */
    for (int i = 1; i < argc; i++)
        letters += strlen(argv[i]);
    diag_init(&cli.diag);
    cli.assignments = calloc(letters + 1, sizeof(*cli.assignments));
    if (cli.assignments) {
        scan(&cli, argc, argv);
        if (!cli.help && !cli.version)
            build(&cli);
    } else {
        out_of_memory(&cli);
    }
    finish(&cli, out, err, result);
    erase_secrets(&cli);
    config_release(cli.config);
    free(cli.directory);
    free(cli.assignments);
    diag_free(&cli.diag);
}
