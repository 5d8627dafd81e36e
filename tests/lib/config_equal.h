/*
 * Compares two snapshots: equal if every option has the same value, wherever it was set.
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_TESTS_LIB_CONFIG_EQUAL_H
#define WSLUICE_TESTS_LIB_CONFIG_EQUAL_H

#include "config/compare.h"
#include "config/options/snapshot.h"

static inline bool config_equal_section(enum options_section section, const char *a, const char *b);

static inline bool config_equal_child(enum options_section child, const char *a, const char *b)
{
    const struct options_section_row *row = options_section(child);
    size_t count, other;
    if (row->shape == OPTIONS_ONE)
        return config_equal_section(child, a + row->offset, b + row->offset);
    const char *x = snapshot_elements(child, a, &count), *y = snapshot_elements(child, b, &other);
    bool same = count == other;
    for (size_t i = 0; i < count && same; i++)
        same = config_equal_section(child, x + i * row->size, y + i * row->size);
    return same;
}

static inline bool config_equal_section(enum options_section section, const char *a, const char *b)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section && !compare_is_same(row, a, b))
            return false;
    for (enum options_section child = section; options_next_child(section, &child);)
        if (!config_equal_child(child, a, b))
            return false;
    return true;
}

/* `kind` follows from the other options, or is the option metrics: all of it is compared. */
static inline bool config_equal(const struct config *a, const struct config *b)
{
    return config_equal_section(OPTIONS_PROCESS, (const char *)a, (const char *)b);
}

#endif
