/*
 * Checks of texts with a syntax of their own, such as paths and origins. They return a phrase such
 * as "must begin with '/'", or NULL for a valid text, and are the `check` of their options' rows.
 *
 * Owns: nothing. Thread: any (pure). Errors: the phrase. Lifetime: phrases are static.
 */
#ifndef WSLUICE_CONFIG_MODEL_PATTERN_H
#define WSLUICE_CONFIG_MODEL_PATTERN_H

#include "config/model/value.h"

#define PATTERN_BANNER_MAX 255

const char *pattern_check_path(const char *text);        /* "/vnc", "/desk/{name}", a final star */
const char *pattern_check_base(const char *text);        /* "/desk" */
const char *pattern_check_host(const char *text);        /* "desk.example.com", "*.example.com" */
const char *pattern_check_origin(const char *text);      /* "any", "https://desk.example.com" */
const char *pattern_check_server_name(const char *text); /* "desk.example.com", "{name}.internal" */
const char *pattern_check_name(const char *text);        /* of listeners, routes and captures */
const char *pattern_check_reference(const char *text);   /* to a route: its name, or its path */
const char *pattern_check_expression(const char *text);  /* of a capture */
const char *pattern_check_redirect(const char *text);    /* "https://{host}{path}" */
const char *pattern_check_token(const char *text);       /* a header's name, a subprotocol */
const char *pattern_check_field(const char *text);       /* a header's value */
const char *pattern_check_banner(const char *text);      /* "rfb", "SSH-2.0" */
const char *pattern_check_certificate_name(const char *text); /* "ops@example.com", "*.lan" */
const char *pattern_check_pin(const char *text);              /* "sha256//" and base64 of a key */
const char *pattern_check_syslog(const char *text);           /* "/dev/log", "@name", "host:514" */
const char *pattern_check_token_place(const char *text);      /* "query:token", "host" */
const char *pattern_check_ticket_place(const char *text);     /* "query:ticket", "header" */

/*
 * The path with its escapes decoded and its captures without their names: equal for two paths that
 * match the same requests. Writes at most strlen(path) + 1 bytes; `path` is valid.
 */
void pattern_canonical_path(const char *path, char *canonical);

/* Does the path end with a star, so that all below it matches? */
static inline bool pattern_is_prefix(const char *path)
{
    size_t length = strlen(path);
    return length > 0 && path[length - 1] == '*';
}

/* The next "{name}" behind *cursor, which moves behind it. False: none, or it is not closed. */
bool pattern_next_capture(const char **cursor, struct slice *name);

/* Is each brace part of a "{name}"? */
bool pattern_braces_match(const char *text);

/*
 * Does the expression require at least one fixed letter or digit in each text that it matches?
 * "desk-[0-9]+" and "one|two" do, "[a-z0-9-]+" does not. `expression` is valid.
 */
bool pattern_is_specific(const char *expression);

#endif
