#include "config/yaml/yaml_parse.h"

#include <yaml.h>

#include "config/yaml/yaml_mapping.h"

enum { ANCHORS_MAX = 1000, CHILDREN_MIN = 64 };

/* A sequence or mapping that is not complete; its children are on the builder's stack. */
struct open_node {
    struct yaml_tree_node *node;
    size_t first_child;
};

struct anchor {
    const char *name;
    struct yaml_tree_node *node;
    bool open; /* not complete: an alias to it would contain itself */
};

struct builder {
    struct yaml_tree *tree;
    struct diag *diag;
    const char *text;
    size_t length;
    yaml_parser_t parser;
    struct open_node open[YAML_PARSE_DEPTH_MAX];
    size_t depth;
    const struct yaml_tree_node **children;
    size_t child_count, child_capacity;
    struct anchor *anchors;
    size_t anchor_count;
    size_t values; /* so far, aliases unfolded */
};

static bool out_of_memory(struct builder *builder)
{
    diag_out_of_memory(builder->diag);
    return false;
}

/* ---- places and findings ---- */

static struct config_place place(const struct builder *builder, yaml_mark_t mark)
{
    return (struct config_place){yaml_tree_source(builder->tree), (unsigned)mark.line + 1,
                                 (unsigned)mark.column + 1};
}

static bool refuse(struct builder *builder, yaml_mark_t mark, const char *remedy,
                   const char *message)
{
    diag_add(builder->diag, DIAG_ERROR, place(builder, mark), NULL, remedy, "%s", message);
    return false;
}

/* The usual cause of an error of libyaml. NULL: not known. */
static const char *hint(const char *problem)
{
    static const struct {
        const char *part, *remedy;
    } hints[] = {
        {"cannot start any token", "quote texts that begin with '@', '`' or '%'"},
        {"alphabetic or numeric", "quote texts that begin with '*' or '&'"},
        {"mapping values are not allowed",
         "write a space after the ':' of a name, and quote texts that contain ': '"},
        {"expected node content", "quote texts that begin with '[', '{' or ':'"},
        {"expected ',' or",
         "close each bracket, and quote texts that contain '[', ']', '{', '}' or ','"},
        {"expected '-'", "indent this line like the others of its list or mapping"},
        {"expected key", "indent this line like the others of its list or mapping"},
        {"could not find expected ':'", "write NAME: VALUE"},
        {"<document start>", "write NAME: VALUE"},
        {"unexpected end of stream", "close the quote"},
    };
    for (size_t i = 0; i < WSL_COUNT(hints); i++)
        if (strstr(problem, hints[i].part))
            return hints[i].remedy;
    return NULL;
}

/* libyaml names the byte only; a line has no marks yet where bytes are no text. */
static bool no_text(struct builder *builder, const char *problem)
{
    const yaml_parser_t *parser = &builder->parser;
    struct config_place where = {yaml_tree_source(builder->tree), 1, 1};
    bool control = strstr(problem, "control characters") != NULL;
    size_t end = parser->problem_offset < builder->length ? parser->problem_offset : 0;
    for (size_t i = 0; i < end; i++) {
        bool starts = ((unsigned char)builder->text[i] & 0xc0) != 0x80; /* a character, in UTF-8 */
        where.column = builder->text[i] == '\n' ? 1 : where.column + starts;
        where.line += builder->text[i] == '\n';
    }
    diag_add(builder->diag, DIAG_ERROR, where, NULL,
             control ? "remove the character" : "write the file in UTF-8",
             "not text: %s, at byte %zu", problem, parser->problem_offset);
    return false;
}

/* libyaml's marks count characters, so the line is found by its number. */
static bool tab_indents(const struct builder *builder, size_t line)
{
    const char *at = builder->text, *end = at + builder->length;
    for (; at && line > 0; line--) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    while (at && at < end && *at == ' ')
        at++;
    return at && at < end && *at == '\t';
}

static bool no_yaml(struct builder *builder)
{
    const yaml_parser_t *parser = &builder->parser;
    const char *problem = parser->problem ? parser->problem : "it cannot be read";
    if (parser->error == YAML_MEMORY_ERROR)
        return out_of_memory(builder);
    if (parser->error == YAML_READER_ERROR)
        return no_text(builder, problem);
    /* A line without ':' is noticed on the next one. */
    bool before = parser->context && strstr(problem, "could not find expected ':'");
    struct config_place where =
        place(builder, before ? parser->context_mark : parser->problem_mark);
    const char *remedy =
        tab_indents(builder, where.line - 1) ? "indent with spaces, not with tabs" : hint(problem);
    if (parser->context && parser->context_mark.line + 1 != where.line)
        diag_add(builder->diag, DIAG_ERROR, where, NULL, remedy,
                 "not YAML: %s %s that begins in line %zu", problem, parser->context,
                 parser->context_mark.line + 1);
    else
        diag_add(builder->diag, DIAG_ERROR, where, NULL, remedy, "not YAML: %s", problem);
    return false;
}

/* ---- nodes ---- */

static struct yaml_tree_node *new_node(struct builder *builder, enum yaml_tree_kind kind,
                                       const yaml_event_t *event)
{
    struct yaml_tree_node *node = yaml_tree_alloc(builder->tree, sizeof(*node));
    if (!node) {
        out_of_memory(builder);
        return NULL;
    }
    node->kind = kind;
    node->where = place(builder, event->start_mark);
    node->end = place(builder, event->end_mark);
    node->weight = 1;
    return node;
}

/* A value is complete, or opened: it becomes a child of what is open, or the root. */
static bool add_child(struct builder *builder, const struct yaml_tree_node *node, yaml_mark_t mark)
{
    builder->values += node->weight;
    if (builder->values > YAML_PARSE_VALUES_MAX)
        return refuse(builder, mark, "use fewer aliases",
                      "more than 2000000 values, counting those that each alias stands for");
    if (builder->depth == 0) {
        yaml_tree_set_root(builder->tree, node);
        return true;
    }
    if (builder->child_count == builder->child_capacity) {
        const struct yaml_tree_node **more =
            realloc(builder->children, 2 * builder->child_capacity * sizeof(void *));
        if (!more)
            return out_of_memory(builder);
        builder->children = more;
        builder->child_capacity *= 2;
    }
    builder->children[builder->child_count++] = node;
    return true;
}

static bool set_anchor(struct builder *builder, const yaml_char_t *name,
                       struct yaml_tree_node *node, yaml_mark_t mark)
{
    if (!name)
        return true;
    if (builder->anchor_count == ANCHORS_MAX)
        return refuse(builder, mark, NULL, "more than 1000 anchors");
    size_t length = strlen((const char *)name);
    char *copy = yaml_tree_alloc(builder->tree, length + 1);
    if (!copy)
        return out_of_memory(builder);
    memcpy(copy, name, length);
    builder->anchors[builder->anchor_count++] =
        (struct anchor){copy, node, node->kind != YAML_TREE_SCALAR};
    return true;
}

/* The last anchor of the name; YAML 1.2.2, section 7.1. */
static bool add_alias(struct builder *builder, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    for (size_t i = builder->anchor_count; i > 0; i--) {
        const struct anchor *anchor = &builder->anchors[i - 1];
        if (strcmp(anchor->name, name) != 0)
            continue;
        if (anchor->open)
            return refuse(builder, event->start_mark, NULL,
                          "this alias refers to a value that contains it");
        return add_child(builder, anchor->node, event->start_mark);
    }
    return refuse(builder, event->start_mark, "write the & before the *",
                  "there is no anchor of this name above");
}

static bool is_null(const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (*text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

/* YAML's own tags are ignored, as the option decides the type; others are refused. */
static bool tag_is_known(struct builder *builder, const yaml_char_t *tag, yaml_mark_t mark)
{
    static const char core[] = "tag:yaml.org,2002:";
    if (!tag || strcmp((const char *)tag, "!") == 0 ||
        strncmp((const char *)tag, core, sizeof(core) - 1) == 0)
        return true;
    return refuse(builder, mark, "remove it", "tags are not supported");
}

static bool add_scalar(struct builder *builder, const yaml_event_t *event)
{
    size_t length = event->data.scalar.length;
    if (memchr(event->data.scalar.value, '\0', length))
        return refuse(builder, event->start_mark, NULL, "a text must not contain a NUL byte");
    struct yaml_tree_node *node = new_node(builder, YAML_TREE_SCALAR, event);
    char *text = node ? yaml_tree_alloc(builder->tree, length + 1) : NULL;
    if (!text)
        return node ? out_of_memory(builder) : false;
    memcpy(text, event->data.scalar.value, length);
    node->text = text;
    node->is_null = is_null(event);
    return tag_is_known(builder, event->data.scalar.tag, event->start_mark) &&
           set_anchor(builder, event->data.scalar.anchor, node, event->start_mark) &&
           add_child(builder, node, event->start_mark);
}

static bool open_node(struct builder *builder, enum yaml_tree_kind kind, const yaml_event_t *event)
{
    bool mapping = kind == YAML_TREE_MAPPING;
    const yaml_char_t *anchor =
        mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    const yaml_char_t *tag =
        mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    if (builder->depth == YAML_PARSE_DEPTH_MAX)
        return refuse(builder, event->start_mark, NULL, "nested deeper than 32 levels");
    struct yaml_tree_node *node = new_node(builder, kind, event);
    if (!node || !tag_is_known(builder, tag, event->start_mark) ||
        !set_anchor(builder, anchor, node, event->start_mark) ||
        !add_child(builder, node, event->start_mark))
        return false;
    builder->open[builder->depth++] = (struct open_node){node, builder->child_count};
    return true;
}

/* ---- events ---- */

static bool close_sequence(struct builder *builder, struct yaml_tree_node *node,
                           const struct yaml_tree_node *const *children, size_t count)
{
    const struct yaml_tree_node **items =
        yaml_tree_alloc(builder->tree, (count + 1) * sizeof(void *));
    if (!items)
        return out_of_memory(builder);
    if (count)
        memcpy(items, children, count * sizeof(void *));
    node->items = items;
    node->count = count;
    return true;
}

static bool close_node(struct builder *builder, const yaml_event_t *event)
{
    struct open_node *open = &builder->open[--builder->depth];
    struct yaml_tree_node *node = open->node;
    const struct yaml_tree_node **children = builder->children + open->first_child;
    size_t count = builder->child_count - open->first_child;
    for (size_t i = 0; i < count; i++)
        node->weight += children[i]->weight;
    for (size_t i = builder->anchor_count; i > 0; i--)
        if (builder->anchors[i - 1].node == node)
            builder->anchors[i - 1].open = false;
    node->end = place(builder, event->end_mark);
    builder->child_count = open->first_child;
    return node->kind == YAML_TREE_MAPPING
               ? yaml_mapping_fill(builder->tree, node, children, count, builder->diag)
               : close_sequence(builder, node, children, count);
}

static bool begin_document(struct builder *builder, const yaml_event_t *event)
{
    if (!yaml_tree_root(builder->tree))
        return true;
    return refuse(builder, event->start_mark, "put it into a file of its own",
                  "a second document begins here");
}

static bool handle(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return begin_document(builder, event);
    case YAML_ALIAS_EVENT:
        return add_alias(builder, event);
    case YAML_SCALAR_EVENT:
        return add_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(builder, YAML_TREE_SEQUENCE, event);
    case YAML_MAPPING_START_EVENT:
        return open_node(builder, YAML_TREE_MAPPING, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_node(builder, event);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return true;
    }
    abort();
}

static bool run(struct builder *builder)
{
    bool ok = true, more = true;
    while (ok && more) {
        yaml_event_t event;
        if (!yaml_parser_parse(&builder->parser, &event))
            return no_yaml(builder);
        more = event.type != YAML_STREAM_END_EVENT;
        ok = handle(builder, &event);
        if (event.type == YAML_SCALAR_EVENT)
            explicit_bzero(event.data.scalar.value, event.data.scalar.length);
        yaml_event_delete(&event);
    }
    return ok;
}

/* The text may have secrets, and libyaml frees its copies as they are. */
static void wipe_buffers(yaml_parser_t *parser)
{
    if (parser->raw_buffer.start)
        explicit_bzero(parser->raw_buffer.start,
                       (size_t)(parser->raw_buffer.end - parser->raw_buffer.start));
    if (parser->buffer.start)
        explicit_bzero(parser->buffer.start, (size_t)(parser->buffer.end - parser->buffer.start));
}

static bool build(struct builder *builder)
{
    builder->anchors = calloc(ANCHORS_MAX, sizeof(*builder->anchors));
    builder->children = calloc(CHILDREN_MIN, sizeof(void *));
    builder->child_capacity = CHILDREN_MIN;
    if (!builder->anchors || !builder->children || !yaml_parser_initialize(&builder->parser)) {
        free(builder->anchors);
        free(builder->children);
        return out_of_memory(builder);
    }
    yaml_parser_set_input_string(&builder->parser, (const unsigned char *)builder->text,
                                 builder->length);
    bool ok = run(builder);
    wipe_buffers(&builder->parser);
    yaml_parser_delete(&builder->parser);
    free(builder->anchors);
    free(builder->children);
    return ok;
}

struct yaml_tree *yaml_parse_text(const char *name, const char *text, size_t length,
                                  struct diag *diag)
{
    const char *source = diag_add_source(diag, name, text, length);
    struct yaml_tree *tree = source ? yaml_tree_new(source) : NULL;
    struct builder builder = {.tree = tree, .diag = diag, .text = text, .length = length};
    if (!tree) {
        diag_out_of_memory(diag);
        return NULL;
    }
    if (length > YAML_PARSE_SIZE_MAX)
        diag_add(diag, DIAG_ERROR, (struct config_place){source, 1, 1}, NULL,
                 "split it with include", "the file is larger than 16 MiB");
    else if (build(&builder))
        return tree;
    yaml_tree_free(tree);
    return NULL;
}
