#include "config/schema.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/model/ws_url.h"
#include "config/options/snapshot.h"
#include "config/unknown_key.h"
#include "config/yaml/yaml_path.h"

/* The file that is being read. */
struct schema_file {
    struct schema *schema;
    struct scalar_reader reader;
    const char *source; /* in the snapshot */
    bool main;
};

static void read_section(struct schema_file *file, const struct yaml_path *at,
                         enum options_section section, const struct yaml_tree_node *node,
                         void *object);

static void unknown(struct schema_file *file, const struct yaml_path *at,
                    enum options_section section, const struct yaml_tree_pair *pair)
{
    struct diag *diag = file->schema->diag;
    char remedy[200];
    if (unknown_key_may_be_secret(pair->key->text))
        diag_hide(diag, pair->value->where, pair->value->end);
    unknown_key_remedy(section, pair->key->text, remedy, sizeof(remedy));
    yaml_path_report(at, diag, pair->key->where, remedy, "unknown option");
}

/* ---- values ---- */

static void read_option(struct schema_file *file, const struct yaml_path *at,
                        const struct options_row *row, void *object,
                        const struct yaml_tree_node *node)
{
    if (row->list)
        snapshot_clear_list(row, object);
    if (!row->list || node->kind != YAML_TREE_SEQUENCE) {
        scalar_set(&file->reader, at, row, object, node);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        struct yaml_path item = {at, NULL, i};
        scalar_set(&file->reader, &item, row, object, node->items[i]);
    }
}

static void add_include(struct schema_file *file, const struct yaml_path *at,
                        const struct yaml_tree_node *node)
{
    struct schema *schema = file->schema;
    char *text = scalar_text(&file->reader, at, node);
    if (!text)
        return;
    char *pattern = scalar_absolute(&file->reader, text);
    free(text);
    if (pattern && schema->include_count == schema->include_capacity) {
        size_t capacity = schema->include_capacity ? 2 * schema->include_capacity : 8;
        struct schema_include *more = realloc(schema->includes, capacity * sizeof(*more));
        if (!more) {
            diag_out_of_memory(schema->diag);
            free(pattern);
            return;
        }
        schema->includes = more;
        schema->include_capacity = capacity;
    }
    if (pattern)
        schema->includes[schema->include_count++] = (struct schema_include){pattern, node->where};
}

static void read_include(struct schema_file *file, const struct yaml_path *at,
                         const struct yaml_tree_node *node)
{
    if (node->kind != YAML_TREE_SEQUENCE) {
        add_include(file, at, node);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        struct yaml_path item = {at, NULL, i};
        add_include(file, &item, node->items[i]);
    }
}

/* ---- lists and maps of sections ---- */

static bool is_mapped(enum options_section section)
{
    return section == OPTIONS_LISTENER || section == OPTIONS_ROUTE;
}

static void *open_element(struct schema_file *file, enum options_section section, void *parent,
                          const struct yaml_tree_node *node)
{
    struct schema *schema = file->schema;
    const struct options_section_row *row = options_section(section);
    void *element = snapshot_open(schema->config, section, parent);
    if (!element) {
        diag_out_of_memory(schema->diag);
        return NULL;
    }
    struct config_place where = {file->source, node->where.line, node->where.column};
    if (row->place != OPTIONS_NO_PLACE)
        memcpy((char *)element + row->place, &where, sizeof(where));
    if (is_mapped(section) && !source_map_add(&schema->map, section, node)) {
        diag_out_of_memory(schema->diag);
        return NULL;
    }
    return element;
}

/* A mapping, or its scalar form: target: tcp://desk:5900, command: [Xvnc, ":1"]. */
static void read_object(struct schema_file *file, const struct yaml_path *at,
                        enum options_section section, const struct yaml_tree_node *node,
                        void *object)
{
    const struct options_row *row = options_scalar_form(section);
    bool text = node->kind == YAML_TREE_SCALAR && !node->is_null;
    if (row && (text || (row->list && node->kind == YAML_TREE_SEQUENCE)))
        read_option(file, at, row, object, node);
    else
        read_section(file, at, section, node, object);
}

static bool has_new_errors(const struct diag *diag, size_t before)
{
    return diag->errors > before;
}

static void read_element(struct schema_file *file, const struct yaml_path *at,
                         enum options_section section, const struct yaml_tree_node *node,
                         void *parent)
{
    struct schema *schema = file->schema;
    size_t errors = schema->diag->errors;
    void *element = open_element(file, section, parent, node);
    if (!element)
        return;
    read_object(file, at, section, node, element);
    if (is_mapped(section) && has_new_errors(schema->diag, errors))
        source_map_mark_faulty(&schema->map, section);
}

static void read_list(struct schema_file *file, const struct yaml_path *at,
                      enum options_section section, const struct yaml_tree_node *node, void *parent)
{
    if (node->kind == YAML_TREE_SCALAR && node->is_null)
        return;
    if (node->kind != YAML_TREE_SEQUENCE) {
        file->schema->map.names.incomplete = true;
        yaml_path_report(at, file->schema->diag, node->where, "begin each element with '- '",
                         "must be a list");
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        struct yaml_path item = {at, NULL, i};
        if (section == OPTIONS_LISTENER)
            item.index = file->schema->config->listener_count;
        else if (section == OPTIONS_ROUTE)
            item.index = file->schema->config->route_count;
        read_element(file, &item, section, node->items[i], parent);
    }
}

static void repeated(struct schema_file *file, const struct yaml_path *at,
                     const struct yaml_tree_pair *pair)
{
    yaml_path_report(at, file->schema->diag, pair->key->where, "keep one of them",
                     "repeated; the first one is in line %u", pair->first->where.line);
}

/* NAME: TEXT, which are the two options of the section. */
static void read_map(struct schema_file *file, const struct yaml_path *at,
                     enum options_section section, const struct yaml_tree_node *node, void *parent)
{
    if (node->kind == YAML_TREE_SCALAR && node->is_null)
        return;
    if (node->kind != YAML_TREE_MAPPING) {
        yaml_path_report(at, file->schema->diag, node->where, "write NAME: TEXT, one in a line",
                         "must be a mapping");
        return;
    }
    struct options_map map = options_map(section);
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_tree_pair *pair = &node->pairs[i];
        struct yaml_path item = {at, pair->key->text, 0};
        if (pair->first) {
            repeated(file, &item, pair);
            continue;
        }
        void *element = open_element(file, section, parent, node);
        if (element && scalar_set(&file->reader, &item, map.name, element, pair->key))
            scalar_set(&file->reader, &item, map.text, element, pair->value);
    }
}

/* ---- sections ---- */

static void read_child(struct schema_file *file, const struct yaml_path *at,
                       enum options_section child, const struct yaml_tree_pair *pair, void *object)
{
    const struct options_section_row *row = options_section(child);
    switch (row->shape) {
    case OPTIONS_ONE:
        read_object(file, at, child, pair->value, (char *)object + row->offset);
        break;
    case OPTIONS_MAP:
        read_map(file, at, child, pair->value, object);
        break;
    case OPTIONS_LIST:
        if (strcmp(pair->key->text, row->key) == 0) {
            read_list(file, at, child, pair->value, object);
        } else if (pair->value->kind == YAML_TREE_SEQUENCE) {
            char remedy[64];
            snprintf(remedy, sizeof(remedy), "write %s: for a list", row->key);
            yaml_path_report(at, file->schema->diag, pair->value->where, remedy,
                             "must be one, not a list");
        } else {
            read_element(file, at, child, pair->value, object);
        }
        break;
    }
}

/* Included files have listeners and routes only; top-level keys x-NAME hold anchors. */
static bool belongs_elsewhere(struct schema_file *file, const struct yaml_path *at,
                              enum options_section section, const char *key,
                              const struct yaml_tree_pair *pair)
{
    enum options_section child;
    if (section != OPTIONS_PROCESS || file->main || strncmp(key, "x-", 2) == 0)
        return false;
    bool list =
        options_child(section, key, &child) && options_section(child)->shape == OPTIONS_LIST;
    if (list || (!options_child(section, key, &child) && !options_find(section, key)))
        return false;
    char remedy[300];
    snprintf(remedy, sizeof(remedy), "move it to %s", file->schema->map.top.file);
    yaml_path_report(at, file->schema->diag, pair->key->where, remedy,
                     "only listeners and routes are allowed in an included file");
    return true;
}

/* A value that no option has: it holds anchors, of which all that merge it get the first key. */
static void check_repeated(struct schema_file *file, const struct yaml_path *at,
                           const struct yaml_tree_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_tree_pair *pair =
            node->kind == YAML_TREE_MAPPING ? &node->pairs[i] : NULL;
        struct yaml_path step = {at, pair ? pair->key->text : NULL, i};
        if (pair && pair->first)
            repeated(file, &step, pair);
        check_repeated(file, &step, pair ? pair->value : node->items[i]);
    }
}

static void read_pair(struct schema_file *file, const struct yaml_path *up,
                      enum options_section section, const struct yaml_tree_pair *pair, void *object)
{
    const char *key = pair->key->text;
    struct yaml_path at = {up, key, 0};
    enum options_section child;
    const struct options_row *row = options_find(section, key);
    if (pair->first)
        repeated(file, &at, pair);
    else if (belongs_elsewhere(file, &at, section, key, pair))
        return;
    else if (row)
        read_option(file, &at, row, object, pair->value);
    else if (options_child(section, key, &child))
        read_child(file, &at, child, pair, object);
    else if (section == OPTIONS_PROCESS && strcmp(key, "include") == 0)
        read_include(file, &at, pair->value);
    else if (section == OPTIONS_PROCESS && strncmp(key, "x-", 2) == 0)
        check_repeated(file, &at, pair->value);
    else
        unknown(file, &at, section, pair);
}

static void check_required(struct schema_file *file, const struct yaml_path *at,
                           enum options_section section, const struct yaml_tree_node *node)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section && row->required && !yaml_tree_find(node, row->key))
            yaml_path_report(at, file->schema->diag, node->where, row->help, "%s is missing",
                             row->key);
    for (enum options_section inner = section; options_next_child(section, &inner);) {
        const struct options_section_row *child = options_section(inner);
        if (child->required && child->shape == OPTIONS_ONE && !yaml_tree_find(node, child->key))
            yaml_path_report(at, file->schema->diag, node->where, child->help, "%s is missing",
                             child->key);
    }
}

/* target: and targets: set the same list. */
static void check_single(struct schema_file *file, const struct yaml_path *at,
                         enum options_section section, const struct yaml_tree_node *node)
{
    for (enum options_section inner = section; options_next_child(section, &inner);) {
        const struct options_section_row *row = options_section(inner);
        if (!row->single)
            continue;
        const struct yaml_tree_pair *one = yaml_tree_find(node, row->single);
        const struct yaml_tree_pair *many = yaml_tree_find(node, row->key);
        struct yaml_path step = {at, row->key, 0};
        if (one && many)
            yaml_path_report(&step, file->schema->diag, many->key->where, "keep one of them",
                             "there is %s in line %u as well", row->single, one->key->where.line);
    }
}

/* The n-th option or section inside `section` that is a source of tokens. NULL: no more. */
static const char *source_key(enum options_section section, size_t n)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section && row->purpose == OPTIONS_PURPOSE_SOURCE && n-- == 0)
            return row->key;
    for (enum options_section inner = section; options_next_child(section, &inner);) {
        const struct options_section_row *child = options_section(inner);
        if (child->purpose == OPTIONS_PURPOSE_SOURCE && n-- == 0)
            return child->key;
    }
    return NULL;
}

/* A section that has sources has exactly one of them. */
static void check_source(struct schema_file *file, const struct yaml_path *at,
                         enum options_section section, const struct yaml_tree_node *node)
{
    const struct yaml_tree_pair *first = NULL;
    const char *key;
    char remedy[200] = "write one of ";
    size_t used = strlen(remedy), before_names = used;
    for (size_t i = 0; (key = source_key(section, i)); i++) {
        const struct yaml_tree_pair *pair = yaml_tree_find(node, key);
        struct yaml_path step = {at, key, 0};
        if (pair && first)
            yaml_path_report(&step, file->schema->diag, pair->key->where, "keep one of them",
                             "there is %s in line %u as well", first->key->text,
                             first->key->where.line);
        first = first ? first : pair;
        const char *before = i == 0 ? "" : source_key(section, i + 1) ? ", " : " or ";
        used += (size_t)snprintf(remedy + used, sizeof(remedy) - used, "%s%s", before, key);
        assert(used < sizeof(remedy));
    }
    if (used > before_names && !first)
        yaml_path_report(at, file->schema->diag, node->where, remedy,
                         "the source of the targets is missing");
}

/* With tls: false next to tls://, the one that is read last would win. */
static void check_scheme(struct schema_file *file, const struct yaml_path *at,
                         const struct yaml_tree_node *node)
{
    const struct yaml_tree_pair *address = yaml_tree_find(node, "address");
    const struct yaml_tree_pair *tls = yaml_tree_find(node, "tls");
    if (!address || address->value->kind != YAML_TREE_SCALAR || !tls)
        return;
    const char *text = address->value->text;
    bool ws = ws_url_has_scheme(text);
    if (!ws && strncmp(text, "tls://", 6) != 0)
        return;
    struct yaml_path step = {at, tls->key->text, 0};
    yaml_path_report(&step, file->schema->diag, tls->key->where, "remove it",
                     "the address in line %u says %s already", address->key->where.line,
                     ws ? "ws: or wss:" : "tls://");
}

static void read_section(struct schema_file *file, const struct yaml_path *at,
                         enum options_section section, const struct yaml_tree_node *node,
                         void *object)
{
    bool nothing = node->kind == YAML_TREE_SCALAR && node->is_null;
    if (node->kind != YAML_TREE_MAPPING && !nothing) {
        file->schema->map.names.incomplete |= section == OPTIONS_PROCESS;
        yaml_path_report(at, file->schema->diag, node->where, "write NAME: VALUE, one per line",
                         "must be a mapping");
        return;
    }
    for (size_t i = 0; !nothing && i < node->count; i++)
        read_pair(file, at, section, &node->pairs[i], object);
    check_required(file, at, section, node);
    check_single(file, at, section, node);
    check_source(file, at, section, node);
    if (section == OPTIONS_TARGET)
        check_scheme(file, at, node);
}

void schema_read(struct schema *schema, const struct yaml_tree *tree, const char *folder)
{
    const char *source = yaml_tree_source(tree);
    const struct yaml_tree_node *root = yaml_tree_root(tree);
    char *name = config_alloc(schema->config, strlen(source) + 1);
    struct schema_file file = {.schema = schema, .source = name, .main = !schema->map.top.file};
    file.reader = (struct scalar_reader){schema->config, schema->world, schema->diag, folder};
    if (!name) {
        diag_out_of_memory(schema->diag);
        return;
    }
    memcpy(name, source, strlen(source));
    if (file.main) {
        schema->map.top = (struct config_place){source, 1, 1};
        schema->map.root = root;
        schema->config->file = name;
    }
    if (root)
        read_section(&file, NULL, OPTIONS_PROCESS, root, schema->config);
}

void schema_begin(struct schema *schema, struct config *config, const struct scalar_inputs *world,
                  struct diag *diag)
{
    *schema = (struct schema){.config = config, .world = world, .diag = diag};
    source_map_begin(&schema->map);
}

void schema_end(struct schema *schema)
{
    for (size_t i = 0; i < schema->include_count; i++)
        free(schema->includes[i].pattern);
    free(schema->includes);
    source_map_end(&schema->map);
}
