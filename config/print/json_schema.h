/*
 * Prints the option table as a JSON Schema, draft 2020-12, for editors to complete and check the
 * file. It accepts what the loader accepts, and refuses most mistakes: it knows the rules between
 * the options of a section, and not those between sections.
 *
 * Owns: nothing. Thread: any. Errors: false: memory is out, and nothing is written; the owner
 * of the stream checks it for errors. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_PRINT_JSON_SCHEMA_H
#define WSLUICE_CONFIG_PRINT_JSON_SCHEMA_H

#include "base/base.h"

WSL_MUST_CHECK bool json_schema_print(FILE *stream);

#endif
