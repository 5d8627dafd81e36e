/*
 * The page of a login: what it shows in which case. The page itself is a template
 * (proxy/pages/login.html).
 *
 * Pure but for malloc. Owns: nothing. Thread: any. Errors: NULL: out of memory. Lifetime: borrows.
 */
#ifndef WSLUICE_CORE_AUTH_LOGIN_LOGIN_PAGE_H
#define WSLUICE_CORE_AUTH_LOGIN_LOGIN_PAGE_H

#include "base/base.h"

enum login_page_state {
    LOGIN_PAGE_ASK,    /* for user and password */
    LOGIN_PAGE_WRONG,  /* user or password: ask again */
    LOGIN_PAGE_WAIT,   /* too many attempts: ask again in `seconds` */
    LOGIN_PAGE_ENDED,  /* the login has expired, or was ended: ask again */
    LOGIN_PAGE_STALE,  /* the form is of another page or too old: ask again */
    LOGIN_PAGE_FAILED, /* the password cannot be checked now: ask again */
    LOGIN_PAGE_LEAVE,  /* says who is logged in, and offers to log out */
    LOGIN_PAGE_LEFT,   /* logged out */
    LOGIN_PAGE_STATES,
};

struct login_page {
    enum login_page_state state;
    uint64_t seconds;
    struct slice title; /* len 0: "Log in" */
    struct slice user;  /* len 0: unknown */
    struct slice token; /* of the form */
    const char *link;   /* a relative reference: LEAVE: of the logout; LEFT: of a new login */
    bool everywhere;    /* LEAVE: the user has asked to log out everywhere */
};

/* The page, malloc'd. NULL: out of memory. `page`: the template. */
WSL_MUST_CHECK char *login_page_print(struct slice page, const struct login_page *what,
                                      size_t *length);

/* The status of the answer. */
unsigned login_page_status(enum login_page_state state);

#endif
