/*
 * Builds a snapshot through the option table, for the command line as for a file:
 *
 *     config = snapshot_begin();
 *     listener = snapshot_open(config, OPTIONS_LISTENER, config);
 *     snapshot_set(config, options_find(OPTIONS_LISTENER, "address"), listener, ":6080", why, ...);
 *     ...
 *     rules_check(config, &names, &diag);
 *
 * From then on the snapshot is const; one that is not wanted goes with config_release.
 *
 * Owns: nothing. Thread: one. Errors: NULL or VALUE_NO_MEMORY when memory is out; then the snapshot
 * may be half filled and is only fit for config_release. Lifetime: all is the snapshot's.
 */
#ifndef WSLUICE_CONFIG_OPTIONS_SNAPSHOT_H
#define WSLUICE_CONFIG_OPTIONS_SNAPSHOT_H

#include "config/model/config.h"
#include "config/model/value.h"
#include "config/options/options.h"

/* Every option of the sections that exist once has its default; there are no listeners, no routes.
 */
struct config *snapshot_begin(void);

/*
 * The struct of a section inside its parent's struct. A list grows by one element, whose options
 * and those of the sections inside it have their defaults; the elements handed out before may move.
 */
void *snapshot_open(struct config *config, enum options_section section, void *parent);

/* Sets one option of an opened section from text, which is copied. `why` as value_parse has it. */
enum value_verdict snapshot_set(struct config *config, const struct options_row *row, void *object,
                                const char *text, char *why, size_t why_size);

/* The value of one option that is no list; it borrows the snapshot's texts. False: there is none.
 */
bool snapshot_get(const struct options_row *row, const void *object, struct value *value);

/* The elements of a LIST or MAP section in its parent; without those of no file. */
const void *snapshot_elements(enum options_section section, const void *parent, size_t *count);

#endif
