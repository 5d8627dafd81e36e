/*
 * Prints findings about a configuration as compilers do, with the line of the file and a caret.
 *
 * Owns: nothing. Thread: any. Errors: none; a stream that fails is its owner's to notice.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_CLI_CALL_CLI_REPORT_H
#define WSLUICE_RUN_CLI_CALL_CLI_REPORT_H

#include <stdio.h>

#include "config/load.h"

void cli_report_findings(const struct diag *diag, const char *name, FILE *err);

struct cli_report_counts {
    size_t errors, warnings;
};

/* CLI_REPORT_FAILURE: nothing about a file that loads; its warnings are for check and start. */
enum cli_report_level { CLI_REPORT_FAILURE, CLI_REPORT_ALL };

/*
 * Loads a file and prints the findings. The caller releases the snapshot; NULL: it has errors.
 * `counts` may be NULL.
 */
const struct config *cli_report_load_as(const struct load_request *request,
                                        enum cli_report_level level, FILE *err,
                                        struct cli_report_counts *counts);

const struct config *cli_report_load(const char *path, enum cli_report_level level, FILE *err,
                                     struct cli_report_counts *counts);

#endif
