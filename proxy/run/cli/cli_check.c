#include "run/cli/cli_check.h"

#include "base/base.h"
#include "run/check/check.h"
#include "run/cli/cli_call.h"
#include "run/cli/cli_report.h"

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void print_summary(FILE *out, const char *path, const struct config *config, size_t warnings)
{
    size_t listeners = config->listener_count - config->admin_listeners;
    size_t routes = config->route_count - config->admin_routes;
    fprintf(out, "%s: ok: %zu listener%s, %zu route%s", path, listeners, plural(listeners), routes,
            plural(routes));
    if (warnings > 0)
        fprintf(out, ", %zu warning%s", warnings, plural(warnings));
    fputc('\n', out);
}

static int run_check(const struct cli_call *call)
{
    const char *path = cli_call_operand(call, 0);
    bool syntax = cli_scan_has(call->scan, "syntax");
    struct check_options options = {.connects = cli_scan_has(call->scan, "connect"),
                                    .out = call->out};
    const struct load_request request = {
        .path = path,
        .without_files = syntax,
        .inspect = syntax ? NULL : check_inspect,
        .inspect_owner = &options,
    };
    struct cli_report_counts counts;
    if (syntax && options.connects)
        return cli_call_wrong_usage(call, "--connect",
                                    "not with --syntax, which looks at no files");
    const struct config *config = cli_report_load_as(&request, CLI_REPORT_ALL, call->err, &counts);
    if (config) {
        print_summary(call->out, path, config, counts.warnings);
        config_release(config);
        return EXIT_SUCCESS;
    }
    fprintf(call->err, "wsluice: %s: %zu error%s, %zu warning%s\n", path, counts.errors,
            plural(counts.errors), counts.warnings, plural(counts.warnings));
    return CLI_STATUS_FAILED;
}

static const struct options_flag check_flags[] = {
    {.name = "connect", .help = "connect to each target as well"},
    {.name = "syntax", .help = "look at the configuration alone and at no other file, as in CI"},
};

const struct cli_command cli_check_command = {
    .name = "check",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .operand = CLI_OPERAND_FILE,
    .flags = check_flags,
    .flag_count = WSL_COUNT(check_flags),
    .help = "report all errors of a configuration file",
    .details = "Reports all errors of the configuration, and of what it names: certificates\n"
               "and keys, CA files, folders of files, token files, and the folders of sockets,\n"
               "logs and recordings. Exits with 1 after an error; warnings are no errors.\n"
               "Run it as the user that starts wsluice; as root, it also looks as the user\n"
               "that the file names.\n",
    .run = run_check,
};
