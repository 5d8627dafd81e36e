/*
 * Hashing a password at a low priority. The thread pool's threads keep the priority of the process,
 * because one that has been lowered cannot be raised again without privileges. So a job of the pool
 * hashes in a thread of its own, and waits for it.
 *
 *     thread that runs only while a processor is free (SCHED_IDLE) ---+--> the verdict
 *           | gets less than a quarter of one for 100 ms              |
 *           +--> second thread, niced, hashes the same ---------------+ the first counts
 *
 * The first one never delays a session: the kernel puts it off as soon as anything else is to run.
 * On a machine that is busy all the time it would not end, but the second one has a third of what a
 * session gets. While a thread that came too late is still at work, others hash in a niced one from
 * the start: so there are no more of the late ones than jobs that hash at once.
 *
 * Owns: threads, and copies of password and hash, wiped. Thread: one of the pool, which it blocks.
 * Errors: verdicts. Lifetime: the call; a thread that came too late ends later, by itself.
 */
#ifndef WSLUICE_SERVE_AUTH_USERS_PASSWORD_THREAD_H
#define WSLUICE_SERVE_AUTH_USERS_PASSWORD_THREAD_H

#include "core/auth/password.h"

/* What the threads of a process have in common. */
struct password_thread_shared;

WSL_MUST_CHECK struct password_thread_shared *
password_thread_shared_create(void); /* NULL: no memory */
/* By its owner, when no call lasts. A thread that came too late keeps what it needs. */
void password_thread_shared_release(struct password_thread_shared *threads);

/* As password_verify. If there is no thread to be had, it hashes in this one. */
WSL_MUST_CHECK enum password_verdict password_thread_verify(struct password_thread_shared *threads,
                                                            struct slice password,
                                                            struct slice hash);

#endif
