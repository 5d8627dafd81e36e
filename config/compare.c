#include "config/compare.h"

#include <string.h>

#include "base/base.h"
#include "config/options/snapshot.h"

static bool same_texts(const struct config_texts *a, const struct config_texts *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++)
        same = text_equal(a->items[i], b->items[i]);
    return same;
}

static bool same_cidrs(const struct config_cidrs *a, const struct config_cidrs *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++)
        same = a->items[i].bits == b->items[i].bits &&
               memcmp(a->items[i].bytes, b->items[i].bytes, sizeof(a->items[i].bytes)) == 0;
    return same;
}

static bool same_address(const struct config_address *a, const struct config_address *b)
{
    return a->kind == b->kind && a->port == b->port && text_equal(a->host, b->host) &&
           text_equal(a->path, b->path);
}

bool compare_option(const struct options_row *row, const void *a, const void *b)
{
    const void *x = (const char *)a + row->offset, *y = (const char *)b + row->offset;
    switch (row->value.type) {
    case VALUE_CIDR:
        return same_cidrs(x, y);
    case VALUE_LISTEN:
    case VALUE_TARGET:
        return same_address(x, y);
    case VALUE_TEXT:
    case VALUE_PATH:
        return row->list ? same_texts(x, y)
                         : text_equal(*(const char *const *)x, *(const char *const *)y);
    case VALUE_BOOL:
    case VALUE_COUNT:
    case VALUE_DURATION:
    case VALUE_SIZE:
    case VALUE_MODE:
    case VALUE_ENUM:
        break;
    }
    return memcmp(x, y, row->size) == 0;
}

static bool same_section(enum options_section section, const char *a, const char *b);

static bool same_child(enum options_section child, const char *a, const char *b)
{
    const struct options_section_row *row = options_section(child);
    size_t count, other;
    if (row->shape == OPTIONS_ONE)
        return same_section(child, a + row->offset, b + row->offset);
    const char *x = snapshot_elements(child, a, &count), *y = snapshot_elements(child, b, &other);
    bool same = count == other;
    for (size_t i = 0; i < count && same; i++)
        same = same_section(child, x + i * row->size, y + i * row->size);
    return same;
}

static bool same_section(enum options_section section, const char *a, const char *b)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section && !compare_option(row, a, b))
            return false;
    for (int i = OPTIONS_PROCESS + 1; i < OPTIONS_SECTION_COUNT; i++) {
        enum options_section child = (enum options_section)i;
        if (options_section(child)->parent == section && !same_child(child, a, b))
            return false;
    }
    return true;
}

bool compare_configs(const struct config *a, const struct config *b)
{
    /* `kind` is derived for redirects and health, and an option for metrics: all of it is compared.
     */
    return same_section(OPTIONS_PROCESS, (const char *)a, (const char *)b);
}

const struct options_row *compare_needs_restart(const struct config *old,
                                                const struct config *changed, size_t *cursor)
{
    const struct options_row *row;
    while ((row = options_at((*cursor)++))) {
        const struct options_section_row *section = options_section(row->section);
        bool once = row->section == OPTIONS_PROCESS ||
                    (section->parent == OPTIONS_PROCESS && section->shape == OPTIONS_ONE);
        if (once && row->reload == OPTIONS_RESTART &&
            !compare_option(row, (const char *)old + section->offset,
                            (const char *)changed + section->offset))
            return row;
    }
    return NULL;
}
