/*
 * What a request means to a login: whether it can show a page, whether a page of another site has
 * sent it, and where the browser goes afterwards.
 *
 * Pure. Owns: nothing. Thread: any. Errors: 0. Lifetime: none.
 */
#ifndef WSLUICE_CORE_AUTH_LOGIN_LOGIN_REQUEST_H
#define WSLUICE_CORE_AUTH_LOGIN_LOGIN_REQUEST_H

#include "codec/http/http_head.h"
#include "config/model/config.h"

/*
 * A browser that would show the answer as a page, as Sec-Fetch-Dest says. Browsers send that over
 * TLS and to localhost alone; without it, Accept lists text/html only for pages.
 */
bool login_request_is_for_page(const struct http_head *head);

enum login_site {
    LOGIN_SITE_SAME,    /* a page of ours, or a user who typed the address */
    LOGIN_SITE_FOREIGN, /* a page of another site */
    LOGIN_SITE_UNKNOWN, /* a program, or an old browser */
};

/* As Sec-Fetch-Site says, else Origin, which is compared as that of a WebSocket (access_origin). */
enum login_site login_request_site(const struct http_head *head, bool secure,
                                   const struct config_texts *origins);

/*
 * Is a request for PATH/logout the user's own, and not a link or a picture of another site, or a
 * browser that loads pages ahead? A program that is no browser means what it asks for.
 */
bool login_request_is_meant(const struct http_head *head, bool secure,
                            const struct config_texts *origins);

/* Has the query a parameter of that name? */
bool login_request_asks_for(const struct http_head *head, struct slice name);

/*
 * Relative references (RFC 3986 section 4.2): they cannot name another host, and fit behind a proxy
 * that takes a prefix off. Each returns the length, and puts a NUL behind it; 0: it does not fit.
 *
 * location: the path and query of this request. logout: PATH/logout, from PATH. back: PATH, from
 * PATH/logout; of a route for a whole folder, the folder.
 */
WSL_MUST_CHECK size_t login_request_location(char *out, size_t capacity,
                                             const struct http_head *head);
WSL_MUST_CHECK size_t login_request_logout(char *out, size_t capacity,
                                           const struct http_head *head);
WSL_MUST_CHECK size_t login_request_back(char *out, size_t capacity, const struct http_head *head,
                                         bool folder);

#endif
