/*
 * The marks of --traffic on standard output, websockify's: one group of characters for each run of
 * payload that passes, to watch a session's traffic.
 *
 * Owns: nothing. Thread: any. Errors: none. A reader of standard output that has stalled does not
 * stop a session: marks are dropped meanwhile. Lifetime: none.
 */
#ifndef WSLUICE_SERVE_TAP_TRAFFIC_H
#define WSLUICE_SERVE_TAP_TRAFFIC_H

struct bridge_payload;

/* Prints the meaning of the marks, for a session that begins. */
void traffic_legend(void);

void traffic_mark(const struct bridge_payload *payload);

#endif
