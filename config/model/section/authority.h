/*
 * The authority of a URL, RFC 3986 section 3.2: [USER[:PASSWORD]@]HOST[:PORT]. User and password
 * are percent-encoded where they need it; "/", ":" and "@" of a password need no escape.
 *
 * Pure. Owns: nothing. Thread: any. Errors: a phrase such as "must be ...", which quotes nothing.
 * Lifetime: the parts are in the caller's memory, which may hold a secret then.
 */
#ifndef WSLUICE_CONFIG_MODEL_SECTION_AUTHORITY_H
#define WSLUICE_CONFIG_MODEL_SECTION_AUTHORITY_H

#include "base/base.h"

#define AUTHORITY_HOST_MAX 253 /* bytes of a DNS name, as text: RFC 1035 section 2.3.4 */

/* Room for the parts of a text of `length` bytes: a NUL replaces what separates them. */
#define AUTHORITY_ROOM(length) ((length) + 1)

struct authority {
    const char *host;            /* without brackets */
    const char *user, *password; /* decoded; NULL: none, or an empty one */
    uint16_t port;
};

/*
 * NULL: parsed, and *text is what follows: nothing, or "/" and more. `port`: if there is none.
 * `room`: AUTHORITY_ROOM(text->len) bytes. `wanted`: the phrase for a text of another form.
 */
WSL_MUST_CHECK const char *authority_parse(struct slice *text, uint16_t port, const char *wanted,
                                           char *room, struct authority *authority);

/* A host's name, or what is in the brackets of an IPv6 address: a first check of its characters. */
bool authority_is_host(struct slice host, bool bracketed);

#endif
