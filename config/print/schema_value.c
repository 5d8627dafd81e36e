#include "config/print/schema_value.h"

#include "config/model/value_regex.h"

/* variables.c decides what a variable is. */
#define VARIABLE "[$][{][A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?[}]"

/* A text may have any number of variables. "$$" is a '$'; so is one before another character. */
#define WITH_VARIABLES "^([^$]|[$][$]|[$][^${]|" VARIABLE ")*[$]?$"

static void put_member(struct json *json, const char *key, const char *text)
{
    json_put_key(json, key);
    json_put_string(json, text);
}

static void put_number_member(struct json *json, const char *key, uint64_t number)
{
    json_put_key(json, key);
    json_put_number(json, number);
}

/* ---- names ---- */

/* YAML reads some words as other types than text, YAML 1.1 more of them. */
static void put_name(struct json *json, const char *name)
{
    bool is_number = strspn(name, "0123456789.") == strlen(name);
    bool is_bool = strcmp(name, "true") == 0 || strcmp(name, "false") == 0;
    if (!is_bool)
        json_put_string(json, name);
    if (is_number || is_bool)
        json_put_raw(json, slice_of(name));
    if (strcmp(name, "off") == 0)
        json_put_bool(json, false);
}

/* The names that are suggested. */
static void put_enum(struct json *json, const struct value_name *names)
{
    json_put_open(json, '{');
    json_put_key(json, "enum");
    json_put_open(json, '[');
    for (; names->name; names++)
        if (!names->alias)
            put_name(json, names->name);
    json_put_close(json, ']');
    json_put_close(json, '}');
}

void schema_value_put_names(struct json *json, const struct value_spec *spec, uint64_t number)
{
    json_put_open(json, '[');
    for (const struct value_name *name = value_names(spec); name->name; name++) {
        if (name->number != number)
            continue;
        if (name->alias || strcmp(name->name, "false") == 0)
            json_put_string(json, name->name);
        if (!name->alias)
            put_name(json, name->name);
    }
    json_put_close(json, ']');
}

/* ---- numbers and texts ---- */

/* What an editor says about a text that does not match. */
static void put_message(struct json *json, const struct value_spec *spec)
{
    struct value value;
    char why[160] = "";
    bool number =
        spec->type == VALUE_COUNT || spec->type == VALUE_DURATION || spec->type == VALUE_SIZE;
    /* Out of each range, or malformed for each other type. */
    const char *wrong = number ? "18446744073709551615" : spec->form ? " " : "/:";
    value_parse(spec, wrong, &value, why, sizeof(why));
    put_member(json, "patternErrorMessage",
               spec->form && spec->form->wanted ? spec->form->wanted : why);
}

/* A text that matches, or that has a variable, whose value is not known here. */
static void put_pattern(struct json *json, const struct value_spec *spec)
{
    struct text regex = {0};
    size_t length;
    text_add_string(&regex, "^(");
    value_regex_put(spec, &regex);
    text_add_string(&regex, ")$|" VARIABLE);
    char *text = text_take(&regex, &length);
    json->text.failed |= !text;
    json_put_key(json, "pattern");
    json_put_string(json, text);
    free(text);
    put_message(json, spec);
}

static void put_range(struct json *json, uint64_t minimum, uint64_t maximum)
{
    put_number_member(json, "minimum", minimum);
    put_number_member(json, "maximum", maximum);
}

static void put_number(struct json *json, const struct value_spec *spec)
{
    uint64_t bare;
    value_units(spec->type, &bare);
    json_put_open(json, '{');
    json_put_key(json, "type");
    json_put_raw(json, SLICE("[\"integer\",\"string\"]"));
    put_range(json, spec->zero ? 0 : (spec->min + bare - 1) / bare, spec->max / bare);
    put_pattern(json, spec);
    json_put_close(json, '}');
    if (spec->zero)
        put_enum(json, (const struct value_name[]){{.name = spec->zero}, {.name = NULL}});
}

/* YAML reads a port alone, and permissions, as numbers. */
static void put_address(struct json *json, const struct value_spec *spec)
{
    bool number = spec->type == VALUE_LISTEN || spec->type == VALUE_MODE;
    json_put_open(json, '{');
    json_put_key(json, "type");
    json_put_raw(json, number ? SLICE("[\"integer\",\"string\"]") : SLICE("\"string\""));
    if (spec->type == VALUE_LISTEN)
        put_range(json, 0, UINT16_MAX);
    put_pattern(json, spec);
    json_put_close(json, '}');
}

static void put_text(struct json *json, const struct value_spec *spec)
{
    const struct value_form *form = spec->form;
    json_put_open(json, '{');
    json_put_key(json, "type");
    json_put_open(json, '[');
    json_put_string(json, "string");
    if (!form || !form->check("5"))
        json_put_string(json, "number");
    if (!form || !form->check("true"))
        json_put_string(json, "boolean");
    json_put_close(json, ']');
    if (!spec->may_be_empty)
        put_number_member(json, "minLength", 1);
    if (form)
        put_pattern(json, spec);
    else
        put_member(json, "pattern", WITH_VARIABLES);
    json_put_close(json, '}');
    if (spec->type == VALUE_TEXT)
        json_put_raw(json, SLICE("{\"$ref\":\"#/$defs/file\"}"));
}

/* Names, and other ways to write them. */
static void put_named(struct json *json, const struct value_spec *spec)
{
    put_enum(json, value_names(spec));
    json_put_open(json, '{');
    put_member(json, "type", "string");
    put_pattern(json, spec);
    json_put_close(json, '}');
}

/* Each way to write a value. */
static void put_types(struct json *json, const struct value_spec *spec)
{
    switch (spec->type) {
    case VALUE_BOOL:
    case VALUE_ENUM:
        put_named(json, spec);
        break;
    case VALUE_COUNT:
    case VALUE_DURATION:
    case VALUE_SIZE:
        put_number(json, spec);
        break;
    case VALUE_TEXT:
    case VALUE_PATH:
        put_text(json, spec);
        break;
    case VALUE_MODE:
    case VALUE_LISTEN:
    case VALUE_TARGET:
    case VALUE_CIDR:
        put_address(json, spec);
        break;
    }
}

void schema_value_put(struct json *json, const struct options_row *row)
{
    json_put_key(json, "anyOf");
    json_put_open(json, '[');
    put_types(json, &row->value);
    if (row->secret)
        json_put_raw(json, SLICE("{\"$ref\":\"#/$defs/command\"}"));
    if (row->list) {
        json_put_open(json, '{');
        put_member(json, "type", "array");
        json_put_key(json, "items");
        json_put_open(json, '{');
        json_put_key(json, "anyOf");
        json_put_open(json, '[');
        put_types(json, &row->value);
        json_put_close(json, ']');
        json_put_close(json, '}');
        json_put_close(json, '}');
    }
    json_put_close(json, ']');
}

/* The loader takes every plain scalar of YAML as a text. */
#define WORD "{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}"

void schema_value_put_definitions(struct json *json)
{
    json_put_key(json, "file");
    json_put_raw(json, SLICE("{\"type\":\"object\",\"required\":[\"file\"],"
                             "\"additionalProperties\":false,"
                             "\"properties\":{\"file\":{\"type\":\"string\"}}}"));
    json_put_key(json, "command");
    json_put_raw(json, SLICE("{\"type\":\"object\",\"required\":[\"command\"],"
                             "\"additionalProperties\":false,"
                             "\"properties\":{\"command\":{\"anyOf\":[" WORD ","
                             "{\"type\":\"array\",\"minItems\":1,\"items\":" WORD "}]}}}"));
}
