#include "config/source_map.h"

static const struct source_map_list *list_of(const struct source_map *map,
                                             enum options_section section)
{
    return section == OPTIONS_ROUTE ? &map->routes : &map->listeners;
}

/* The node of a section; *where: its place, or that of the nearest section around it. */
static const struct yaml_tree_node *find_section(const struct source_map *map,
                                                 const struct option_ref *option,
                                                 enum options_section section,
                                                 struct config_place *where)
{
    const struct source_map_list *top = list_of(map, section);
    if (section == OPTIONS_PROCESS)
        return map->root;
    if (section == OPTIONS_LISTENER || section == OPTIONS_ROUTE) {
        if (option->outer >= top->count)
            return NULL;
        *where = top->items[option->outer].node->where;
        return top->items[option->outer].node;
    }
    const struct options_section_row *row = options_section(option_ref_section(option, section));
    const struct yaml_tree_node *node = find_section(map, option, row->parent, where);
    const struct yaml_tree_pair *pair = yaml_tree_find(node, row->key);
    if (!pair && row->single)
        pair = yaml_tree_find(node, row->single);
    if (!pair)
        return NULL;
    *where = pair->key->where;
    node = pair->value;
    if (row->shape == OPTIONS_LIST && node->kind == YAML_TREE_SEQUENCE) {
        if (option->inner >= node->count)
            return NULL;
        node = node->items[option->inner];
        *where = node->where;
    }
    return node;
}

static struct config_place locate(const void *owner, struct option_ref option)
{
    const struct source_map *map = owner;
    struct config_place where = map->top;
    const struct yaml_tree_node *node = find_section(map, &option, option.section, &where);
    if (options_section(option.section)->shape == OPTIONS_MAP) {
        if (node && node->kind == YAML_TREE_MAPPING && option.inner < node->count)
            where = node->pairs[option.inner].key->where;
        return where;
    }
    const struct yaml_tree_pair *pair = option.key ? yaml_tree_find(node, option.key) : NULL;
    return pair ? pair->key->where : where;
}

/* Was it written target: or targets:? */
static bool is_single(const void *owner, const struct option_ref *option)
{
    struct config_place where;
    const struct options_section_row *row = options_section(option->section);
    const struct yaml_tree_node *parent = find_section(owner, option, row->parent, &where);
    return row->single && yaml_tree_find(parent, row->single);
}

static bool is_faulty(const void *owner, enum options_section section, size_t outer)
{
    const struct source_map *map = owner;
    const struct source_map_list *top = list_of(map, section);
    return outer >= top->count || top->items[outer].faulty;
}

void source_map_begin(struct source_map *map)
{
    *map = (struct source_map){0};
    map->names = (struct option_locator){
        .locate = locate, .is_single = is_single, .is_faulty = is_faulty, .owner = map};
}

void source_map_end(struct source_map *map)
{
    free(map->listeners.items);
    free(map->routes.items);
}

bool source_map_add(struct source_map *map, enum options_section section,
                    const struct yaml_tree_node *node)
{
    struct source_map_list *list = section == OPTIONS_ROUTE ? &map->routes : &map->listeners;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 16;
        struct source_map_element *more = realloc(list->items, capacity * sizeof(*more));
        if (!more)
            return false;
        list->items = more;
        list->capacity = capacity;
    }
    list->items[list->count++] = (struct source_map_element){node, false};
    return true;
}

void source_map_mark_faulty(struct source_map *map, enum options_section section)
{
    struct source_map_list *list = section == OPTIONS_ROUTE ? &map->routes : &map->listeners;
    list->items[list->count - 1].faulty = true;
}
