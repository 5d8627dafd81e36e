/*
 * The replies of a login: its page, and the redirect behind it.
 *
 * Owns: its texts, which live as long as the reply. Thread: any. Errors: NULL or false: out of
 * memory. Lifetime: released by whom it is handed to (auth_method.h).
 */
#ifndef WSLUICE_SERVE_AUTH_LOGIN_REPLY_H
#define WSLUICE_SERVE_AUTH_LOGIN_REPLY_H

#include "core/auth/login/login_page.h"
#include "serve/auth/auth_method.h"

/* With the status of its state, and Retry-After if it has seconds. */
WSL_MUST_CHECK struct auth_reply *login_reply_page(const struct login_page *page);

/* 303, to path and query of this request. */
WSL_MUST_CHECK struct auth_reply *login_reply_redirect(const struct http_head *head);

/* Adds a Set-Cookie field; "": none. At most three. */
WSL_MUST_CHECK bool login_reply_set_cookie(struct auth_reply *reply, const char *value);

#endif
