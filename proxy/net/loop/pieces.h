/*
 * The pieces of work of a loop: one callback each, which nothing interactive on the same loop can
 * interrupt. In a build with WSLUICE_PIECES each piece is measured; one that takes longer than
 * PIECES_LONG_NS of its thread's CPU time leaves a line in the file that the environment's
 * WSLUICE_PIECES names. In other builds PIECES_RUN is the bare call. tests/bench/pieces.py makes
 * the table.
 *
 * Kinds may nest: "timers" are all deadlines of one turn, "timer" is one of them.
 *
 * Owns: nothing. Thread: any. Errors: a line that cannot be written is lost. Lifetime: none.
 */
#ifndef WSLUICE_NET_LOOP_PIECES_H
#define WSLUICE_NET_LOOP_PIECES_H

#include "base/base.h"

#define PIECES_FILE    "WSLUICE_PIECES"
#define PIECES_LONG_NS 100000
#define PIECES_LINE    96

typedef void pieces_fn(void);

struct pieces_clock {
    uint64_t cpu, wall; /* nanoseconds */
};

struct pieces_clock pieces_now(void);

/* "thread kind function cpu wall\n"; the function as an address of the program's file. */
int pieces_print(char line[PIECES_LINE], const char *kind, pieces_fn *function,
                 const struct pieces_clock *took);

/* Measures from `began` until now, and writes the line if it was long. */
void pieces_note(const char *kind, pieces_fn *function, const struct pieces_clock *began);

/* Runs `call`, which calls `function`: a pointer to a function of any type. */
#ifdef WSLUICE_PIECES
#define PIECES_RUN(kind, function, call)                                                           \
    do {                                                                                           \
        pieces_fn *pieces_of = (pieces_fn *)(function);                                            \
        const struct pieces_clock pieces_at = pieces_now();                                        \
        call;                                                                                      \
        pieces_note(kind, pieces_of, &pieces_at);                                                  \
    } while (0)
#else
#define PIECES_RUN(kind, function, call) call
#endif

#endif
