/*
 * A TLS connection's state, for the modules of this folder. tls.h has the contract.
 *
 * Owns, Thread, Errors, Lifetime: as tls.h.
 */
#ifndef WSLUICE_NET_TLS_TLS_PRIV_H
#define WSLUICE_NET_TLS_TLS_PRIV_H

#include <openssl/ssl.h>

#include "base/transport.h"
#include "net/tls/tls_buffer.h"
#include "net/tls/tls_scratch.h"

/*
 * Decrypted bytes are at most one record, of which only the end was received, more than the bytes
 * received. So what is received with this much room to spare fits the caller's buffer.
 */
#define TLS_READ_RESERVE ((size_t)SSL3_RT_MAX_PLAIN_LENGTH)

/* The reasons for what goes wrong, for the peer of this role. */
struct tls_role {
    const struct transport_side *side;
    enum reason handshake, untrusted, hangup, record;
    struct io truncated;
};

struct tls {
    struct transport base;
    SSL *ssl;                    /* owned */
    struct tls_scratch *scratch; /* shared by the worker */
    const struct tls_role *role;
    const char *failure;      /* static text */
    struct tls_buffer early;  /* received with the handshake, not yet decrypted */
    struct tls_buffer unsent; /* encrypted, not yet taken by the socket */
    struct io end;            /* what read says once all data is delivered; IO_OK: not yet */
    int fd;                   /* owned */
    uint32_t unsent_replies;
    uint32_t records;       /* that this read has received */
    uint16_t messages_left; /* the peer's allowance of handshake messages */
    bool flooded;           /* the peer has exceeded it */
    bool established;       /* the handshake is done; OpenSSL itself forgets that when it fails */
    enum reason broken;     /* not none: OpenSSL gave up, nothing can be encrypted any more */
};

#endif
