/*
 * One typed value of the configuration: text to value and back. value_parse reads the output of
 * value_print as the same value. Defaults, user input and the printed configuration all use it.
 *
 * Owns: nothing. Thread: any (pure). Errors: a verdict, and a phrase that says what is expected.
 * Lifetime: a parsed value borrows from the text that it was parsed from.
 */
#ifndef WSLUICE_CONFIG_MODEL_VALUE_H
#define WSLUICE_CONFIG_MODEL_VALUE_H

#include "base/base.h"
#include "config/model/config.h"
#include "config/model/section/authority.h"

enum value_type {
    VALUE_BOOL,     /* true, false; also yes, no, on, off */
    VALUE_COUNT,    /* a plain number */
    VALUE_DURATION, /* milliseconds, written 250ms, 30s, 5m, 1h, 7d; a bare number is seconds */
    VALUE_SIZE,     /* bytes, written 512, 16KiB, 1MiB, 1GiB */
    VALUE_MODE,     /* permission bits, in octal */
    VALUE_ENUM,     /* one of the spec's names; '-' and '_' are the same */
    VALUE_TEXT,     /* any text except an empty one */
    VALUE_PATH,     /* a file; relative to the file that names it */
    VALUE_LISTEN,   /* PORT, :PORT, HOST:PORT, [IPV6]:PORT, unix:PATH, unix:@NAME, fd:N */
    VALUE_TARGET,   /* HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT, unix:PATH, ws_url.h */
    VALUE_CIDR,     /* 10.0.0.0/8, fd00::/8, or one address */
};

#define VALUE_HOST_MAX AUTHORITY_HOST_MAX

/* A list ends with a NULL name. The first name of a number is printed. */
struct value_name {
    const char *name;
    uint64_t number;
    bool alias; /* accepted, but not printed or suggested */
};

/* A unit of numbers, such as "ms". */
struct value_unit {
    const char *name; /* in any case; NULL: the end of a list */
    uint64_t factor;
};

/* The form of texts with a syntax of their own, such as paths. */
struct value_form {
    const char *(*check)(
        const char *text); /* the phrase for value_parse; NULL: the text is valid */
    const char *regex;     /* matches all valid texts; see value_regex.h */
    const char *wanted;    /* a phrase for any text that does not match; NULL: check has only one */
};

/* The valid values of an option; members that do not list its type are ignored. */
struct value_spec {
    enum value_type type;
    uint64_t min, max;              /* COUNT, DURATION, SIZE, MODE, in the unit of the value */
    const char *zero;               /* the same: the word for 0, which is then below min; or NULL */
    const struct value_name *names; /* ENUM */
    const struct value_form *form;  /* TEXT; NULL: any text */
    bool may_be_empty;              /* TEXT */
    bool bare;                      /* TARGET: an address alone, without TLS and WebSocket */
};

#define VALUE_KIB(n)     ((uint64_t)(n) << 10)
#define VALUE_SECONDS(n) ((uint64_t)(n)*1000)
#define VALUE_HOURS(n)   VALUE_SECONDS((uint64_t)(n)*3600)
#define VALUE_DAYS(n)    VALUE_HOURS((uint64_t)(n)*24)

struct value {
    uint64_t number;   /* BOOL, COUNT, DURATION, SIZE, MODE, ENUM */
    struct slice text; /* TEXT, PATH; LISTEN, TARGET: the host or path; ptr NULL: none */
    enum config_address_kind kind; /* LISTEN, TARGET */
    uint16_t port;                 /* LISTEN, TARGET */
    bool tls;                      /* TARGET: begins with tls:// or wss:// */
    struct slice target;           /* TARGET: of a WebSocket request; ptr NULL: raw bytes */
    struct config_cidr cidr;       /* CIDR */
};

enum value_verdict {
    VALUE_OK,
    VALUE_MALFORMED,
    VALUE_BAD_PORT, /* LISTEN, TARGET: the rest is valid */
    VALUE_OUT_OF_RANGE,
    VALUE_NO_MEMORY, /* from snapshot_set; never from value_parse */
};

/* BOOL and ENUM: its names. */
const struct value_name *value_names(const struct value_spec *spec);

/* The units of a type, largest first, and in *bare the factor of a number without one. */
const struct value_unit *value_units(enum value_type type, uint64_t *bare);

/* Unless VALUE_OK, `why` is a phrase without the text, such as "must be 1s to 1d, or off". */
enum value_verdict value_parse(const struct value_spec *spec, const char *text, struct value *value,
                               char *why, size_t why_size);

/* The shortest text for the value. Returns its length, as snprintf does. */
int value_print(const struct value_spec *spec, const struct value *value, char *buffer,
                size_t size);

#endif
