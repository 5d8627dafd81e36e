/*
 * websockify's classes of tokens (--token-plugin), and the options that do the same here.
 *
 * Owns: nothing. Thread: any (const). Errors: a phrase. Lifetime: static.
 */
#ifndef WSLUICE_RUN_QUICK_TOKEN_CLASS_H
#define WSLUICE_RUN_QUICK_TOKEN_CLASS_H

#include "base/text/text.h"
#include "config/options/options.h"

struct token_class {
    const char *name;
    enum config_token_source source;
    enum options_section section; /* with `key`: the option that --token-source sets */
    const char *key;
    /* The option's value for a --token-source: NULL, or what is wrong. NULL: as it is. */
    const char *(*convert)(const char *source, struct text *value);
    /* A second option of the section, from the same source, unless the value is empty. */
    const char *more_key;
    const char *(*convert_more)(const char *source, struct text *value);
};

/* Without the module of websockify that holds it: "websockify.token_plugins.TokenFile". */
const char *token_class_short_name(const char *name);

/* By its short name. NULL: none. */
const struct token_class *token_class_find(const char *name);

/* The first class of that source. NULL: no class of websockify's has it. */
const struct token_class *token_class_of(enum config_token_source source);

/* "TokenFile, ReadOnlyTokenFile ... or JSONTokenApi" */
void token_class_list(struct text *out);

#endif
