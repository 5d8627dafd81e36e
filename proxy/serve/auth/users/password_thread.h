/*
 * Hashing a password at a low priority. The thread pool's threads keep the priority of the process,
 * because one that has been lowered cannot be raised again without privileges. So a job of the pool
 * hashes in a thread of its own, and waits for it: while a processor is short, sessions come first.
 *
 * Owns: the thread. Thread: one of the pool, which it blocks. Errors: verdicts. Lifetime: the call.
 */
#ifndef WSLUICE_SERVE_AUTH_USERS_PASSWORD_THREAD_H
#define WSLUICE_SERVE_AUTH_USERS_PASSWORD_THREAD_H

#include "core/auth/password.h"

/* As password_verify. If there is no thread to be had, it hashes in this one. */
WSL_MUST_CHECK enum password_verdict password_thread_verify(struct slice password,
                                                            struct slice hash);

#endif
