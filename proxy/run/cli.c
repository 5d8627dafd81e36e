#include "run/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "config/diag.h"
#include "config/dump.h"
#include "config/options.h"
#include "config/rules.h"
#include "config/snapshot.h"
#include "run/cli_command.h"
#include "run/cli_flag.h"
#include "run/cli_help.h"
#include "run/cli_report.h"
#include "run/cli_scan.h"

static const struct diag_where where = {NULL, 0, 0};
static const char demo_listen[] = "6080", default_certificate[] = "self.pem";
static const char see_help[] = "see wsluice --help";

struct cli {
    struct diag diag;
    struct cli_scan scan;
    struct config *config;       /* of the quick command line */
    const struct config *loaded; /* from the file, instead */
    void *objects[OPTIONS_SECTION_COUNT];
    char *directory; /* where the process was started; NULL unless paths must hold elsewhere */
    struct cli_memory memory; /* of --config */
};

static void usage_error(struct cli *cli, const char *subject, const char *message,
                        const char *remedy)
{
    cli->scan.usage_error = true;
    diag_add(&cli->diag, DIAG_ERROR, where, subject, remedy, "%s", message);
}

/* What is wrong in the end is the machine, not the command line: EXIT_CANNOT. */
static void out_of_memory(struct cli *cli)
{
    diag_out_of_memory(&cli->diag);
}

/* ---- build: assignments and positionals to a snapshot ---- */

/* A path as it is written, or from the root if the process will leave its directory. */
static char *rooted(const struct cli *cli, const struct options_row *row, const char *text)
{
    enum value_type type = row->value.type;
    const char *path = text, *prefix = "";
    bool is_path = type == VALUE_PATH;
    if ((type == VALUE_LISTEN || type == VALUE_TARGET) && strncmp(text, "unix:", 5) == 0) {
        prefix = "unix:";
        path = text + 5;
        is_path = true;
    }
    char *result;
    if (!cli->directory || !is_path || *path == '\0' || *path == '/' ||
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

static void bad_value(struct cli *cli, const struct cli_assignment *assignment,
                      const char *argument, const char *why)
{
    char subject[64];
    snprintf(subject, sizeof(subject), "--%s", assignment->flag.flag->name);
    bool quote = *argument && !assignment->flag.row->secret;
    cli->scan.usage_error = true;
    diag_add(&cli->diag, DIAG_ERROR, where, subject, NULL, "%s%s%s%s", why, quote ? ", not '" : "",
             quote ? argument : "", quote ? "'" : "");
}

static void set_flag(struct cli *cli, const struct cli_assignment *assignment)
{
    const struct options_flag *flag = assignment->flag.flag;
    const char *argument = assignment->argument ? assignment->argument : flag->sets;
    char *text, why[128];
    if (asprintf(&text, "%s%s", flag->prefix ? flag->prefix : "", argument) < 0) {
        out_of_memory(cli);
        return;
    }
    enum value_verdict verdict = set(cli, assignment->flag.row, text, why, sizeof(why));
    if (verdict == VALUE_NO_MEMORY)
        out_of_memory(cli);
    else if (verdict != VALUE_OK)
        bad_value(cli, assignment, argument, why);
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
    cli->scan.usage_error = true;
    diag_add(&cli->diag, DIAG_ERROR, where, NULL, NULL, "%s: %s, not '%s'", what, why, text);
}

static bool given(const struct cli *cli, enum options_section section, const char *key)
{
    const struct options_row *row = options_find(section, key);
    for (size_t i = 0; i < cli->scan.assignment_count; i++)
        if (cli->scan.assignments[i].flag.row == row)
            return true;
    return false;
}

static void set_positionals(struct cli *cli)
{
    enum options_section wanted[CLI_POSITIONALS_MAX];
    size_t count = 0, fewest;
    bool target_given = given(cli, OPTIONS_TARGET, "address");
    if (!given(cli, OPTIONS_LISTENER, "address"))
        wanted[count++] = OPTIONS_LISTENER;
    if (!target_given && !cli->scan.demo)
        wanted[count++] = OPTIONS_TARGET;
    fewest = cli->scan.demo ? 0 : count;

    if (cli->scan.demo && target_given)
        usage_error(cli, NULL, "demo has its own target", "leave --unix-target out");
    if (cli->scan.demo && cli->scan.print)
        usage_error(cli, "--print-config", "a file cannot say demo", "name a target instead");
    if (cli->scan.unknown_flag)
        return;
    if (cli->scan.positional_count < fewest)
        usage_error(cli, NULL, "Too few arguments", see_help);
    if (cli->scan.positional_count > count)
        usage_error(cli, NULL, "Too many arguments", see_help);
    for (size_t i = 0; i < count && i < cli->scan.positional_count; i++)
        set_positional(cli, wanted[i], cli->scan.positionals[i]);
}

static void set_demo(struct cli *cli)
{
    /* An abstract name needs no directory and leaves nothing behind. */
    char target[64];
    snprintf(target, sizeof(target), "unix:@wsluice-demo-%ld", (long)getpid());
    set_fixed(cli, OPTIONS_TARGET, "address", target);
    if (cli->scan.positional_count == 0 && !given(cli, OPTIONS_LISTENER, "address"))
        set_fixed(cli, OPTIONS_LISTENER, "address", demo_listen);
}

/* A daemon leaves its directory, a file is read in another, and a printed one anywhere. */
static bool note_directory(struct cli *cli)
{
    if (!cli->scan.daemon && !cli->scan.print && !cli->scan.file)
        return true;
    cli->directory = getcwd(NULL, 0);
    if (!cli->directory)
        diag_add(&cli->diag, DIAG_ERROR, where, cli->scan.daemon ? "--daemon" : NULL,
                 "start from a directory that exists", "the current directory: %s",
                 strerror(errno));
    return cli->directory != NULL;
}

/* One struct of every section, and the defaults of the command line. */
static bool begin(struct cli *cli)
{
    if (!note_directory(cli))
        return false;
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
        cli->scan.usage_error = true;
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

static struct diag_where locate(const void *owner, struct subject subject)
{
    return where;
}

static void build(struct cli *cli)
{
    if (!begin(cli))
        return;
    for (size_t i = 0; i < cli->scan.assignment_count; i++)
        set_flag(cli, &cli->scan.assignments[i]);
    set_positionals(cli);
    if (cli->config->log.file)
        set_fixed(cli, OPTIONS_LOG, "target", "file");
    if (cli->scan.demo)
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

/* ---- a file ---- */

/* What the process has once, and the file may have as well. */
static bool is_of_process(const struct options_row *row)
{
    const struct options_section_row *section = options_section(row->section);
    return row->section == OPTIONS_PROCESS ||
           (section->parent == OPTIONS_PROCESS && section->shape == OPTIONS_ONE);
}

static void add_override(struct cli *cli, const struct cli_assignment *assignment)
{
    const struct options_row *row = assignment->flag.row;
    const struct options_flag *flag = assignment->flag.flag;
    const char *argument = assignment->argument ? assignment->argument : flag->sets;
    struct value value;
    char why[128];
    if (!is_of_process(row)) {
        char subject[64];
        snprintf(subject, sizeof(subject), "--%s", flag->name);
        usage_error(cli, subject, "belongs to listeners or routes, which are in the file",
                    "write it there");
        return;
    }
    if (value_parse(&row->value, argument, &value, why, sizeof(why)) != VALUE_OK) {
        bad_value(cli, assignment, argument, why);
        return;
    }
    struct cli_memory *memory = &cli->memory;
    char *text = rooted(cli, row, argument);
    if (!text) {
        out_of_memory(cli);
        return;
    }
    memory->texts[memory->count] = text;
    memory->overrides[memory->count++] = (struct load_override){row, text};
}

static struct load_request request_of(const struct cli *cli)
{
    return (struct load_request){cli->memory.path, cli->memory.overrides, cli->memory.count};
}

/* A file that can be loaded again, wherever the process is by then. */
static void load_file(struct cli *cli)
{
    if (!note_directory(cli))
        return;
    if (cli->scan.positional_count > 0 || cli->scan.demo)
        usage_error(cli, NULL, "Too many arguments", "the addresses are in the file of --config");
    bool as_it_is = !cli->scan.daemon || *cli->scan.file == '/';
    struct cli_memory *memory = &cli->memory;
    if (asprintf(&memory->path, "%s%s%s", as_it_is ? "" : cli->directory, as_it_is ? "" : "/",
                 cli->scan.file) < 0)
        memory->path = NULL;
    memory->overrides = calloc(cli->scan.assignment_count + 1, sizeof(*memory->overrides));
    memory->texts = calloc(cli->scan.assignment_count + 1, sizeof(*memory->texts));
    if (!memory->overrides || !memory->texts || !memory->path) {
        out_of_memory(cli);
        return;
    }
    for (size_t i = 0; i < cli->scan.assignment_count; i++)
        add_override(cli, &cli->scan.assignments[i]);
    const struct load_request request = request_of(cli);
    if (cli->diag.errors == 0)
        cli->loaded = load_config(&request, &cli->diag);
}

/* ---- all together ---- */

static void report(const struct cli *cli, FILE *err)
{
    if (cli->scan.usage_error)
        cli_help_usage(err);
    cli_report_findings(&cli->diag, err);
}

static void erase_secrets(const struct cli *cli)
{
    for (size_t i = 0; i < cli->scan.assignment_count; i++) {
        const struct cli_assignment *assignment = &cli->scan.assignments[i];
        if (assignment->argument && assignment->flag.row->secret)
            explicit_bzero(assignment->argument, strlen(assignment->argument));
    }
}

static void finish(struct cli *cli, FILE *out, FILE *err, struct cli_result *result)
{
    *result = (struct cli_result){.action = CLI_EXIT, .exit_status = EXIT_SUCCESS};
    if (cli->scan.help) {
        cli_help_page(out);
        return;
    }
    if (cli->scan.version) {
        fputs("wsluice " WSLUICE_VERSION "\n", out);
        return;
    }
    report(cli, err);
    const struct config *config = cli->scan.file ? cli->loaded : cli->config;
    if (cli->diag.errors > 0) {
        result->exit_status = cli->scan.usage_error ? CLI_STATUS_USAGE : CLI_STATUS_CANNOT;
        return;
    }
    if (cli->scan.print) {
        dump_config(config, out);
        return;
    }
    result->action = cli->scan.demo ? CLI_DEMO : CLI_RUN;
    result->config = config_retain(config);
    result->daemon = cli->scan.daemon;
    result->file = request_of(cli); /* nothing, on the quick command line */
    result->memory = cli->memory;
    cli->memory = (struct cli_memory){0};
}

static void release(struct cli *cli)
{
    cli_result_free_memory(&cli->memory);
    config_release(cli->config);
    config_release(cli->loaded);
    free(cli->directory);
    free(cli->scan.assignments);
    diag_free(&cli->diag);
}

void cli_parse(int argc, char **argv, FILE *out, FILE *err, struct cli_result *result)
{
    struct cli cli = {.scan = {.diag = &cli.diag}};
    size_t letters = 0; /* each letter and each word assigns at most once */
    if (cli_command_parse(argc, argv, out, err, result))
        return;
    for (int i = 1; i < argc; i++)
        letters += strlen(argv[i]);
    diag_init(&cli.diag);
    cli.scan.assignments = calloc(letters + 1, sizeof(*cli.scan.assignments));
    if (!cli.scan.assignments) {
        out_of_memory(&cli);
    } else {
        cli_scan_words(&cli.scan, argc, argv);
        if (!cli.scan.help && !cli.scan.version) {
            if (cli.scan.file)
                load_file(&cli);
            else
                build(&cli);
        }
    }
    finish(&cli, out, err, result);
    erase_secrets(&cli);
    release(&cli);
}
