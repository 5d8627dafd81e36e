/*
 * IP addresses as bytes, from text and back, without sockets: 16 bytes for both families, IPv4 as
 * ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so that a client has one address on any socket.
 *
 * Pure. Owns: nothing. Thread: any. Errors: false. Lifetime: plain memory.
 */
#ifndef WSLUICE_CODEC_IP_H
#define WSLUICE_CODEC_IP_H

#include "base/base.h"

#define IP_BYTES 16
#define IP_TEXT  40 /* eight groups of four digits, and a NUL */

struct ip_port {
    uint8_t address[IP_BYTES];
    uint16_t port; /* 0: unknown */
};

/* Four decimal octets without leading zeros, which some programs read as octal. */
WSL_MUST_CHECK bool ip_parse_v4(struct slice text, uint8_t address[static IP_BYTES]);

/* The three forms of RFC 4291 section 2.2; no brackets, no zone. */
WSL_MUST_CHECK bool ip_parse_v6(struct slice text, uint8_t address[static IP_BYTES]);

/* Either of them. */
WSL_MUST_CHECK bool ip_parse(struct slice text, uint8_t address[static IP_BYTES]);

/* 0 to 65535 in decimal, without leading zeros. */
WSL_MUST_CHECK bool ip_parse_port(struct slice text, uint16_t *port);

void ip_from_v4(const uint8_t octets[static 4], uint8_t address[static IP_BYTES]);
bool ip_is_v4(const uint8_t address[static IP_BYTES]);

/* IPv4 with dots, IPv6 as in RFC 5952; returns the length. */
size_t ip_print(const uint8_t address[static IP_BYTES], char text[static IP_TEXT]);

/* The same, with an IPv4 address as an IPv6 one without dots: "::ffff:c000:201". */
size_t ip_print_v6(const uint8_t address[static IP_BYTES], char text[static IP_TEXT]);

#endif
