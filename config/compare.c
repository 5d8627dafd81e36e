#include "config/compare.h"

#include "base/base.h"

static bool same_texts(const struct config_texts *a, const struct config_texts *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++)
        same = string_equal(a->items[i], b->items[i]);
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

bool compare_is_same(const struct options_row *row, const void *a, const void *b)
{
    const void *x = (const char *)a + row->offset, *y = (const char *)b + row->offset;
    switch (row->value.type) {
    case VALUE_CIDR:
        return same_cidrs(x, y);
    case VALUE_LISTEN:
    case VALUE_TARGET:
        return config_address_is_same(x, y);
    case VALUE_TEXT:
    case VALUE_PATH:
        return row->list ? same_texts(x, y)
                         : string_equal(*(const char *const *)x, *(const char *const *)y);
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

const struct options_row *compare_next_restart(const struct config *old,
                                               const struct config *changed, size_t *cursor)
{
    const struct options_row *row;
    while ((row = options_at((*cursor)++))) {
        const struct options_section_row *section = options_section(row->section);
        bool once = row->section == OPTIONS_PROCESS ||
                    (section->parent == OPTIONS_PROCESS && section->shape == OPTIONS_ONE);
        if (once && row->reload == OPTIONS_RESTART &&
            !compare_is_same(row, (const char *)old + section->offset,
                             (const char *)changed + section->offset))
            return row;
    }
    return NULL;
}
