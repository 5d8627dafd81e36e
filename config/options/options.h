/*
 * THE table: one row per option. It drives parsing, limits, defaults, --help, the reference and the
 * JSON Schema, for the file and for the command line. No other place states the type, the limits,
 * the default, the flags or the help of an option; code that handles an option specially finds its
 * row by name. A new option is one row, its use, and one test.
 *
 * Options are grouped in sections, each of which is one struct of config.h. Sections nest as their
 * structs do, some of them as lists: listeners[] holds tls{}, routes[] holds targets[]. The rows
 * are in rows/, the sections in options_section.c.
 *
 * Owns: nothing. Thread: any (const). Errors: none. Lifetime: static.
 */
#ifndef WSLUICE_CONFIG_OPTIONS_OPTIONS_H
#define WSLUICE_CONFIG_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/model/value.h"

enum options_section {
    OPTIONS_PROCESS, /* the root: struct config */
    OPTIONS_LOG,
    OPTIONS_LIMITS,
    OPTIONS_ADMIN,
    OPTIONS_EXIT,
    OPTIONS_COMMAND,
    OPTIONS_LISTENER,
    OPTIONS_TLS,
    OPTIONS_CERTIFICATE,
    OPTIONS_LISTENER_AUTH,
    OPTIONS_ROUTE,
    OPTIONS_TARGET,
    OPTIONS_WEBSOCKET,
    OPTIONS_WEBSOCKET_HEADER,
    OPTIONS_TOKENS,
    OPTIONS_TOKENS_HTTP,
    OPTIONS_TOKENS_REDIS,
    OPTIONS_TOKENS_TICKET,
    OPTIONS_TOKENS_TICKET_KEY,
    OPTIONS_FILES,
    OPTIONS_AUTH,
    OPTIONS_AUTH_BASIC,
    OPTIONS_AUTH_CERTIFICATE,
    OPTIONS_AUTH_ORIGIN,
    OPTIONS_AUTH_HEADER,
    OPTIONS_AUTH_FORWARD,
    OPTIONS_AUTH_LOGIN,
    OPTIONS_AUTH_TICKET,
    OPTIONS_TICKET_KEY,
    OPTIONS_CAPTURE,
    OPTIONS_HEADER,
    OPTIONS_SECTION_COUNT,
};

enum options_shape {
    OPTIONS_ONE,  /* just one, inside its parent's struct */
    OPTIONS_LIST, /* the parent has a pointer and a count */
    OPTIONS_MAP,  /* a list, written NAME: TEXT; these are the section's two options */
};

enum { OPTIONS_NO_PLACE = -1 };

/* What a route is for. It has exactly one BRIDGE or PAGE; or FILES, alone or beside a BRIDGE. */
enum options_purpose {
    OPTIONS_NO_PURPOSE,
    OPTIONS_PURPOSE_BRIDGE,
    OPTIONS_PURPOSE_FILES,
    OPTIONS_PURPOSE_PAGE,
    OPTIONS_PURPOSE_SOURCE, /* not of a route: its tokens have exactly one source */
};

struct options_section_row {
    const char *key;    /* in the parent; the root has none */
    const char *single; /* LIST: the key of a single element, as target: for targets:; or NULL */
    const char *title;  /* in --help; NULL: its flags are listed with the previous section */
    enum options_section parent;
    enum options_section like; /* has the sections inside that one, which has no options; 0: none */
    enum options_shape shape;
    size_t offset;       /* in the parent's struct: of the struct, or of the pointer to a list */
    size_t count_offset; /* LIST, MAP: of the length */
    size_t size;         /* of the struct */
    ptrdiff_t place;     /* offset of its struct config_place; OPTIONS_NO_PLACE: none */
    /* LIST: a file must have an element, unless it is or has an include. ONE: its parent has it. */
    bool required;
    enum options_purpose purpose;
    const char *help; /* a sentence or two for the reference */
};

/* When a reload applies a changed value. */
enum options_reload {
    OPTIONS_LIVE,         /* at once, for everything */
    OPTIONS_NEW_SESSIONS, /* for new connections */
    OPTIONS_RESTART,      /* after a restart; a reload logs it */
};

/* What the process does with the file of a PATH, and with its folder. */
enum options_use {
    OPTIONS_READS,
    OPTIONS_APPENDS,  /* to the file; a new one may have to be made */
    OPTIONS_REPLACES, /* removes the file, and makes a new one */
    OPTIONS_BINDS,    /* a Unix socket */
    OPTIONS_CREATES,  /* new files, whose names begin so */
};

/* A way to set an option on the command line. */
struct options_flag {
    const char *name;     /* without its dashes; NULL: no flag */
    char letter;          /* 0: none */
    bool ours;            /* not of websockify; websockify's abbreviations keep their meaning */
    const char *argument; /* its placeholder; NULL: no argument, the value is `sets` */
    const char *sets;
    const char *prefix; /* put before the argument; NULL: none */
    const char *help;   /* NULL: the row's */
};

enum { OPTIONS_FLAGS_MAX = 2 };

struct options_row {
    enum options_section section;
    const char *key; /* in the section */
    size_t offset;   /* of the field in the section's struct */
    size_t size;     /* of the field */
    struct value_spec value;
    bool list; /* any number of values, in a struct config_texts or config_cidrs; initial: one */
    bool required; /* the section must have it */
    bool scalar;   /* options_scalar_form, of a section that requires none */
    bool implied;  /* if it is not set, other options decide its value */
    enum options_purpose purpose;
    enum options_use use; /* PATH */
    /* Keys of its section, for the JSON Schema; rules/ reports them. NULL: none. */
    const char *needs;    /* unless the option has its default, this one must be given, too */
    const char *excludes; /* unless the option has its default, this one must not be given */
    bool names_option;    /* ENUM: a name that is a key of the section needs that option */
    const char *initial;  /* the default; NULL: no text, no address, an empty list */
    const char *quick;    /* the default on the quick command line; NULL: the same */
    bool secret;          /* never printed */
    bool (*is_public)(const char *text); /* of a secret: this text has none, and may be printed */
    bool resumes; /* under listeners.tls: TLS sessions resume after it has changed */
    enum options_reload reload;
    struct options_flag flags[OPTIONS_FLAGS_MAX];
    const char *help; /* begins in lower case, has no full stop */
};

/* The rows of neighbouring sections, in the order of the reference. */
struct options_part {
    const struct options_row *rows;
    size_t count;
};

/* How many methods of auth must let a client in. */
extern const struct value_name options_auth_satisfies[];

/* PROXY protocol versions to a target, and to the targets of tokens. */
extern const struct value_name options_target_proxy_versions[];

extern const struct options_part options_process_part, options_listener_part, options_route_part,
    options_target_part, options_websocket_part, options_content_part, options_redis_part,
    options_auth_part;

#define OPTIONS_FIELD(type, member)                                                                \
    .offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)

/* All rows, section after section. NULL: `index` is options_count() or more. */
const struct options_row *options_at(size_t index);
size_t options_count(void);

extern const struct options_section_row options_section_rows[OPTIONS_SECTION_COUNT];
const struct options_section_row *options_section(enum options_section section);

/* The section whose contents it has: itself, or the one that it is like. */
enum options_section options_contents(enum options_section section);

/*
 * The sections right inside `parent`, in their order: *child begins with `parent`. False: there is
 * no further one.
 */
bool options_next_child(enum options_section parent, enum options_section *child);

/* The section of that key, or single key, inside another section. False: none. */
bool options_child(enum options_section parent, const char *key, enum options_section *child);

/* The two options of a MAP: before and behind the colon. */
struct options_map {
    const struct options_row *name, *text;
};

struct options_map options_map(enum options_section section);

/*
 * The option that a section may be written as, instead of a mapping: its only required one, as
 * target: tcp://desk:5900 is target: {address: tcp://desk:5900}; or the `scalar` one. NULL: none,
 * or several.
 */
const struct options_row *options_scalar_form(enum options_section section);

/* "listeners[].tls.certificates[].key"; `row` NULL: the path of the section itself. */
void options_path(enum options_section section, const struct options_row *row, char *buffer,
                  size_t size);

/* NULL: there is no such option. */
const struct options_row *options_find(enum options_section section, const char *key);

#endif
