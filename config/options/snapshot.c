#include "config/options/snapshot.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies a text into the snapshot. A NULL text stays NULL. False: out of memory. */
static bool copy_text(struct config *config, struct slice text, const char **copy)
{
    *copy = NULL;
    if (!text.ptr)
        return true;
    char *memory = config_alloc(config, text.len + 1);
    if (!memory)
        return false;
    memcpy(memory, text.ptr, text.len);
    *copy = memory;
    return true;
}

static bool store_address(struct config *config, const struct value *value,
                          struct config_address *address)
{
    const char *copy;
    if (!copy_text(config, value->text, &copy))
        return false;
    *address = (struct config_address){.kind = value->kind};
    if (value->kind == CONFIG_ADDRESS_UNIX) {
        address->path = copy;
    } else {
        address->host = copy;
        address->port = value->port;
    }
    return true;
}

/* What an address says besides: TLS, and the request of a WebSocket. */
static bool store_scheme(struct config *config, const struct value *value,
                         struct config_target *target)
{
    if (value->tls)
        target->tls = true;
    return copy_text(config, value->target, &target->ws.path);
}

/* Adds an element. The capacity doubles, so the list is full when the count is a power of two. */
static void *grow(struct config *config, void **list, size_t *count, size_t size)
{
    if ((*count & (*count - 1)) == 0) {
        char *more = config_alloc(config, (*count ? 2 * *count : 1) * size);
        if (!more)
            return NULL;
        if (*count)
            memcpy(more, *list, *count * size);
        *list = more;
    }
    return (char *)*list + (*count)++ * size;
}

static bool append_cidr(struct config *config, const struct config_cidr *cidr, void *field)
{
    struct config_cidrs *cidrs = field;
    void *items;
    memcpy(&items, &cidrs->items, sizeof(items));
    struct config_cidr *item = grow(config, &items, &cidrs->count, sizeof(*item));
    if (!item)
        return false;
    *item = *cidr;
    cidrs->items = items;
    return true;
}

static bool append_text(struct config *config, struct slice text, void *field)
{
    struct config_texts *texts = field;
    const char *copy, **item;
    void *items;
    memcpy(&items, &texts->items, sizeof(items));
    if (!copy_text(config, text, &copy))
        return false;
    item = grow(config, &items, &texts->count, sizeof(*item));
    if (!item)
        return false;
    *item = copy;
    texts->items = items;
    return true;
}

static bool store(struct config *config, const struct options_row *row, const struct value *value,
                  void *object)
{
    void *field = (char *)object + row->offset;
    uint32_t number;
    switch (row->value.type) {
    case VALUE_TARGET:
        return (row->value.bare || store_scheme(config, value, object)) &&
               store_address(config, value, field);
    case VALUE_LISTEN:
        return store_address(config, value, field);
    case VALUE_CIDR:
        return append_cidr(config, &value->cidr, field);
    case VALUE_TEXT:
    case VALUE_PATH:
        return row->list ? append_text(config, value->text, field)
                         : copy_text(config, value->text, field);
    case VALUE_BOOL:
        *(bool *)field = value->number != 0;
        return true;
    case VALUE_COUNT:
    case VALUE_DURATION:
    case VALUE_SIZE:
    case VALUE_MODE:
    case VALUE_ENUM:
        /* uint32_t, unsigned and the enums: a unit test checks this size for each row. */
        assert(row->size == sizeof(number));
        number = (uint32_t)value->number;
        memcpy(field, &number, sizeof(number));
        return true;
    }
    abort();
}

enum value_verdict snapshot_set(struct config *config, const struct options_row *row, void *object,
                                const char *text, char *why, size_t why_size)
{
    struct value value;
    enum value_verdict verdict = value_parse(&row->value, text, &value, why, why_size);
    if (verdict != VALUE_OK)
        return verdict;
    if (store(config, row, &value, object))
        return VALUE_OK;
    snprintf(why, why_size, "out of memory");
    return VALUE_NO_MEMORY;
}

void snapshot_clear_list(const struct options_row *row, void *object)
{
    assert(row->list);
    memset((char *)object + row->offset, 0, row->size);
}

/* The options of a section, and those of the sections inside it that are no lists. */
static bool set_defaults(struct config *config, enum options_section section, void *object)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++) {
        if (row->section != section || !row->initial)
            continue;
        char why[128];
        enum value_verdict verdict =
            snapshot_set(config, row, object, row->initial, why, sizeof(why));
        assert(verdict == VALUE_OK || verdict == VALUE_NO_MEMORY);
        if (verdict != VALUE_OK)
            return false;
    }
    for (enum options_section inner = section; options_next_child(section, &inner);) {
        const struct options_section_row *child = options_section(inner);
        if (child->shape == OPTIONS_ONE &&
            !set_defaults(config, inner, (char *)object + child->offset))
            return false;
    }
    return true;
}

struct config *snapshot_begin(void)
{
    struct config *config = config_new();
    if (config && !set_defaults(config, OPTIONS_PROCESS, config)) {
        config_release(config);
        return NULL;
    }
    return config;
}

void *snapshot_open(struct config *config, enum options_section section, void *parent)
{
    const struct options_section_row *row = options_section(section);
    char *place = (char *)parent + row->offset;
    if (row->shape == OPTIONS_ONE)
        return place;
    void *list;
    size_t *count = (void *)((char *)parent + row->count_offset);
    memcpy(&list, place, sizeof(list));
    void *element = grow(config, &list, count, row->size);
    memcpy(place, &list, sizeof(list));
    return element && set_defaults(config, section, element) ? element : NULL;
}

static bool get_text(const char *text, struct value *value)
{
    value->text = slice_of(text);
    return text != NULL;
}

static bool get_address(const struct config_address *address, struct value *value)
{
    value->kind = address->kind;
    value->port = address->port;
    const char *text = address->kind == CONFIG_ADDRESS_UNIX ? address->path : address->host;
    return get_text(text, value) || address->port != 0;
}

bool snapshot_get(const struct options_row *row, const void *object, struct value *value)
{
    const void *field = (const char *)object + row->offset;
    uint32_t number;
    *value = (struct value){0};
    switch (row->value.type) {
    case VALUE_TARGET:
        if (!row->value.bare) {
            const struct config_target *target = object;
            value->tls = target->tls;
            if (target->ws.path)
                value->target = slice_of(target->ws.path);
        }
        return get_address(field, value);
    case VALUE_LISTEN:
        /* All interfaces and any port are an address as well: a listener always has one. */
        get_address(field, value);
        return true;
    case VALUE_TEXT:
    case VALUE_PATH:
        return get_text(*(const char *const *)field, value);
    case VALUE_BOOL:
        value->number = *(const bool *)field;
        return true;
    case VALUE_COUNT:
    case VALUE_DURATION:
    case VALUE_SIZE:
    case VALUE_MODE:
    case VALUE_ENUM:
        memcpy(&number, field, sizeof(number));
        value->number = number;
        return true;
    case VALUE_CIDR:
        break;
    }
    abort();
}

const void *snapshot_elements(enum options_section section, const void *parent, size_t *count)
{
    const struct options_section_row *row = options_section(section);
    const void *elements;
    memcpy(count, (const char *)parent + row->count_offset, sizeof(*count));
    memcpy(&elements, (const char *)parent + row->offset, sizeof(elements));
    if (section == OPTIONS_LISTENER)
        *count -= ((const struct config *)parent)->admin_listeners;
    if (section == OPTIONS_ROUTE)
        *count -= ((const struct config *)parent)->admin_routes;
    return elements;
}
