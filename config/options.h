/*
 * THE table: one row per option. It drives parsing, limits, defaults and --help, whoever sets the
 * option; nothing else in the tree knows an option's name, default or limits. A new option is one
 * row, its use, and one test.
 *
 * Options live in sections, each of which is one struct of config.h. Sections nest as their structs
 * do, some of them as lists: listeners[] holds tls{}, routes[] holds target{}.
 *
 * Owns: nothing. Thread: any (const). Errors: none. Lifetime: static.
 */
#ifndef WSLUICE_CONFIG_OPTIONS_H
#define WSLUICE_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/value.h"

enum options_section {
    OPTIONS_PROCESS, /* the root: struct config */
    OPTIONS_LOG,
    OPTIONS_LIMITS,
    OPTIONS_LISTENER,
    OPTIONS_TLS,
    OPTIONS_ROUTE,
    OPTIONS_TARGET,
    OPTIONS_SECTION_COUNT,
};

enum { OPTIONS_NO_LIST = -1 };

struct options_section_row {
    const char *key;   /* in the parent; the root has none */
    const char *title; /* in --help and in the reference */
    enum options_section parent;
    size_t offset;          /* in the parent's struct: of the struct, or of the pointer to a list */
    ptrdiff_t count_offset; /* of the length of the list; OPTIONS_NO_LIST: there is just one */
    size_t size;            /* of the struct */
};

/* What a reload does with a changed value. */
enum options_reload {
    OPTIONS_LIVE,         /* holds at once, for everything */
    OPTIONS_NEW_SESSIONS, /* holds for connections that come later */
    OPTIONS_RESTART,      /* holds after a restart; a reload says so */
};

/* A way to set an option on the command line. */
struct options_flag {
    const char *name;     /* without its dashes; NULL: no flag */
    char letter;          /* 0: none */
    bool ours;            /* not one of websockify's, whose abbreviations keep their meaning */
    const char *argument; /* its placeholder; NULL: the flag takes none and means `sets` */
    const char *sets;
    const char *prefix; /* goes before the argument; NULL: nothing does */
    const char *help;   /* NULL: the row's */
};

enum { OPTIONS_FLAGS_MAX = 2 };

struct options_row {
    enum options_section section;
    const char *key; /* in the section */
    size_t offset;   /* of the field in the section's struct */
    size_t size;     /* of the field */
    struct value_spec value;
    const char *initial; /* the default; NULL: no text, no file; an address must then be given */
    const char *quick;   /* the command line's own default; NULL: the same */
    bool secret;         /* never printed */
    enum options_reload reload;
    struct options_flag flags[OPTIONS_FLAGS_MAX];
    const char *help; /* begins lower case, has no full stop */
};

extern const struct options_row options_table[];
extern const size_t options_count;

const struct options_section_row *options_section(enum options_section section);

/* NULL: there is no such option. */
const struct options_row *options_find(enum options_section section, const char *key);

#endif
