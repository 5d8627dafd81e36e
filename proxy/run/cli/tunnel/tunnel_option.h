/*
 * The options of `wsluice connect` and `wsluice forward`, and the rows of the option table that
 * they set.
 *
 * Owns: nothing. Thread: any (const). Errors: none. Lifetime: static.
 */
#ifndef WSLUICE_RUN_CLI_TUNNEL_TUNNEL_OPTION_H
#define WSLUICE_RUN_CLI_TUNNEL_TUNNEL_OPTION_H

#include "config/options/option_ref.h"

/* Those of connect come first. */
enum { TUNNEL_OPTIONS_OF_CONNECT = 24, TUNNEL_OPTIONS = 26 };

extern const struct options_flag tunnel_option_flags[TUNNEL_OPTIONS];

/* What a flag sets. */
struct tunnel_option {
    const char *flag;
    enum options_section section;
    const char *key;
    const char *sets; /* NULL: its argument */
};

/* NULL: the flag sets no row by itself (headers, credentials). */
const struct tunnel_option *tunnel_option_find(const char *flag);

/* The name of an option in findings, such as "--ca". NULL: it has none here. */
const char *tunnel_option_name(const struct option_ref *option);

#endif
