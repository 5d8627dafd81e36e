/*
 * Findings for people: as compilers write them, with the line of the file and a caret.
 *
 * Owns: nothing. Thread: any. Errors: none; a stream that fails is its owner's to notice.
 * Lifetime: none.
 */
#ifndef WSLUICE_RUN_CLI_CLI_REPORT_H
#define WSLUICE_RUN_CLI_CLI_REPORT_H

#include <stdio.h>

#include "config/model/diag.h"

void cli_report_findings(const struct diag *diag, const char *name, FILE *err);

#endif
