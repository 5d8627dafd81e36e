/*
 * The echo service of `wsluice demo`: a target that sends back all bytes that it receives. It has a
 * thread of its own, so that the bridge in front of it is the real one.
 *
 * Owns: its thread, loop, listener and connections. Thread: started and stopped by the main one.
 * Errors: NULL and one line. Lifetime: demo_start to demo_stop.
 */
#ifndef WSLUICE_RUN_DEMO_H
#define WSLUICE_RUN_DEMO_H

#include "base/base.h"
#include "config/model/config.h"

struct demo;

/* Listens on the address of the route's target. */
WSL_MUST_CHECK struct demo *demo_start(const struct config_address *address, char *error,
                                       size_t error_size);

/* Closes everything and joins the thread. NULL is fine. */
void demo_stop(struct demo *demo);

#endif
