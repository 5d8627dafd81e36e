/*
 * Shared by the parts of the load generator: options, counters, and the definition of a mode.
 *
 * The load is both ends of every session: clients that connect to the proxy, and the target that
 * the proxy connects to. One thread, so that it uses one core at most.
 *
 * Owns: load.c owns the only struct load, and all else through it. Thread: one.
 * Errors: any failure ends the program with a line on stderr.
 * Lifetime: the process.
 */
#ifndef WSLUICE_BENCH_LOAD_H
#define WSLUICE_BENCH_LOAD_H

#include "base/base.h"
#include <openssl/ssl.h>

struct load;
struct load_conn;

/* The kind of proxy between the two ends, which decides the ends that use WebSocket. */
enum load_end {
    LOAD_END_BRIDGE, /* the client uses WebSocket, the target raw bytes */
    LOAD_END_WS,     /* a relay: both ends use WebSocket */
    LOAD_END_RAW,    /* a relay of raw bytes: the same payload, no frames at all */
};

/*
 * A kind of load. A session is open when both ends have finished their handshake; begin() runs
 * when all are open, after "go". Hooks may be NULL.
 */
struct load_mode {
    const char *name;
    bool opens_sessions; /* false: the mode makes its own connections */
    void (*prepare)(struct load *load);
    void (*begin)(struct load *load);
    void (*opened)(struct load_conn *conn);
    void (*readable)(struct load_conn *conn);
    void (*writable)(struct load_conn *conn);
    bool (*finished)(struct load *load);
};

struct load_options {
    const struct load_mode *mode;
    enum load_end end;
    uint16_t proxy_port, listen_port;
    size_t sessions, frame;
    uint64_t bytes, messages, handshakes;
    uint64_t pause; /* ns */
    bool tls, decrypt, reverse;
    const char *suite, *congestion;
};

struct load_bulk;
struct load_echo;
struct load_churn;

struct load {
    struct load_options options;
    int epoll, listener;
    SSL_CTX *tls;
    bool input_open;         /* stdin has not ended yet */
    unsigned lines;          /* lines read from stdin: "go", then "quit" */
    size_t launched;         /* clients that began to connect */
    size_t opened[2];        /* ever, by enum load_side */
    struct list sessions[2]; /* open now, by enum load_side, the oldest first */
    struct list dead;        /* closed in this turn, freed after it */
    uint64_t bytes, messages, completed;
    uint64_t progress;      /* changes with every progress */
    struct load_bulk *bulk; /* the state of the mode that runs */
    struct load_echo *echo;
    struct load_churn *churn;
    uint8_t scratch[256 * 1024];
};

uint64_t load_now(void); /* nanoseconds, monotonic */
_Noreturn void load_die(const char *format, ...) WSL_PRINTF(1, 2);
void *load_alloc(size_t size); /* zeroed; never NULL */

extern const struct load_mode load_bulk_down, load_bulk_up, load_bulk_stall;
extern const struct load_mode load_echo_mode;
extern const struct load_mode load_churn_handshake, load_churn_idle;

/* Prints the members of the result that are specific to the mode, each after a comma. */
void load_echo_report(const struct load *load);

#endif
