#include "config/print/json_schema.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "config/options/options.h"

enum { STEP = 2 };

struct printer {
    FILE *stream;
    int indent;
    bool follows; /* a member or element stands before this one */
};

/* ---- JSON ---- */

static void put_string(const struct printer *printer, const char *text)
{
    fputc('"', printer->stream);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', printer->stream);
        fputc(*text, printer->stream);
    }
    fputc('"', printer->stream);
}

static void begin_member(struct printer *printer, const char *name)
{
    fprintf(printer->stream, "%s\n%*s", printer->follows ? "," : "", printer->indent, "");
    printer->follows = true;
    put_string(printer, name);
    fputs(": ", printer->stream);
}

static void open_object(struct printer *printer)
{
    fputc('{', printer->stream);
    printer->indent += STEP;
    printer->follows = false;
}

static void close_object(struct printer *printer)
{
    printer->indent -= STEP;
    fprintf(printer->stream, "\n%*s}", printer->indent, "");
    printer->follows = true;
}

static void put_text_member(struct printer *printer, const char *name, const char *text)
{
    begin_member(printer, name);
    put_string(printer, text);
}

/* ---- values ---- */

static void put_names(const struct printer *printer, const struct value_name *names)
{
    const char *separator = "";
    fputs("{\"enum\": [", printer->stream);
    for (; names->name; names++) {
        if (names->alias)
            continue;
        fputs(separator, printer->stream);
        put_string(printer, names->name);
        /* YAML reads some words as other types than text. */
        bool is_number = strspn(names->name, "0123456789.") == strlen(names->name);
        bool is_bool = strcmp(names->name, "true") == 0 || strcmp(names->name, "false") == 0;
        if (is_number || is_bool)
            fprintf(printer->stream, ", %s", names->name);
        if (strcmp(names->name, "off") == 0)
            fputs(", false", printer->stream);
        separator = ", ";
    }
    fputs("]}", printer->stream);
}

static void put_number(const struct printer *printer, const struct value_spec *spec,
                       uint64_t factor, const char *pattern)
{
    fprintf(printer->stream, "{\"type\": \"integer\", \"minimum\": %llu, \"maximum\": %llu}",
            (unsigned long long)(spec->zero ? 0 : (spec->min + factor - 1) / factor),
            (unsigned long long)(spec->max / factor));
    if (pattern)
        fprintf(printer->stream, ", {\"type\": \"string\", \"pattern\": \"%s\"}", pattern);
    if (spec->zero)
        fprintf(printer->stream, ", {\"enum\": [\"%s\"%s]}", spec->zero,
                strcmp(spec->zero, "off") == 0 ? ", false" : "");
}

static void put_type(const struct printer *printer, const struct value_spec *spec)
{
    switch (spec->type) {
    case VALUE_BOOL:
        fputs("{\"enum\": [true, false, \"on\", \"off\", \"yes\", \"no\"]}", printer->stream);
        break;
    case VALUE_COUNT:
        put_number(printer, spec, 1, NULL);
        break;
    case VALUE_DURATION:
        put_number(printer, spec, 1000, "^[0-9]+(ms|s|m|h|d)?$");
        break;
    case VALUE_SIZE:
        put_number(printer, spec, 1, "^[0-9]+([KkMmGg][Ii])?[Bb]?$");
        break;
    case VALUE_MODE:
        fputs("{\"type\": \"integer\"}, {\"type\": \"string\", \"pattern\": \"^(0[oO])?[0-7]+$\"}",
              printer->stream);
        break;
    case VALUE_ENUM:
        put_names(printer, spec->names);
        break;
    case VALUE_TEXT:
        fputs("{\"type\": [\"string\", \"number\", \"boolean\"]}, {\"$ref\": \"#/$defs/file\"}",
              printer->stream);
        break;
    case VALUE_LISTEN:
        fputs("{\"type\": \"string\", \"minLength\": 1}, {\"type\": \"integer\", \"minimum\": 0, "
              "\"maximum\": 65535}",
              printer->stream);
        break;
    case VALUE_PATH:
    case VALUE_TARGET:
    case VALUE_CIDR:
        fputs("{\"type\": \"string\", \"minLength\": 1}", printer->stream);
        break;
    }
}

static void put_value(const struct printer *printer, const struct value_spec *spec)
{
    bool text = spec->type == VALUE_TEXT || spec->type == VALUE_PATH ||
                spec->type == VALUE_LISTEN || spec->type == VALUE_TARGET ||
                spec->type == VALUE_CIDR;
    fputs("{\"anyOf\": [", printer->stream);
    put_type(printer, spec);
    fputs(text ? "]}" : ", {\"$ref\": \"#/$defs/variable\"}]}", printer->stream);
}

static void put_option(struct printer *printer, const struct options_row *row)
{
    begin_member(printer, row->key);
    open_object(printer);
    put_text_member(printer, "description", row->help);
    if (row->initial)
        put_text_member(printer, "default", row->initial);
    begin_member(printer, "anyOf");
    fputc('[', printer->stream);
    put_value(printer, &row->value);
    if (row->list) {
        fputs(", {\"type\": \"array\", \"items\": ", printer->stream);
        put_value(printer, &row->value);
        fputc('}', printer->stream);
    }
    fputc(']', printer->stream);
    close_object(printer);
}

/* ---- sections ---- */

static void put_section(struct printer *printer, enum options_section section);

/* A mapping, or the value of the one option that it cannot do without. */
static void put_element(struct printer *printer, enum options_section section)
{
    const struct options_row *essence = options_essence(section);
    if (!essence) {
        put_section(printer, section);
        return;
    }
    open_object(printer);
    begin_member(printer, "anyOf");
    fprintf(printer->stream, "[{\"type\": [\"string\", \"integer\"%s]}, ",
            essence->list ? ", \"array\"" : "");
    put_section(printer, section);
    fputc(']', printer->stream);
    close_object(printer);
}

static void put_child(struct printer *printer, enum options_section child)
{
    const struct options_section_row *row = options_section(child);
    begin_member(printer, row->key);
    if (row->shape == OPTIONS_ONE) {
        put_element(printer, child);
        return;
    }
    open_object(printer);
    put_text_member(printer, "description", row->help);
    begin_member(printer, "type");
    if (row->shape == OPTIONS_MAP) {
        fputs("[\"object\", \"null\"]", printer->stream);
        begin_member(printer, "additionalProperties");
        put_value(printer, &options_map(child).text->value);
    } else {
        fputs("[\"array\", \"null\"]", printer->stream);
        begin_member(printer, "items");
        put_element(printer, child);
    }
    close_object(printer);
    if (row->single) {
        begin_member(printer, row->single);
        put_element(printer, child);
    }
}

/* What the top level has besides options: other files, and a home for anchors. */
static void put_extras(struct printer *printer)
{
    begin_member(printer, "include");
    fputs("{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": "
          "\"string\"}}]}",
          printer->stream);
}

static void put_required(struct printer *printer, enum options_section section)
{
    const char *separator = "";
    const struct options_row *row;
    begin_member(printer, "required");
    fputc('[', printer->stream);
    for (size_t i = 0; (row = options_at(i)); i++) {
        if (row->section != section || !row->required)
            continue;
        fputs(separator, printer->stream);
        put_string(printer, row->key);
        separator = ", ";
    }
    fputc(']', printer->stream);
}

static void put_members(struct printer *printer, enum options_section section)
{
    const struct options_row *row;
    bool root = section == OPTIONS_PROCESS;
    put_text_member(printer, "description", options_section(section)->help);
    begin_member(printer, "type");
    fputs(options_essence(section) ? "\"object\"" : "[\"object\", \"null\"]", printer->stream);
    begin_member(printer, "additionalProperties");
    fputs("false", printer->stream);
    put_required(printer, section);
    if (root) {
        begin_member(printer, "patternProperties");
        fputs("{\"^x-\": true}", printer->stream);
    }
    begin_member(printer, "properties");
    open_object(printer);
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section)
            put_option(printer, row);
    for (int i = OPTIONS_PROCESS + 1; i < OPTIONS_SECTION_COUNT; i++)
        if (options_section((enum options_section)i)->parent == section)
            put_child(printer, (enum options_section)i);
    if (root)
        put_extras(printer);
    close_object(printer);
}

static void put_section(struct printer *printer, enum options_section section)
{
    open_object(printer);
    put_members(printer, section);
    close_object(printer);
}

void json_schema_print(FILE *stream)
{
    struct printer printer = {.stream = stream};
    open_object(&printer);
    put_text_member(&printer, "$schema", "https://json-schema.org/draft/2020-12/schema");
    put_text_member(&printer, "title", "wsluice");
    put_members(&printer, OPTIONS_PROCESS);
    begin_member(&printer, "$defs");
    open_object(&printer);
    begin_member(&printer, "variable");
    fputs("{\"type\": \"string\", \"pattern\": \"[$][{]\"}", stream);
    begin_member(&printer, "file");
    fputs("{\"type\": \"object\", \"required\": [\"file\"], \"additionalProperties\": false, "
          "\"properties\": {\"file\": {\"type\": \"string\"}}}",
          stream);
    close_object(&printer);
    close_object(&printer);
    fputc('\n', stream);
}
