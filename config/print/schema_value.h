/*
 * The values of options in a JSON Schema: types, ranges, names and regular expressions.
 *
 * Owns: nothing. Thread: any. Errors: without memory `json` has failed. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_PRINT_SCHEMA_VALUE_H
#define WSLUICE_CONFIG_PRINT_SCHEMA_VALUE_H

#include "base/text/json_put.h"
#include "config/options/options.h"

/* The member "anyOf" of the option's schema: its values, and lists of them if it is a list. */
void schema_value_put(struct json *json, const struct options_row *row);

/* The members of "$defs", which the values refer to. */
void schema_value_put_definitions(struct json *json);

/* An array of the values that mean the same as this number, as YAML may read them. */
void schema_value_put_names(struct json *json, const struct value_spec *spec, uint64_t number);

#endif
