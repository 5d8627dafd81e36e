/*
 * How a `wsluice connect` ended: the line for standard error, and the exit status.
 *
 * Pure. Owns: nothing. Thread: any. Errors: none. Lifetime: none.
 */
#ifndef WSLUICE_RUN_CONNECT_CONNECT_RESULT_H
#define WSLUICE_RUN_CONNECT_CONNECT_RESULT_H

#include "base/base.h"
#include "base/reason.h"

struct connect_result {
    enum reason reason;
    const char *detail; /* of a failed connection; "": none */
    bool closed;        /* by a Close frame of the server */
    uint16_t code;      /* of that; 0: none */
    struct slice text;  /* likewise */
    bool signalled;     /* we were told to end */
    int error;          /* errno of standard input or output; 0: none */
};

#define CONNECT_RESULT_LINE 512

/* 0: all went well, or 1. `line`: what to print; "": nothing. */
int connect_result_judge(const struct connect_result *result,
                         char line[static CONNECT_RESULT_LINE]);

#endif
