#include "config/print/json_schema.h"

#include "base/ascii.h"
#include "config/print/schema_rules.h"
#include "config/print/schema_value.h"

static void put_member(struct json *json, const char *key, const char *text)
{
    json_put_key(json, key);
    json_put_string(json, text);
}

/* A type that may be left empty in YAML. */
static void put_nullable_type(struct json *json, const char *type)
{
    json_put_key(json, "type");
    json_put_open(json, '[');
    json_put_string(json, type);
    json_put_string(json, "null");
    json_put_close(json, ']');
}

/* ---- options ---- */

static void put_values(struct json *json, const struct options_row *row)
{
    json_put_open(json, '{');
    schema_value_put(json, row);
    json_put_close(json, '}');
}

/* Editors insert it as it stands here. */
static void put_default(struct json *json, const struct options_row *row)
{
    const char *text = row->initial;
    bool is_bool = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    json_put_key(json, "default");
    if (is_bool || (row->value.type == VALUE_COUNT && ascii_is_digit(*text)))
        json_put_raw(json, slice_of(text));
    else
        json_put_string(json, text);
}

static void put_option(struct json *json, const struct options_row *row)
{
    json_put_key(json, row->key);
    json_put_open_spread(json, '{');
    put_member(json, "description", row->help);
    if (row->initial)
        put_default(json, row);
    schema_value_put(json, row);
    json_put_close(json, '}');
}

/* ---- sections ---- */

static void put_section(struct json *json, enum options_section section);

/* A mapping, or the value of its scalar-form option. */
static void put_element(struct json *json, enum options_section section)
{
    const struct options_row *row = options_scalar_form(section);
    if (!row) {
        put_section(json, section);
        return;
    }
    json_put_open_spread(json, '{');
    json_put_key(json, "anyOf");
    json_put_open(json, '[');
    put_values(json, row);
    put_section(json, section);
    json_put_close(json, ']');
    json_put_close(json, '}');
}

static void put_child(struct json *json, enum options_section child)
{
    const struct options_section_row *row = options_section(child);
    json_put_key(json, row->key);
    if (row->shape == OPTIONS_ONE) {
        put_element(json, child);
        return;
    }
    json_put_open_spread(json, '{');
    put_member(json, "description", row->help);
    if (row->shape == OPTIONS_MAP) {
        put_nullable_type(json, "object");
        json_put_key(json, "propertyNames");
        put_values(json, options_map(child).name);
        json_put_key(json, "additionalProperties");
        put_values(json, options_map(child).text);
    } else {
        put_nullable_type(json, "array");
        json_put_key(json, "items");
        put_element(json, child);
    }
    json_put_close(json, '}');
    if (row->single) {
        json_put_key(json, row->single);
        put_element(json, child);
    }
}

static void put_members(struct json *json, enum options_section section)
{
    const struct options_row *row;
    bool root = section == OPTIONS_PROCESS;
    put_member(json, "description", options_section(section)->help);
    if (root || options_scalar_form(section))
        put_member(json, "type", "object");
    else
        put_nullable_type(json, "object");
    json_put_key(json, "additionalProperties");
    json_put_bool(json, false);
    schema_rules_put(json, section);
    if (root) {
        json_put_key(json, "patternProperties");
        json_put_raw(json, SLICE("{\"^x-\":true}")); /* keys that hold anchors */
    }
    json_put_key(json, "properties");
    json_put_open_spread(json, '{');
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section)
            put_option(json, row);
    for (enum options_section child = section; options_next_child(section, &child);)
        put_child(json, child);
    if (root) {
        json_put_key(json, "include");
        json_put_raw(json, SLICE("{\"anyOf\":[{\"type\":\"string\"},"
                                 "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}]}"));
    }
    json_put_close(json, '}');
}

static void put_section(struct json *json, enum options_section section)
{
    json_put_open_spread(json, '{');
    put_members(json, section);
    json_put_close(json, '}');
}

bool json_schema_print(FILE *stream)
{
    struct json json = {0};
    json_put_open_spread(&json, '{');
    put_member(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    put_member(&json, "title", "wsluice");
    put_members(&json, OPTIONS_PROCESS);
    json_put_key(&json, "$defs");
    json_put_open_spread(&json, '{');
    schema_value_put_definitions(&json);
    json_put_close(&json, '}');
    json_put_close(&json, '}');
    size_t length;
    char *text = json_put_take(&json, &length);
    if (text)
        fprintf(stream, "%s\n", text);
    free(text);
    return text != NULL;
}
