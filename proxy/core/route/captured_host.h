/*
 * The host of a target whose template has captures of the request: "{name}.desks.internal" and
 * "vm1" make "vm1.desks.internal". The client chooses a part of it, so it has to be one of two
 * things:
 *
 * A name: labels of 1 to 63 letters, digits, '-' and '_', at most 253 bytes, perhaps with a final
 * dot. Its last label is no number (the URL standard's "ends in a number": digits, or 0x and
 * hexadecimal digits): getaddrinfo reads "2130706433", "0x7f.1" and "0177.1" as 127.0.0.1.
 *
 * Or an address that the configuration spells out: IPv4 as four decimal numbers without leading
 * zeros, IPv6 without a scope and not as another form of IPv4. It is spelled out
 *
 * - by the template, "10.0.0.{n}", which has a digit itself; the captures then have no dot; or
 * - by the patterns of its captures, as in "10[.]0[.]0[.][0-9]{1,3}" or "[0-9.]+": none of them
 *   takes a letter, '-' or '_' in place of one of the characters. "[a-z0-9.-]+" is for names.
 *
 * Pure. Owns: nothing. Thread: any. Errors: a text. Lifetime: texts are static.
 */
#ifndef WSLUICE_CORE_ROUTE_CAPTURED_HOST_H
#define WSLUICE_CORE_ROUTE_CAPTURED_HOST_H

#include "base/base.h"

struct route_match;

#define CAPTURED_HOST_MAX 253 /* bytes, as text: RFC 1035 section 2.3.4 */

/*
 * NULL: `out` is the host. Otherwise what is wrong with it, such as "has an empty label"; `out` is
 * then the text for the log, or empty.
 */
WSL_MUST_CHECK const char *captured_host_make(const char *template, const struct route_match *match,
                                              char out[static CAPTURED_HOST_MAX + 1]);

#endif
