/*
 * The lines that websockify 0.10 prints when it starts. Scripts wait for some of them (Open
 * OnDemand for "proxying from :PORT"), so a quick command line by that name prints the same.
 *
 * Owns: nothing. Thread: any. Errors: a text that has failed, for lack of memory; printing never
 * fails. Lifetime: none.
 */
#ifndef WSLUICE_RUN_QUICK_WEBSOCKIFY_LINES_H
#define WSLUICE_RUN_QUICK_WEBSOCKIFY_LINES_H

#include "base/text/text.h"
#include "config/model/config.h"

/* Whole lines. `directory` is where the process was started, for relative paths. */
void websockify_lines_settings(const struct config *config, const char *directory, bool daemon,
                               struct text *out);
void websockify_lines_proxying(const struct config *config, struct text *out);

/*
 * As websockify, to standard error and to the log. To be called once the log is open, the first one
 * before sockets are bound, the second one once they are.
 */
void websockify_lines_print_settings(const struct config *config, const char *directory,
                                     bool daemon);
void websockify_lines_print_proxying(const struct config *config);

#endif
