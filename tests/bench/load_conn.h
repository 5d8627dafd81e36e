/*
 * One socket of the load, plain or TLS, up to the point where its session is open.
 *
 *     client  CONNECTING -> [SECURING] -> [ASKING] -> OPEN
 *     target  [ANSWERING] -> OPEN                              -> CLOSED, from any
 *
 * Owns: descriptor, SSL and unsent ciphertext. Thread: one.
 * Errors: unexpected ones end the program (load_die). Lifetime: load_conn_close puts it on
 * load->dead; load_conn_bury frees what lies there, once a turn of the loop is over.
 */
#ifndef WSLUICE_BENCH_LOAD_CONN_H
#define WSLUICE_BENCH_LOAD_CONN_H

#include "load.h"
#include "load_ws.h"

enum load_side { LOAD_CLIENT, LOAD_TARGET };

enum load_step {
    LOAD_CONNECTING,
    LOAD_SECURING,
    LOAD_ASKING,    /* for the upgrade; waits for 101 */
    LOAD_ANSWERING, /* waits for the head of the request */
    LOAD_OPEN,
    LOAD_CLOSED,
};

struct load_conn {
    struct load *load;
    struct list link; /* in load->sessions while open, then in load->dead */
    int fd;
    enum load_side side;
    enum load_step step;
    uint32_t interest;
    SSL *ssl;
    uint8_t *out; /* ciphertext that the socket has not taken */
    size_t out_from, out_to;
    char head[512]; /* HTTP head while it arrives; afterwards a message of the echo */
    size_t head_length;
    struct load_ws_walk walk;
    uint64_t position; /* in the stream that this end reads or writes */
    uint64_t grant;    /* bulk: bytes of its share of the pool that are not written yet */
    uint64_t sent_at;  /* echo */
};

void load_conn_dial(struct load *load);
void load_conn_accept(struct load *load);

/* Advances a connection that is not open yet. */
void load_conn_step(struct load_conn *conn, uint32_t events);

/* EPOLLOUT is added automatically while ciphertext waits. */
void load_conn_want(struct load_conn *conn, uint32_t events);

/* > 0: bytes; 0: end of stream; -1: would block. */
ssize_t load_conn_read(struct load_conn *conn, void *to, size_t size);

/* The bytes taken, 0 when it would block. TLS takes up to 256 KiB and sends them batched. */
size_t load_conn_write(struct load_conn *conn, const void *from, size_t size);

void load_conn_close(struct load_conn *conn);
void load_conn_bury(struct load *load);

/* The client's side of TLS 1.3: one suite, P-256, no resumption, no verification. */
SSL_CTX *load_conn_tls(const char *suite);

#endif
