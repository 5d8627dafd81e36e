#include "config/print/json_schema.h"

#include "base/text/json.h"
#include "config/options/options.h"

#define SOME_TEXT "{\"type\":\"string\",\"minLength\":1}"

static void put_member(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_string(json, text);
}

static void put_number_member(struct json *json, const char *key, uint64_t number)
{
    json_key(json, key);
    json_number(json, number);
}

/* {"type": "string", KEY: TEXT} */
static void put_string_type(struct json *json, const char *key, const char *text)
{
    json_open(json, '{');
    put_member(json, "type", "string");
    put_member(json, key, text);
    json_close(json, '}');
}

/* A type that may be left empty in YAML. */
static void put_nullable_type(struct json *json, const char *type)
{
    json_key(json, "type");
    json_open(json, '[');
    json_string(json, type);
    json_string(json, "null");
    json_close(json, ']');
}

/* ---- values ---- */

/* YAML reads some words as other types than text. */
static void put_name(struct json *json, const char *name)
{
    bool is_number = strspn(name, "0123456789.") == strlen(name);
    bool is_bool = strcmp(name, "true") == 0 || strcmp(name, "false") == 0;
    json_string(json, name);
    if (is_number || is_bool)
        json_raw(json, slice_of(name));
    if (strcmp(name, "off") == 0)
        json_bool(json, false);
}

static void put_names(struct json *json, const struct value_name *names)
{
    json_open(json, '{');
    json_key(json, "enum");
    json_open(json, '[');
    for (; names->name; names++)
        if (!names->alias)
            put_name(json, names->name);
    json_close(json, ']');
    json_close(json, '}');
}

static void put_range(struct json *json, uint64_t minimum, uint64_t maximum)
{
    json_open(json, '{');
    put_member(json, "type", "integer");
    put_number_member(json, "minimum", minimum);
    put_number_member(json, "maximum", maximum);
    json_close(json, '}');
}

static void put_number(struct json *json, const struct value_spec *spec, uint64_t factor,
                       const char *pattern)
{
    put_range(json, spec->zero ? 0 : (spec->min + factor - 1) / factor, spec->max / factor);
    if (pattern)
        put_string_type(json, "pattern", pattern);
    if (spec->zero)
        put_names(json, (const struct value_name[]){{.name = spec->zero}, {.name = NULL}});
}

static void put_type(struct json *json, const struct value_spec *spec)
{
    switch (spec->type) {
    case VALUE_BOOL:
        json_raw(json, SLICE("{\"enum\":[true,false,\"on\",\"off\",\"yes\",\"no\"]}"));
        break;
    case VALUE_COUNT:
        put_number(json, spec, 1, NULL);
        break;
    case VALUE_DURATION:
        put_number(json, spec, 1000, "^[0-9]+(ms|s|m|h|d)?$");
        break;
    case VALUE_SIZE:
        put_number(json, spec, 1, "^[0-9]+([KkMmGg][Ii])?[Bb]?$");
        break;
    case VALUE_MODE:
        json_raw(json, SLICE("{\"type\":\"integer\"}"));
        put_string_type(json, "pattern", "^(0[oO])?[0-7]+$");
        break;
    case VALUE_ENUM:
        put_names(json, spec->names);
        break;
    case VALUE_TEXT:
        json_raw(json, SLICE("{\"type\":[\"string\",\"number\",\"boolean\"]}"));
        json_raw(json, SLICE("{\"$ref\":\"#/$defs/file\"}"));
        break;
    case VALUE_LISTEN:
        json_raw(json, SLICE(SOME_TEXT));
        put_range(json, 0, 65535);
        break;
    case VALUE_PATH:
    case VALUE_TARGET:
    case VALUE_CIDR:
        json_raw(json, SLICE(SOME_TEXT));
        break;
    }
}

static void put_value(struct json *json, const struct value_spec *spec)
{
    bool text = spec->type == VALUE_TEXT || spec->type == VALUE_PATH ||
                spec->type == VALUE_LISTEN || spec->type == VALUE_TARGET ||
                spec->type == VALUE_CIDR;
    json_open(json, '{');
    json_key(json, "anyOf");
    json_open(json, '[');
    put_type(json, spec);
    if (!text)
        json_raw(json, SLICE("{\"$ref\":\"#/$defs/variable\"}"));
    json_close(json, ']');
    json_close(json, '}');
}

static void put_option(struct json *json, const struct options_row *row)
{
    json_key(json, row->key);
    json_open_spread(json, '{');
    put_member(json, "description", row->help);
    if (row->initial)
        put_member(json, "default", row->initial);
    json_key(json, "anyOf");
    json_open(json, '[');
    put_value(json, &row->value);
    if (row->list) {
        json_open(json, '{');
        put_member(json, "type", "array");
        json_key(json, "items");
        put_value(json, &row->value);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
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
    json_open_spread(json, '{');
    json_key(json, "anyOf");
    json_open(json, '[');
    json_raw(json, row->list ? SLICE("{\"type\":[\"string\",\"integer\",\"array\"]}")
                             : SLICE("{\"type\":[\"string\",\"integer\"]}"));
    put_section(json, section);
    json_close(json, ']');
    json_close(json, '}');
}

static void put_child(struct json *json, enum options_section child)
{
    const struct options_section_row *row = options_section(child);
    json_key(json, row->key);
    if (row->shape == OPTIONS_ONE) {
        put_element(json, child);
        return;
    }
    json_open_spread(json, '{');
    put_member(json, "description", row->help);
    if (row->shape == OPTIONS_MAP) {
        put_nullable_type(json, "object");
        json_key(json, "additionalProperties");
        put_value(json, &options_map(child).text->value);
    } else {
        put_nullable_type(json, "array");
        json_key(json, "items");
        put_element(json, child);
    }
    json_close(json, '}');
    if (row->single) {
        json_key(json, row->single);
        put_element(json, child);
    }
}

static void put_required(struct json *json, enum options_section section)
{
    const struct options_row *row;
    json_key(json, "required");
    json_open(json, '[');
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section && row->required)
            json_string(json, row->key);
    json_close(json, ']');
}

static void put_members(struct json *json, enum options_section section)
{
    const struct options_row *row;
    bool root = section == OPTIONS_PROCESS;
    put_member(json, "description", options_section(section)->help);
    if (options_scalar_form(section))
        put_member(json, "type", "object");
    else
        put_nullable_type(json, "object");
    json_key(json, "additionalProperties");
    json_bool(json, false);
    put_required(json, section);
    if (root) {
        json_key(json, "patternProperties");
        json_raw(json, SLICE("{\"^x-\":true}")); /* keys that hold anchors */
    }
    json_key(json, "properties");
    json_open_spread(json, '{');
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section)
            put_option(json, row);
    for (int i = OPTIONS_PROCESS + 1; i < OPTIONS_SECTION_COUNT; i++)
        if (options_section((enum options_section)i)->parent == section)
            put_child(json, (enum options_section)i);
    if (root) {
        json_key(json, "include");
        json_raw(json, SLICE("{\"anyOf\":[{\"type\":\"string\"},"
                             "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}]}"));
    }
    json_close(json, '}');
}

static void put_section(struct json *json, enum options_section section)
{
    json_open_spread(json, '{');
    put_members(json, section);
    json_close(json, '}');
}

bool json_schema_print(FILE *stream)
{
    struct json json = {0};
    json_open_spread(&json, '{');
    put_member(&json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    put_member(&json, "title", "wsluice");
    put_members(&json, OPTIONS_PROCESS);
    json_key(&json, "$defs");
    json_open_spread(&json, '{');
    json_key(&json, "variable");
    put_string_type(&json, "pattern", "[$][{]");
    json_key(&json, "file");
    json_raw(&json, SLICE("{\"type\":\"object\",\"required\":[\"file\"],"
                          "\"additionalProperties\":false,"
                          "\"properties\":{\"file\":{\"type\":\"string\"}}}"));
    json_close(&json, '}');
    json_close(&json, '}');
    size_t length;
    char *text = json_take(&json, &length);
    if (text)
        fprintf(stream, "%s\n", text);
    free(text);
    return text != NULL;
}
