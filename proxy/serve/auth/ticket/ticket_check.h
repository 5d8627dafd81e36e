/*
 * A ticket against what the configuration asks for: the keys, its claims, its one use.
 *
 * Owns: the keys of a file. Thread: any. Errors: NULL and one line; a verdict. Lifetime: its
 * owner's; borrows the configuration.
 */
#ifndef WSLUICE_SERVE_AUTH_TICKET_TICKET_CHECK_H
#define WSLUICE_SERVE_AUTH_TICKET_TICKET_CHECK_H

#include "config/model/section/config_auth.h"
#include "core/ticket/ticket_claims.h"
#include "core/ticket/ticket_keys.h"

struct ticket_check;
struct ticket_used;

/*
 * `used` outlives it. `host_and_port`: without a claim for the target, "host" and "port" name it.
 */
WSL_MUST_CHECK struct ticket_check *ticket_check_create(const struct config_ticket *config,
                                                        bool host_and_port,
                                                        struct ticket_used *used, char *error,
                                                        size_t error_size);
void ticket_check_free(struct ticket_check *check); /* NULL is fine */

struct ticket_shown {
    struct slice token;
    const struct client_address *client;
    bool uses_up; /* of a single-use ticket: it is the one use */
};

/* With the keys of the file. */
WSL_MUST_CHECK enum ticket_verdict ticket_check_verify(struct ticket_check *check,
                                                       const struct ticket_shown *shown,
                                                       struct ticket_facts *facts);

/* With other keys: those behind a URL. */
WSL_MUST_CHECK enum ticket_verdict ticket_check_verify_by(struct ticket_check *check,
                                                          const struct ticket_keys *keys,
                                                          const struct ticket_shown *shown,
                                                          struct ticket_facts *facts);

/* A line for the log, which says nothing of the ticket's content but the name of a claim. */
void ticket_check_explain(enum ticket_verdict verdict, const struct ticket_facts *facts, char *text,
                          size_t size);

/* Unix time at which the session of a valid ticket ends; 0: the ticket does not end it. */
int64_t ticket_check_session_end(const struct ticket_check *check,
                                 const struct ticket_facts *facts);

#endif
