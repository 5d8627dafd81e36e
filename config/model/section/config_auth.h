/*
 * How clients say who they are: the structs of routes[].auth and listeners[].auth.
 *
 * Owns: nothing; all memory is the snapshot's. Thread: any (const). Errors: none. Lifetime: the
 * snapshot's.
 */
#ifndef WSLUICE_CONFIG_MODEL_SECTION_CONFIG_AUTH_H
#define WSLUICE_CONFIG_MODEL_SECTION_CONFIG_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/model/section/config_place.h"

enum config_satisfy { CONFIG_SATISFY_ALL, CONFIG_SATISFY_ANY };

/* The user's name, as a trusted proxy says it. */
struct config_auth_header {
    const char *name; /* of the header field; NULL: not this method */
};

/* Users of a file log in through a page; a signed cookie keeps that. */
struct config_auth_login {
    const char *users;    /* path of the users file; NULL: not this method */
    const char *secret;   /* path of the file with the keys; NULL: random ones */
    const char *title;    /* of the page; NULL: a usual one */
    const char *scope;    /* path below which the login counts; NULL: that of the route */
    uint32_t lifetime_ms; /* from the login on */
    bool ends_sessions;   /* sessions end with it */
};

/* User and password in the Authorization field. Neither users nor accounts: not this method. */
struct config_auth_basic {
    const char *users;            /* path of the users file; NULL: accounts */
    struct config_texts accounts; /* the lines of a users file, here */
    const char *realm;
};

/* The page that asks. No origins: not this method. */
struct config_auth_origin {
    struct config_texts origins; /* as browsers write them */
};

/* Which requests of a route must pass. */
enum config_auth_for { CONFIG_AUTH_FOR_ALL, CONFIG_AUTH_FOR_WEBSOCKET };

/* A service that decides about each request. */
struct config_auth_forward {
    const char *url;    /* url.h; NULL: not this method */
    const char *user;   /* the field of its answer that holds the user's name */
    const char *target; /* the one that names the target; NULL: it names none */
    const char *ca;     /* NULL: the system's */
    uint32_t timeout_ms;
};

/* The client's TLS certificate. Neither names nor pins: not this method. */
struct config_auth_certificate {
    struct config_texts names; /* of the subject, or alternative ones; "*" for a part */
    struct config_texts pins;  /* of keys: "sha256//" and base64 */
};

enum config_ticket_algorithm {
    CONFIG_TICKET_ANY, /* as the keys say */
    CONFIG_TICKET_HS256,
    CONFIG_TICKET_HS384,
    CONFIG_TICKET_HS512,
    CONFIG_TICKET_RS256,
    CONFIG_TICKET_RS384,
    CONFIG_TICKET_RS512,
    CONFIG_TICKET_PS256,
    CONFIG_TICKET_PS384,
    CONFIG_TICKET_PS512,
    CONFIG_TICKET_ES256,
    CONFIG_TICKET_ES384,
    CONFIG_TICKET_ES512,
    CONFIG_TICKET_EDDSA,
    CONFIG_TICKET_ALGORITHMS,
    CONFIG_TICKET_WEBSOCKIFY = CONFIG_TICKET_ALGORITHMS, /* those of the key's type */
};

/* Neither file nor url: not this method. */
struct config_ticket_key {
    const char *file;                           /* a secret, PEM, a JWK or a JWK Set */
    const char *url;                            /* url.h; of a JWK Set */
    const char *ca;                             /* of the URL; NULL: the system's */
    uint32_t timeout_ms, cache_ms, interval_ms; /* likewise */
    enum config_ticket_algorithm algorithm;
};

/* A JSON Web Token: of a method, or as the token of a route. */
struct config_ticket {
    struct config_ticket_key key;
    /* A method's: places, in order: header, header:NAME, query:NAME, cookie:NAME ... */
    struct config_texts from;
    struct config_texts audiences; /* "*": any, or none */
    struct config_texts issuers, required;
    const char *user;    /* names of claims; NULL: "sub", if it is there */
    const char *address; /* NULL: bound to no address */
    const char *target;  /* NULL: a method's names none, a token's has "host" and "port" */
    uint32_t leeway_ms;
    bool unlimited; /* a ticket need not expire */
    bool single_use;
    bool end_session; /* when the ticket expires */
};

/* One method: exactly one of its sections is given. */
struct config_auth {
    struct config_auth_basic basic;
    struct config_auth_certificate certificate;
    struct config_auth_origin origin;
    struct config_auth_header header;
    struct config_auth_login login;
    struct config_auth_forward forward;
    struct config_ticket ticket;
    struct config_place place;
};

/* Who may pass; no methods: everybody. */
struct config_auth_set {
    struct config_auth *methods;
    size_t count;
    enum config_satisfy satisfy; /* how many of them must let a client in */
    enum config_auth_for asked_for;
};

enum config_auth_method {
    CONFIG_AUTH_BASIC,
    CONFIG_AUTH_CERTIFICATE,
    CONFIG_AUTH_ORIGIN,
    CONFIG_AUTH_HEADER,
    CONFIG_AUTH_LOGIN,
    CONFIG_AUTH_FORWARD,
    CONFIG_AUTH_TICKET,
    CONFIG_AUTH_METHODS,
};

/* Is that section given? */
bool config_auth_has(const struct config_auth *auth, enum config_auth_method method);

/* The method of an element that the rules accept. CONFIG_AUTH_METHODS: none. */
enum config_auth_method config_auth_method(const struct config_auth *auth);

/* The key of its section: "header". */
const char *config_auth_method_name(enum config_auth_method method);

/* Does it find out the target as well? */
bool config_auth_names_target(const struct config_auth *auth);

/* The login among the methods; NULL: none. */
const struct config_auth_login *config_auth_login(const struct config_auth_set *set);

#endif
