#include "run/cli/cli_report.h"

/* "gateway.yaml:3:1: error: ...", where editors look for it; "wsluice: error: ..." without lines.
 */
static void report_finding(const struct diag *diag, const struct diag_finding *finding,
                           const char *name, FILE *err)
{
    char line[2048];
    struct text excerpt = {0};
    struct diag_finding placeless = *finding;
    const char *level = finding->level == DIAG_ERROR ? "error" : "warning";
    placeless.where.line = 0;
    diag_format(&placeless, line, sizeof(line));
    if (finding->where.line == 0) {
        fprintf(err, "%s: %s: %s\n", name, level, line);
        return;
    }
    diag_excerpt(diag, finding, &excerpt);
    fprintf(err, "%s:%u:%u: %s: %s\n%.*s", finding->where.source, finding->where.line,
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
