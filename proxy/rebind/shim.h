/*
 * How a wrapped command is told where to bind instead (shim.c): two variables of its environment,
 * both a port. Without both, and in programs that do not call the C library's bind, nothing moves.
 *
 * Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_REBIND_SHIM_H
#define WSLUICE_REBIND_SHIM_H

#define SHIM_FROM "WSLUICE_REBIND_FROM"
#define SHIM_TO   "WSLUICE_REBIND_TO"

#endif
