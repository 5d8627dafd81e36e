/*
 * For whom a request was forwarded: the hops of Forwarded (RFC 7239) or X-Forwarded-For, one by
 * one, the nearest first.
 *
 * Each proxy adds the peer that it saw at the right, so whatever a client made up stands at the
 * left. The fields are therefore read from their ends: nothing that stands at the left, an open
 * quote for example, changes how an entry at its right is read.
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
    FORWARDED_ADDRESS, /* an address, with a port if it was given */
    FORWARDED_OPAQUE,  /* "unknown", an obfuscated name, no for= at all, or malformed */
};

struct forwarded_walk {
    const struct http_head *head;
    enum forwarded_kind kind;
    unsigned field;    /* fields before this one are still to be read */
    struct slice rest; /* what is left of the field at hand */
};

struct forwarded_walk forwarded_begin(const struct http_head *head, enum forwarded_kind kind);

/*
 * The next hop, from right to left; repeated fields are one list in their order (RFC 9110 section
 * 5.3), and empty elements are none. In X-Forwarded-For an entry is an address, which may have a
 * port: "192.0.2.1:80", "[2001:db8::1]:80". In Forwarded it is the parameter "for"; white space
 * around
 * ";" and a value that should be in quotes are taken as well, because proxies write that and it has
 * one reading only.
 */
WSL_MUST_CHECK enum forwarded_hop forwarded_next(struct forwarded_walk *walk, struct ip_port *hop);

enum forwarded_scheme {
    FORWARDED_UNKNOWN, /* no X-Forwarded-Proto, several, or a word that is none of these */
    FORWARDED_PLAIN,   /* http, ws */
    FORWARDED_TLS,     /* https, wss */
};

/* How the client came, by X-Forwarded-Proto: the first word where several proxies have added one.
 */
WSL_MUST_CHECK enum forwarded_scheme forwarded_scheme(const struct http_head *head);

#endif
