/*
 * The option table as a JSON Schema, draft 2020-12: editors complete and check the file with it.
 * What it accepts is meant to be what the loader accepts, but for rules between options.
 *
 * Owns: nothing. Thread: any. Errors: false: memory is out, and nothing is written; a stream that
 * fails is its owner's to notice. Lifetime: none.
 */
#ifndef WSLUICE_CONFIG_PRINT_JSON_SCHEMA_H
#define WSLUICE_CONFIG_PRINT_JSON_SCHEMA_H

#include "base/base.h"

WSL_MUST_CHECK bool json_schema_print(FILE *stream);

#endif
