/*
 * Who a peer's certificate is for: its names, and the digest of its key.
 *
 * Owns: nothing. Thread: the connection's. Errors: false: out of memory. Lifetime: names live
 * during a visit.
 */
#ifndef WSLUICE_NET_TLS_TLS_PEER_H
#define WSLUICE_NET_TLS_TLS_PEER_H

#include <openssl/types.h>

#include "base/base.h"

#define TLS_PEER_NAME_MAX 255
#define TLS_PEER_PIN      32 /* bytes of a SHA-256 */

/* False: it has seen enough. */
typedef bool tls_peer_visit(void *context, struct slice name);

/*
 * The common name, then the alternative names of hosts, mailboxes and URIs. Names that are longer,
 * or have control characters, are left out: they could be read as other names.
 */
void tls_peer_names(const X509 *certificate, tls_peer_visit *visit, void *context);

/* Of its SubjectPublicKeyInfo, as `openssl x509 -pubkey` prints it. */
WSL_MUST_CHECK bool tls_peer_pin(const X509 *certificate, uint8_t pin[static TLS_PEER_PIN]);

#endif
