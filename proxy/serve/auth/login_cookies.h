/*
 * The cookies of one route's login: finds them in a request, checks them, and makes new ones.
 *
 *      wsluice         who has logged in (login_cookie.h)         for `lifetime`
 *      wsluice-page    a number of this browser                   until the browser ends
 *
 * A form has a token that is signed for the number: a page of another site cannot have made it, and
 * nor can it send the cookie. Over TLS the names begin with __Secure-, or with __Host- if the path
 * is "/", so that no page without TLS, and no other host of the domain, can set them.
 *
 * Owns: the keys, wiped at the end. Thread: any, constant after login_cookies_open. Errors: false
 * and one line; verdicts. Lifetime: login_cookies_open to login_cookies_close; borrows the
 * configuration and what is shared.
 */
#ifndef WSLUICE_SERVE_AUTH_LOGIN_COOKIES_H
#define WSLUICE_SERVE_AUTH_LOGIN_COOKIES_H

#include "codec/web/cookie.h"
#include "config/model/config.h"
#include "serve/auth/login/login_shared.h"

struct users_store;

/* Where the method of a login stands: logins of another host or path are none of it. */
struct login_place {
    const char *host; /* NULL: any */
    const char *path; /* of a route, which may be a pattern */
};

struct login_cookies {
    const struct config_auth_login *config;
    struct login_shared *shared;
    struct users_store *users;
    struct login_keys logins, pages;
    char *path; /* owned; below which they count, without a base path; "": all */
};

/* A request, as far as cookies go. */
struct login_request {
    const struct http_head *head;
    const char *base; /* path of the listener; NULL: none */
    bool secure;
    int64_t now; /* milliseconds of Unix time */
};

#define LOGIN_COOKIES_TEXT   1024 /* a Set-Cookie value, with a NUL */
#define LOGIN_COOKIES_NUMBER 25   /* of a browser, with a NUL */

/* `users` is not needed here. */
WSL_MUST_CHECK bool login_cookies_open(struct login_cookies *cookies,
                                       const struct login_place *place,
                                       const struct config_auth_login *config,
                                       struct login_shared *shared, char *error, size_t error_size);
/* The keys of a secret file. False: *error, which holds no secret. */
WSL_MUST_CHECK bool login_cookies_read_secret(const char *path, struct login_keys *keys,
                                              char *error, size_t error_size);

void login_cookies_close(struct login_cookies *cookies);

enum login_cookies_found {
    LOGIN_COOKIES_NONE,
    LOGIN_COOKIES_GOOD,
    LOGIN_COOKIES_ENDED,  /* there is one, which counts no more */
    LOGIN_COOKIES_FAILED, /* the users file cannot be read */
};

/* The login of the request; *login if it is good, and expires no later than `lifetime` says. */
WSL_MUST_CHECK enum login_cookies_found login_cookies_find(const struct login_cookies *cookies,
                                                           const struct login_request *request,
                                                           struct login_cookie *login);

/* Has the request a cookie that could be a login? Only then login_cookies_find needs the users. */
bool login_cookies_has(const struct login_cookies *cookies, const struct login_request *request);

/* A new login. False: out of memory, or there is no such user any more. */
WSL_MUST_CHECK bool login_cookies_make(const struct login_cookies *cookies,
                                       const struct login_request *request, struct slice user,
                                       char out[static LOGIN_COOKIES_TEXT]);

/* Deletes the login in the browser. */
WSL_MUST_CHECK bool login_cookies_delete(const struct login_cookies *cookies,
                                         const struct login_request *request,
                                         char out[static LOGIN_COOKIES_TEXT]);

/*
 * The token of a form. *cookie is to be sent with the page; "": the browser has it. False: no
 * random numbers, or out of memory.
 */
WSL_MUST_CHECK bool login_cookies_token(const struct login_cookies *cookies,
                                        const struct login_request *request,
                                        char token[static LOGIN_COOKIE_MAX],
                                        char cookie[static LOGIN_COOKIES_TEXT]);

/* Is it a token for this browser, of a page of the last day? */
WSL_MUST_CHECK bool login_cookies_check_token(const struct login_cookies *cookies,
                                              const struct login_request *request,
                                              struct slice token);

#endif
