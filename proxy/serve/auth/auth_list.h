/*
 * The methods of one route or listener, and one request's way through them.
 *
 *     auth_list_ask --PASSED, FAILED-------------------------> the verdict
 *                   --WAITS--> `done` later, on the same loop --^
 *                              auth_list_cancel: no `done` any more
 *
 * Owns: the methods; a pass owns its answer. Thread: the list's is any; a pass has its worker's.
 * Errors: NULL and one line; verdicts. Lifetime: the list's is its site's; a pass ends with
 * auth_list_close.
 */
#ifndef WSLUICE_SERVE_AUTH_AUTH_LIST_H
#define WSLUICE_SERVE_AUTH_AUTH_LIST_H

#include "core/auth/satisfy.h"
#include "serve/auth/auth_method.h"

struct http_origins;

/* The methods of one route or listener, in the order of the configuration. */
struct auth_list {
    size_t count;
    bool any; /* one of them is enough */
    struct auth_method *methods[];
};

struct auth_shared;

struct login_place;

/*
 * The methods of the set, which stand at `place`. `shared` outlives the list. `origins`: the
 * services of the configuration.
 */
WSL_MUST_CHECK struct auth_list *auth_list_create(const struct config_auth_set *set,
                                                  const struct login_place *place,
                                                  struct auth_shared *shared,
                                                  const struct http_origins *origins, char *error,
                                                  size_t error_size);
void auth_list_free(struct auth_list *list); /* NULL: nothing happens */

struct auth_pass {
    struct auth_list *list;
    const struct auth_question *question; /* borrowed until the verdict */
    struct satisfy satisfy;
    struct auth_waiter waiter;
    struct auth_answer current; /* of the method that is asked */
    struct auth_answer answer;  /* of the whole list: the identity, or the failure to report */
    bool waits;
    void (*done)(struct auth_pass *pass, enum auth_outcome outcome);
};

/* `pass->done` is set by the caller. */
WSL_MUST_CHECK enum auth_outcome auth_list_ask(struct auth_list *list, struct auth_pass *pass,
                                               const struct auth_question *question);

/* Cancels what waits. */
void auth_list_cancel(struct auth_pass *pass);

/* Frees the answer; it must not wait. */
void auth_list_close(struct auth_pass *pass);

#endif
