/*
 * The path of a target that speaks WebSocket, whose template has captures of the request:
 * "/desks/{name}/ws?owner={user}". The client chooses a part of it, and only that part: a captured
 * segment is in normal form (uri.h), so it is neither "." nor ".." and has no "/"; all else that
 * could separate segments or parameters (";", "&", "=", "+") is escaped.
 *
 * Pure. Owns: nothing. Thread: any. Errors: false. Lifetime: none.
 */
#ifndef WSLUICE_CORE_ROUTE_CAPTURED_PATH_H
#define WSLUICE_CORE_ROUTE_CAPTURED_PATH_H

#include "base/base.h"

struct route_match;

/* Writes it with a NUL. False: it does not fit, or has a name that is not captured. */
WSL_MUST_CHECK bool captured_path_make(const char *template, const struct route_match *match,
                                       char *out, size_t capacity);

#endif
