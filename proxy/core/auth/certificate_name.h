/*
 * Whether a name in a client's certificate is one that the configuration lets in.
 *
 *     Ann Lee, ops@example.com     that name, in any case
 *     *.desks.example.com          one label in front: a.desks.example.com, not a.b.desks...
 *     *@example.com                any mailbox of the domain
 *     *                            any name
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_CORE_AUTH_CERTIFICATE_NAME_H
#define WSLUICE_CORE_AUTH_CERTIFICATE_NAME_H

#include "base/base.h"

/* `pattern` is one that the option takes. */
bool certificate_name_matches(struct slice pattern, struct slice name);

#endif
