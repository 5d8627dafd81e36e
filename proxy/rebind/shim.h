/*
 * How the command learns where to bind instead (shim.c): two environment variables, each a port.
 * Without both, or if the program does not call the C library's bind, no bind is moved.
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_REBIND_SHIM_H
#define WSLUICE_REBIND_SHIM_H

#define SHIM_FROM "WSLUICE_REBIND_FROM"
#define SHIM_TO   "WSLUICE_REBIND_TO"

#endif
