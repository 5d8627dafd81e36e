/*
 * Sends one HTTP request to a running wsluice, over its admin socket or TCP, and reads the whole
 * response. For subcommands only: it blocks, with one deadline for the whole exchange.
 *
 * Owns: nothing. Thread: one. Errors: false and one line. Lifetime: the caller frees the answer's
 * body.
 */
#ifndef WSLUICE_RUN_CLIENT_HTTP_CLIENT_H
#define WSLUICE_RUN_CLIENT_HTTP_CLIENT_H

#include "base/base.h"
#include "config/model/config.h"

struct http_client_request {
    const struct config_address *address;
    const char *method;
    const char *target; /* "/path?query", encoded */
    const char *host;   /* for the field Host; NULL: the address's, or localhost */
    uint32_t timeout_ms;
};

struct http_client_answer {
    /* Set in any case: the server was there; it closed the connection without a byte. */
    bool connected, closed;
    unsigned status;
    char *body; /* malloc'd, NUL-terminated */
    size_t length;
};

WSL_MUST_CHECK bool http_client_ask(const struct http_client_request *request,
                                    struct http_client_answer *answer, char *error,
                                    size_t error_size);

/*
 * Cuts a body behind its first line, for an error message. Bytes that a terminal may act on become
 * question marks: a stranger may have sent them.
 */
const char *http_client_first_line(char *body);

/* "http://host[:port][/path]". The address borrows `host`; the target may be "". */
#define HTTP_CLIENT_HOST 256

WSL_MUST_CHECK bool http_client_url(const char *url, struct config_address *address,
                                    char host[HTTP_CLIENT_HOST], const char **target);

/* Whether a text without a scheme looks like a host, perhaps with a port and a path. */
WSL_MUST_CHECK bool http_client_is_host(const char *text);

/* The URL that it may stand for: "127.0.0.1" is "http://127.0.0.1:6080/healthz". */
void http_client_complete(const char *host, char *url, size_t size);

#endif
