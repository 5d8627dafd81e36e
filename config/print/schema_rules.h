/*
 * Rules between the options of a section in a JSON Schema: options that are required, that need
 * or exclude another one, and the purposes of a route.
 *
 * Owns: nothing. Thread: any. Errors: without memory `json` has failed. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_PRINT_SCHEMA_RULES_H
#define WSLUICE_CONFIG_PRINT_SCHEMA_RULES_H

#include "base/text/json_put.h"
#include "config/options/options.h"

/* Members of the section's schema: "required" and "allOf". */
void schema_rules_put(struct json *json, enum options_section section);

#endif
