/*
 * The snapshot of a quick command line while it is built: sets options from flags and addresses.
 *
 * Owns: nothing; cli_quick.c releases the snapshot. Thread: the main one. Errors: findings of the
 * line, in websockify's words where it has any, because scripts look for them. Lifetime: the call
 * that parses the line.
 */
#ifndef WSLUICE_RUN_QUICK_QUICK_VALUES_H
#define WSLUICE_RUN_QUICK_QUICK_VALUES_H

#include "config/model/config.h"
#include "config/model/value.h"
#include "run/quick/cli_line.h"

/* The line, and the snapshot that is built from it. */
struct quick {
    struct cli_line *line;
    struct config *config;
    void *objects[OPTIONS_SECTION_COUNT];
};

/*
 * The command line has one of each section, a certificate only if a flag is about it. Opens those
 * that it is in first.
 */
bool quick_values_open_section(struct quick *quick, enum options_section section);

/* Makes a path absolute first, if the process leaves its directory. */
enum value_verdict quick_values_set(struct quick *quick, const struct options_row *row,
                                    const char *text, char *why, size_t why_size);

/* Sets a valid value: only memory can be missing. */
void quick_values_set_fixed(struct quick *quick, enum options_section section, const char *key,
                            const char *text);

void quick_values_set_flag(struct quick *quick, const struct cli_assignment *assignment);

/* An operand; `section` is that of the listener or of the target. */
void quick_values_set_address(struct quick *quick, enum options_section section, const char *text);

/* Does a flag set this option? */
bool quick_values_given(const struct quick *quick, enum options_section section, const char *key);

#endif
