/*
 * The pages that live inside the binary: the HTML of proxy/pages/, turned into pages.c at build
 * time by proxy/pages/embed.cmake.
 *
 * Owns: nothing. Thread: any, all of it is constant. Errors: none. Lifetime: the process.
 */
#ifndef WSLUICE_SERVE_HTTP_PAGES_H
#define WSLUICE_SERVE_HTTP_PAGES_H

#include <stddef.h>

struct page {
    const unsigned char *bytes; /* UTF-8 HTML; asks for nothing but what stands in it */
    size_t length;
    const char *etag; /* with its quotes */
    const char *csp;  /* Content-Security-Policy: allows the page's own style and script, by hash */
};

/* Talks to an echo, by WebSocket, at the path that it was itself loaded from. */
const struct page *pages_demo(void);

/* Sessions, routes and targets, read from status JSON beside it. */
const struct page *pages_status(void);

#endif
