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
 * A read decrypts at most the bytes it receives, plus one record whose start OpenSSL holds already.
 * So a read that receives this much less than the capacity never overflows the caller's buffer.
 */
#define TLS_READ_RESERVE ((size_t)SSL3_RT_MAX_PLAIN_LENGTH)

/* How failures are named: the peer of a server is the client, that of a client the target. */
struct tls_role {
    const struct transport_side *side;
    enum reason handshake, untrusted, hangup, record;
    struct io truncated; /* FIN without close_notify */
};

struct tls {
    struct transport base;
    SSL *ssl;                    /* owned */
    struct tls_scratch *scratch; /* shared by the worker */
    const struct tls_role *role;
    const char *failure;      /* static text, or the SSL's */
    struct tls_buffer early;  /* received with the handshake, not yet decrypted */
    struct tls_buffer unsent; /* encrypted, not yet taken by the socket */
    struct io end;            /* the result of reads after the last data; IO_OK: not known yet */
    int fd;                   /* owned */
    uint32_t unsent_replies;  /* bytes of `unsent` that reads have caused */
    uint32_t records;         /* received by this read */
    uint16_t messages_left;   /* handshake messages that the peer may still send (tls_read.c) */
    bool flooded : 1;         /* it has sent more */
    bool established : 1;     /* the handshake was completed, also after a later failure */
    uint8_t broken; /* enum reason; not none: OpenSSL has failed, and nothing can be encrypted */
};

#endif
