/*
 * The method `login`: users log in through a page; a signed cookie keeps that.
 *
 *      a cookie that counts             PASSED
 *      none, a browser wants a page     FAILED, with the page that asks
 *      none, anything else              FAILED: a WebSocket or a script cannot show a page
 *      the form of the page             ANSWERED: the cookie, and back to the address that was
 * asked for; or FAILED, with the page and what is wrong PATH/logout                      ANSWERED:
 * the cookie is deleted, and counts no more
 *
 * The form goes to the address that shows it, so that no parameter says where to go afterwards. It
 * counts only if it does not come from another site, and has the token of a page that this browser
 * was shown.
 *
 * Owns: its hold on the users file, the keys. Thread: any; a question has its worker's. Errors:
 * NULL and one line. Lifetime: its site's.
 */
#ifndef WSLUICE_SERVE_AUTH_AUTH_LOGIN_H
#define WSLUICE_SERVE_AUTH_AUTH_LOGIN_H

#include "serve/auth/auth_method.h"

struct auth_shared;
struct login_place;

WSL_MUST_CHECK struct auth_method *auth_login_create(const struct login_place *place,
                                                     const struct config_auth_login *config,
                                                     struct auth_shared *shared, char *error,
                                                     size_t error_size);

#endif
