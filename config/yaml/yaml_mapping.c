#include "config/yaml/yaml_mapping.h"

#include "config/model/name_map.h"

/* The pairs that were collected so far. */
struct pairs {
    struct yaml_tree_pair *pairs;
    size_t count;
    struct name_map names;
};

static bool is_merge(const struct yaml_tree_node *key)
{
    return strcmp(key->text, "<<") == 0;
}

/* A merged pair is added only if its key is new. */
static bool add_pair(struct pairs *pairs, const struct yaml_tree_node *key,
                     const struct yaml_tree_node *value, bool merged)
{
    size_t number = pairs->count;
    struct yaml_tree_pair pair = {.key = key, .value = value};
    switch (name_map_add(&pairs->names, slice_of(key->text), &number)) {
    case NAME_MAP_NO_MEMORY:
        return false;
    case NAME_MAP_FOUND:
        if (merged)
            return true;
        pair.first = pairs->pairs[number].key;
        break;
    case NAME_MAP_ADDED:
        break;
    }
    pairs->pairs[pairs->count++] = pair;
    return true;
}

static bool merge(struct pairs *pairs, const struct yaml_tree_node *from)
{
    bool ok = true;
    if (from->kind == YAML_TREE_SEQUENCE) {
        for (size_t i = 0; i < from->count && ok; i++)
            ok = from->items[i]->kind == YAML_TREE_MAPPING && merge(pairs, from->items[i]);
        return ok;
    }
    for (size_t i = 0; i < from->count && ok; i++)
        ok = add_pair(pairs, from->pairs[i].key, from->pairs[i].value, true);
    return ok;
}

static bool can_merge(const struct yaml_tree_node *node)
{
    bool ok = node->kind != YAML_TREE_SCALAR;
    for (size_t i = 0; node->kind == YAML_TREE_SEQUENCE && i < node->count && ok; i++)
        ok = node->items[i]->kind == YAML_TREE_MAPPING;
    return ok;
}

/* False: out of memory. */
static bool fill(struct pairs *pairs, const struct yaml_tree_node *const *children, size_t count)
{
    for (size_t i = 0; i < count; i += 2)
        if (!is_merge(children[i]) && !add_pair(pairs, children[i], children[i + 1], false))
            return false;
    for (size_t i = 0; i < count; i += 2)
        if (is_merge(children[i]) && !merge(pairs, children[i + 1]))
            return false;
    return true;
}

/* *most: how many pairs the mapping can have, merged ones included. False: there is a finding. */
static bool check_keys(const struct yaml_tree_node *const *children, size_t count,
                       struct diag *diag, size_t *most)
{
    *most = 0;
    for (size_t i = 0; i < count; i += 2) {
        const struct yaml_tree_node *key = children[i], *value = children[i + 1];
        if (key->kind != YAML_TREE_SCALAR) {
            diag_add(diag, DIAG_ERROR, key->where, NULL, NULL, "a key must be a name");
            return false;
        }
        if (is_merge(key) && !can_merge(value)) {
            diag_add(diag, DIAG_ERROR, key->where, NULL, "name an anchor: <<: *NAME",
                     "'<<' can only merge mappings");
            return false;
        }
        *most += is_merge(key) ? value->weight : 1;
    }
    return true;
}

bool yaml_mapping_fill(struct yaml_tree *tree, struct yaml_tree_node *node,
                       const struct yaml_tree_node *const *children, size_t count,
                       struct diag *diag)
{
    size_t most; /* bounded: the parser counts the weight of all values */
    if (!check_keys(children, count, diag, &most))
        return false;
    struct pairs pairs = {.pairs = yaml_tree_alloc(tree, (most + 1) * sizeof(*pairs.pairs))};
    bool ok = pairs.pairs && fill(&pairs, children, count);
    name_map_free(&pairs.names);
    node->pairs = pairs.pairs;
    node->count = pairs.count;
    if (!ok)
        diag_out_of_memory(diag);
    return ok;
}
