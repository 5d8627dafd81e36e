#include "config/yaml/yaml_tree.h"

enum { CHUNK_SIZE = 64 << 10 };

/* Nodes are many and are freed together. */
struct chunk {
    struct chunk *older;
    size_t size, used;
    max_align_t data[];
};

struct yaml_tree {
    struct chunk *chunks;
    const char *source;
    const struct yaml_tree_node *root;
};

struct yaml_tree *yaml_tree_new(const char *source)
{
    struct yaml_tree *tree = calloc(1, sizeof(*tree));
    if (tree)
        tree->source = source;
    return tree;
}

void *yaml_tree_alloc(struct yaml_tree *tree, size_t size)
{
    size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    struct chunk *chunk = tree->chunks;
    if (!chunk || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        chunk = calloc(1, sizeof(*chunk) + room);
        if (!chunk)
            return NULL;
        chunk->size = room;
        chunk->older = tree->chunks;
        tree->chunks = chunk;
    }
    void *memory = (char *)chunk->data + chunk->used;
    chunk->used += size;
    return memory;
}

void yaml_tree_free(struct yaml_tree *tree)
{
    if (!tree)
        return;
    while (tree->chunks) {
        struct chunk *chunk = tree->chunks;
        tree->chunks = chunk->older;
        explicit_bzero(chunk->data, chunk->used);
        free(chunk);
    }
    free(tree);
}

void yaml_tree_set_root(struct yaml_tree *tree, const struct yaml_tree_node *root)
{
    tree->root = root;
}

const struct yaml_tree_node *yaml_tree_root(const struct yaml_tree *tree)
{
    return tree->root;
}

const char *yaml_tree_source(const struct yaml_tree *tree)
{
    return tree->source;
}

const struct yaml_tree_pair *yaml_tree_find(const struct yaml_tree_node *mapping, const char *key)
{
    if (!mapping || mapping->kind != YAML_TREE_MAPPING)
        return NULL;
    for (size_t i = 0; i < mapping->count; i++)
        if (strcmp(mapping->pairs[i].key->text, key) == 0)
            return &mapping->pairs[i];
    return NULL;
}
