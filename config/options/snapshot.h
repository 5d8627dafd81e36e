/*
 * Builds a snapshot through the option table, for a file and for the command line:
 *
 *     config = snapshot_begin();
 *     listener = snapshot_open(config, OPTIONS_LISTENER, config);
 *     snapshot_set(config, options_find(OPTIONS_LISTENER, "address"), listener, ":6080", why, ...);
 *     ...
 *     rules_check(config, &names, &diag);
 *
 * From then on the snapshot is const. config_release frees one that is not used.
 *
 * Owns: nothing. Thread: one. Errors: NULL or VALUE_NO_MEMORY when memory is out; then the snapshot
 * is incomplete and may only be released. Lifetime: everything is the snapshot's.
 */
#ifndef WSLUICE_CONFIG_OPTIONS_SNAPSHOT_H
#define WSLUICE_CONFIG_OPTIONS_SNAPSHOT_H

#include "config/model/config.h"
#include "config/model/value.h"
#include "config/options/options.h"

/* The options of single sections have their defaults; there are no listeners and no routes. */
struct config *snapshot_begin(void);

/*
 * The struct of a section inside its parent's struct. A list grows by one element, whose options
 * and those of the sections inside it have their defaults; elements returned before may move.
 */
void *snapshot_open(struct config *config, enum options_section section, void *parent);

/* Sets one option of an opened section from text, which is copied. `why` as value_parse has it. */
enum value_verdict snapshot_set(struct config *config, const struct options_row *row, void *object,
                                const char *text, char *why, size_t why_size);

/* Empties a list: a list that is given replaces its default. */
void snapshot_clear_list(const struct options_row *row, void *object);

/* The value of an option that is not a list; borrows the snapshot's texts. False: not set. */
bool snapshot_get(const struct options_row *row, const void *object, struct value *value);

/* The elements of a LIST or MAP section in its parent, except those that are not from a file. */
const void *snapshot_elements(enum options_section section, const void *parent, size_t *count);

#endif
