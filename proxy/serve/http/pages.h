/*
 * The pages in the binary: the HTML of proxy/pages/, made into pages.c at build time by
 * proxy/pages/embed.cmake.
 *
 * Owns: nothing. Thread: any; all is constant. Errors: none. Lifetime: the process.
 */
#ifndef WSLUICE_SERVE_HTTP_PAGES_H
#define WSLUICE_SERVE_HTTP_PAGES_H

#include <stddef.h>

struct page {
    const unsigned char *bytes; /* UTF-8 HTML; loads no other resource */
    size_t length;
    const char *etag; /* with its quotes */
    const char *csp;  /* Content-Security-Policy: allows the page's own style and script, by hash */
};

/*
 * The demo: opens a WebSocket to an echo server at its own path. A template (codec/web/html.h):
 * `built` and `to_build` are "hidden" for what it does not say about SSH in a tab.
 */
const struct page *pages_demo(void);

/* The status page: reads sessions, routes and targets as JSON from its own path. */
const struct page *pages_status(void);

/* A template (codec/web/html.h): asks for a user and a password (core/auth/login/login_page.h). */
const struct page *pages_login(void);

#endif
