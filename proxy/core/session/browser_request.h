/*
 * Requests that browsers and crawlers send by themselves, without a page or a user that names them:
 * icons, rules for crawlers, well-known files (RFC 8615). A site that lacks them has no fault.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_CORE_SESSION_BROWSER_REQUEST_H
#define WSLUICE_CORE_SESSION_BROWSER_REQUEST_H

#include "base/base.h"

/* `path` in normal form. */
bool browser_request_is_automatic(struct slice method, struct slice path);

#endif
