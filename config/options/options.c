#include "config/options/options.h"

#include <assert.h>

static const struct options_part *const parts[] = {
    &options_process_part,   &options_listener_part, &options_route_part, &options_target_part,
    &options_websocket_part, &options_content_part,  &options_redis_part, &options_auth_part};
enum { PART_COUNT = WSL_COUNT(parts) };

const struct options_row *options_at(size_t index)
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        if (index < parts[i]->count)
            return &parts[i]->rows[index];
        index -= parts[i]->count;
    }
    return NULL;
}

size_t options_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < PART_COUNT; i++)
        count += parts[i]->count;
    return count;
}

enum options_section options_contents(enum options_section section)
{
    enum options_section like = options_section(section)->like;
    return like != OPTIONS_PROCESS ? like : section;
}

const struct options_section_row *options_section(enum options_section section)
{
    return &options_section_rows[section];
}

bool options_next_child(enum options_section parent, enum options_section *child)
{
    enum options_section contents = options_contents(parent);
    for (int i = *child + 1; i < OPTIONS_SECTION_COUNT; i++) {
        if (options_section((enum options_section)i)->parent != contents)
            continue;
        *child = (enum options_section)i;
        return true;
    }
    return false;
}

bool options_child(enum options_section parent, const char *key, enum options_section *child)
{
    for (enum options_section inner = parent; options_next_child(parent, &inner);) {
        const struct options_section_row *row = options_section(inner);
        if (strcmp(row->key, key) != 0 && !(row->single && strcmp(row->single, key) == 0))
            continue;
        *child = inner;
        return true;
    }
    return false;
}

struct options_map options_map(enum options_section section)
{
    struct options_map map = {NULL, NULL};
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++) {
        if (row->section == section && !map.name)
            map.name = row;
        else if (row->section == section)
            map.text = row;
    }
    assert(map.name && map.text);
    return map;
}

const struct options_row *options_scalar_form(enum options_section section)
{
    const struct options_row *row, *found = NULL;
    for (size_t i = 0; (row = options_at(i)); i++) {
        if (row->section != section || !(row->required || row->scalar))
            continue;
        if (found)
            return NULL;
        found = row;
    }
    return found;
}

const struct options_row *options_find(enum options_section section, const char *key)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section && strcmp(row->key, key) == 0)
            return row;
    return NULL;
}

void options_path(enum options_section section, const struct options_row *row, char *buffer,
                  size_t size)
{
    const struct options_section_row *own = options_section(section);
    buffer[0] = '\0';
    if (section != OPTIONS_PROCESS) {
        options_path(own->parent, NULL, buffer, size);
        size_t used = strlen(buffer);
        snprintf(buffer + used, size - used, "%s%s%s", used ? "." : "", own->key,
                 own->shape == OPTIONS_LIST ? "[]" : "");
    }
    size_t used = strlen(buffer);
    if (row)
        snprintf(buffer + used, size - used, "%s%s", used ? "." : "", row->key);
}
