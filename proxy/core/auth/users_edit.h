/*
 * Changes one user in the text of a users file, and keeps all else: comments, the order, the ends
 * of lines. So that no other file is damaged by mistake, every line must be USER:SOMETHING; and
 * where a hash of another user is faulty, only a line that is there can be replaced.
 *
 * Pure. Owns: nothing. Thread: any. Errors: a result with the line and a phrase that does not quote
 * it. Lifetime: none.
 */
#ifndef WSLUICE_CORE_AUTH_USERS_EDIT_H
#define WSLUICE_CORE_AUTH_USERS_EDIT_H

#include "base/text/text.h"
#include "core/auth/users_file.h"

enum users_edit_result {
    USERS_EDIT_ADDED,
    USERS_EDIT_CHANGED,
    USERS_EDIT_ABSENT,  /* there is no such user to delete; nothing is written */
    USERS_EDIT_REFUSED, /* because of the fault; nothing is written */
};

struct users_edit {
    unsigned line;     /* of the fault; 0: there is none */
    const char *fault; /* with USERS_EDIT_CHANGED: of another line, which stays as it is */
};

/* The line of `name` gets `hash`, an empty one deletes it. *out may have failed for lack of memory.
 */
WSL_MUST_CHECK enum users_edit_result users_edit_apply(struct slice text, struct slice name,
                                                       struct slice hash, struct text *out,
                                                       struct users_edit *edit);

/* The hash of `name` in a file without a fault; empty: it is not there, or *edit has a fault. */
struct slice users_edit_find(struct slice text, struct slice name, struct users_edit *edit);

#endif
