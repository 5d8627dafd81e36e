/*
 * Who a peer's certificate is for: its names.
 *
 * Owns: nothing. Thread: the connection's. Errors: false: out of memory. Lifetime: names live
 * during a visit.
 */
#ifndef WSLUICE_NET_TLS_TLS_PEER_H
#define WSLUICE_NET_TLS_TLS_PEER_H

#include <openssl/types.h>

#include "base/base.h"

#define TLS_PEER_NAME_MAX 255

/* False: it has seen enough. */
typedef bool tls_peer_visit(void *context, struct slice name);

/*
 * The common name, then the alternative names of hosts, mailboxes and URIs. Names that are longer,
 * or have control characters, are left out: they could be read as other names.
 */
void tls_peer_names(const X509 *certificate, tls_peer_visit *visit, void *context);

#endif
