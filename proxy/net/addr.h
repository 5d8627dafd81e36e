/*
 * Socket addresses as values: small enough for every session to hold some; printing, parsing, and
 * the order in which to try them.
 *
 * Owns: nothing. Thread: any. Errors: false. Lifetime: plain memory.
 */
#ifndef WSLUICE_NET_ADDR_H
#define WSLUICE_NET_ADDR_H

#include <netinet/in.h>
#include <sys/un.h>

#include "base/base.h"
#include "codec/ip.h"

/* An IPv4 or IPv6 address with port; of a Unix peer only the family. */
struct addr {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

/* "[", 45 characters of IPv6, "%" and a scope, "]:65535", NUL. */
#define ADDR_TEXT 72

/* An IPv4-mapped IPv6 address is stored as IPv4. */
struct addr addr_from(const struct sockaddr *address);

/* To and from codec/ip; false: a Unix peer has no IP address. A scope is dropped. */
WSL_MUST_CHECK bool addr_to_ip(const struct addr *address, struct ip_port *ip);
struct addr addr_from_ip(const struct ip_port *ip);

socklen_t addr_length(const struct addr *address);

/* "192.0.2.1:80", "[2001:db8::1]:80", "unix"; returns `text`. */
const char *addr_print(const struct addr *address, char text[static ADDR_TEXT]);

/* A numeric host, without brackets; false when it is a name. */
WSL_MUST_CHECK bool addr_parse(struct addr *address, const char *host, uint16_t port);

/* Ignores the ports. */
bool addr_same_host(const struct addr *a, const struct addr *b);

/* False when the path does not fit; a leading '@' stands for the abstract name space. */
WSL_MUST_CHECK bool addr_unix(struct sockaddr_un *address, socklen_t *length, const char *path);

/*
 * Sorts for connecting (RFC 8305 section 4): families alternate, beginning with the first one
 * found; within a family the resolver's order (RFC 6724) stays.
 */
void addr_interleave(struct addr *addresses, size_t count);

#endif
