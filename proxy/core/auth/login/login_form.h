/*
 * The form of a login's page: user and password, or the wish to log out.
 *
 * Pure. Owns: nothing. Thread: any. Errors: false. Lifetime: plain memory, with secrets: wipe it.
 */
#ifndef WSLUICE_CORE_AUTH_LOGIN_LOGIN_FORM_H
#define WSLUICE_CORE_AUTH_LOGIN_LOGIN_FORM_H

#include "codec/web/form.h"
#include "core/auth/login/login_cookie.h"

#define LOGIN_FORM_PASSWORD_MAX 511

enum login_form_field {
    LOGIN_FORM_USER,
    LOGIN_FORM_PASSWORD,
    LOGIN_FORM_PAGE,       /* the token of the page */
    LOGIN_FORM_EVERYWHERE, /* ends all logins of the user */
    LOGIN_FORM_FIELDS,
};

struct login_form {
    struct form_field fields[LOGIN_FORM_FIELDS];
    char user[LOGIN_USER_MAX + 1], password[LOGIN_FORM_PASSWORD_MAX + 1], page[LOGIN_COOKIE_MAX],
        everywhere[8];
};

/* False: malformed, or a value is too long; nothing of it is left. */
WSL_MUST_CHECK bool login_form_read(struct login_form *form, struct slice body);

/* len 0: it was not sent, or is empty. */
static inline struct slice login_form_value(const struct login_form *form,
                                            enum login_form_field field)
{
    return (struct slice){form->fields[field].out, form->fields[field].length};
}

#endif
