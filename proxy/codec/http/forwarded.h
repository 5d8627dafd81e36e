/*
 * The hops of a forwarded request, from Forwarded (RFC 7239) or X-Forwarded-For, one by one, the
 * nearest first.
 *
 * Each proxy appends its peer at the right, so entries that a client made up are at the left. The
 * fields are therefore read from the end: nothing at the left, such as an open quote, changes how
 * an entry further right is read.
 *
 * Pure. Owns: nothing. Thread: any. Errors: FORWARDED_OPAQUE. Lifetime: borrows the head.
 */
#ifndef WSLUICE_CODEC_HTTP_FORWARDED_H
#define WSLUICE_CODEC_HTTP_FORWARDED_H

#include "codec/http/http_head.h"
#include "codec/ip.h"

enum forwarded_kind {
    FORWARDED_STANDARD, /* Forwarded */
    FORWARDED_X_FOR,    /* X-Forwarded-For */
};

enum forwarded_hop {
    FORWARDED_END,     /* no hop is left */
    FORWARDED_ADDRESS, /* an address, with a port if one is given */
    FORWARDED_OPAQUE,  /* "unknown", an obfuscated name, no for=, or malformed */
};

struct forwarded_walk {
    const struct http_head *head;
    enum forwarded_kind kind;
    unsigned field;    /* fields before this one are still to be read */
    struct slice rest; /* of the current field */
};

struct forwarded_walk forwarded_begin(const struct http_head *head, enum forwarded_kind kind);

/*
 * The next hop, from right to left. Repeated fields are one list in their order (RFC 9110 section
 * 5.3); empty elements are skipped. An entry of X-Forwarded-For is an address, perhaps with a port:
 * "192.0.2.1:80", "[2001:db8::1]:80". In Forwarded it is the parameter "for"; white space around
 * ";" and a value without its quotes are accepted, because proxies write them and the meaning is
 * clear.
 */
WSL_MUST_CHECK enum forwarded_hop forwarded_next(struct forwarded_walk *walk, struct ip_port *hop);

enum forwarded_scheme {
    FORWARDED_UNKNOWN, /* no X-Forwarded-Proto, several of them, or another word */
    FORWARDED_PLAIN,   /* http, ws */
    FORWARDED_TLS,     /* https, wss */
};

/* The client's scheme by X-Forwarded-Proto: the first word if several proxies added one. */
WSL_MUST_CHECK enum forwarded_scheme forwarded_scheme(const struct http_head *head);

#endif
