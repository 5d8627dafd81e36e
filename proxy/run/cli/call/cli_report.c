#include "run/cli/call/cli_report.h"

/* "gateway.yaml:3:1: error: ...", which editors follow; "wsluice: error: ..." without a line. */
static void report_finding(const struct diag *diag, const struct diag_finding *finding,
                           const char *name, FILE *err)
{
    char line[2048];
    struct text excerpt = {0};
    struct diag_finding without_line = *finding;
    const char *level = finding->level == DIAG_ERROR ? "error" : "warning";
    without_line.where.line = 0;
    diag_format(&without_line, line, sizeof(line));
    if (finding->where.line == 0) {
        fprintf(err, "%s: %s: %s\n", name, level, line);
        return;
    }
    diag_excerpt(diag, finding, &excerpt);
    fprintf(err, "%s:%u:%u: %s: %s\n%.*s", finding->where.file, finding->where.line,
            finding->where.column, level, line, (int)excerpt.length,
            excerpt.length > 0 ? excerpt.bytes : "");
    text_free(&excerpt);
}

void cli_report_findings(const struct diag *diag, const char *name, FILE *err)
{
    for (size_t i = 0; i < diag->count; i++)
        report_finding(diag, &diag->findings[i], name, err);
    if (diag->lost > 0)
        fprintf(err, "%s: error: out of memory\n", name);
}

const struct config *cli_report_load_as(const struct load_request *request,
                                        enum cli_report_level level, FILE *err,
                                        struct cli_report_counts *counts)
{
    struct diag diag;
    diag_init(&diag);
    const struct config *config = load_config(request, &diag);
    if (!config || level == CLI_REPORT_ALL)
        cli_report_findings(&diag, "wsluice", err);
    if (counts)
        *counts = (struct cli_report_counts){diag.errors, diag.count + diag.lost - diag.errors};
    diag_free(&diag);
    return config;
}

const struct config *cli_report_load(const char *path, enum cli_report_level level, FILE *err,
                                     struct cli_report_counts *counts)
{
    return cli_report_load_as(&(struct load_request){.path = path}, level, err, counts);
}
