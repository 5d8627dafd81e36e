#include "config/print/schema_rules.h"

#include "config/print/schema_value.h"

/* KEY: { or KEY: [ */
static void open_member(struct json *json, const char *key, char bracket)
{
    json_put_key(json, key);
    json_put_open(json, bracket);
}

static void open_object(struct json *json, const char *key, char bracket)
{
    json_put_open(json, '{');
    open_member(json, key, bracket);
}

static void close_all(struct json *json, const char *brackets)
{
    for (; *brackets; brackets++)
        json_put_close(json, *brackets);
}

/* {"type": "object", "required": [KEY]; a section may be null, of which "required" says nothing. */
static void open_required(struct json *json, const char *key)
{
    json_put_open(json, '{');
    json_put_key(json, "type");
    json_put_string(json, "object");
    open_member(json, "required", '[');
    json_put_string(json, key);
    json_put_close(json, ']');
}

static void put_given(struct json *json, const char *key)
{
    open_required(json, key);
    json_put_close(json, '}');
}

/* {..., "properties": {KEY: {...}}}, of which the innermost object stays open. */
static void open_given(struct json *json, const char *key)
{
    open_required(json, key);
    open_member(json, "properties", '{');
    open_member(json, key, '{');
}

/* The option is given, and not with its default. */
static void put_set(struct json *json, const struct options_row *row)
{
    struct value value;
    char why[160];
    if (!row->initial ||
        value_parse(&row->value, row->initial, &value, why, sizeof(why)) != VALUE_OK) {
        put_given(json, row->key);
        return;
    }
    open_given(json, row->key);
    open_member(json, "not", '{');
    json_put_key(json, "enum");
    schema_value_put_names(json, &row->value, value.number);
    close_all(json, "}}}}");
}

/* ---- one option and another ---- */

static void put_needs(struct json *json, const struct options_row *row)
{
    json_put_open(json, '{');
    json_put_key(json, "if");
    put_set(json, row);
    json_put_key(json, "then");
    put_given(json, row->needs);
    json_put_close(json, '}');
}

static void put_excludes(struct json *json, const struct options_row *row)
{
    json_put_open(json, '{');
    json_put_key(json, "if");
    put_set(json, row);
    open_member(json, "then", '{');
    json_put_key(json, "not");
    put_given(json, row->excludes);
    close_all(json, "}}");
}

/* Each name that is a key of the section needs that option. */
static void put_named(struct json *json, const struct options_row *row)
{
    for (const struct value_name *name = row->value.names; name->name; name++) {
        if (!options_find(row->section, name->name))
            continue;
        json_put_open(json, '{');
        json_put_key(json, "if");
        open_given(json, row->key);
        json_put_key(json, "const");
        json_put_string(json, name->name);
        close_all(json, "}}}");
        json_put_key(json, "then");
        put_given(json, name->name);
        json_put_close(json, '}');
    }
}

/* ---- the purpose of a route ---- */

/* KEY: [each way to give one of these purposes] */
static void put_purposes(struct json *json, const char *key, unsigned purposes)
{
    const struct options_row *row;
    open_member(json, key, '[');
    for (int i = OPTIONS_PROCESS + 1; i < OPTIONS_SECTION_COUNT; i++) {
        const struct options_section_row *section = options_section((enum options_section)i);
        if (!(purposes & 1U << section->purpose))
            continue;
        if (section->single)
            put_given(json, section->single);
        put_given(json, section->key);
    }
    for (size_t i = 0; (row = options_at(i)); i++)
        if (purposes & 1U << row->purpose)
            put_set(json, row);
    json_put_close(json, ']');
}

/* One of `purposes`, and none of `others`. */
static void put_purpose(struct json *json, unsigned purposes, unsigned others)
{
    json_put_open(json, '{');
    put_purposes(json, "oneOf", purposes);
    open_member(json, "not", '{');
    put_purposes(json, "anyOf", others);
    close_all(json, "}}");
}

static void put_route(struct json *json)
{
    const unsigned bridge = 1U << OPTIONS_PURPOSE_BRIDGE, files = 1U << OPTIONS_PURPOSE_FILES,
                   page = 1U << OPTIONS_PURPOSE_PAGE;
    open_object(json, "anyOf", '[');
    put_purpose(json, bridge, page);
    put_purpose(json, files, bridge | page);
    put_purpose(json, page, bridge | files);
    close_all(json, "]}");
}

/* Exactly one source of tokens. */
static void put_sources(struct json *json)
{
    json_put_open(json, '{');
    put_purposes(json, "oneOf", 1U << OPTIONS_PURPOSE_SOURCE);
    json_put_close(json, '}');
}

/* ---- the file ---- */

/* KEY: [the lists that a file must have] */
static void put_lists(struct json *json, const char *key)
{
    open_member(json, key, '[');
    for (enum options_section child = OPTIONS_PROCESS; options_next_child(OPTIONS_PROCESS, &child);)
        if (options_section(child)->required)
            json_put_string(json, options_section(child)->key);
    json_put_close(json, ']');
}

/* A file has all of these lists, or an include; or it is included, and has nothing but them. */
static void put_file(struct json *json)
{
    open_object(json, "anyOf", '[');
    json_put_open(json, '{');
    put_lists(json, "required");
    json_put_close(json, '}');
    put_given(json, "include");
    open_object(json, "propertyNames", '{');
    open_member(json, "anyOf", '[');
    json_put_open(json, '{');
    put_lists(json, "enum");
    json_put_close(json, '}');
    json_put_raw(json, SLICE("{\"pattern\":\"^x-\"}"));
    close_all(json, "]}");
    json_put_key(json, "minProperties");
    json_put_number(json, 1);
    close_all(json, "}]}");
}

/* "allOf", a list that must not be empty. */
static void begin_rule(struct json *json, bool *any)
{
    if (*any)
        return;
    json_put_key(json, "allOf");
    json_put_open_spread(json, '[');
    *any = true;
}

static void put_option_rules(struct json *json, const struct options_row *row, bool *any)
{
    if (!row->needs && !row->excludes && !row->names_option)
        return;
    begin_rule(json, any);
    if (row->needs)
        put_needs(json, row);
    if (row->excludes)
        put_excludes(json, row);
    if (row->names_option)
        put_named(json, row);
}

void schema_rules_put(struct json *json, enum options_section section)
{
    const struct options_row *row;
    bool any = false;
    open_member(json, "required", '[');
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section && row->required)
            json_put_string(json, row->key);
    for (enum options_section inner = section; options_next_child(section, &inner);) {
        const struct options_section_row *child = options_section(inner);
        if (child->required && child->shape == OPTIONS_ONE)
            json_put_string(json, child->key);
    }
    json_put_close(json, ']');
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section)
            put_option_rules(json, row, &any);
    if (options_contents(section) == OPTIONS_AUTH) { /* exactly one method */
        json_put_key(json, "minProperties");
        json_put_number(json, 1);
        json_put_key(json, "maxProperties");
        json_put_number(json, 1);
    }
    if (section == OPTIONS_ROUTE || section == OPTIONS_PROCESS || section == OPTIONS_TOKENS)
        begin_rule(json, &any);
    if (section == OPTIONS_ROUTE)
        put_route(json);
    if (section == OPTIONS_TOKENS)
        put_sources(json);
    if (section == OPTIONS_PROCESS)
        put_file(json);
    if (any)
        json_put_close(json, ']');
}
