/*
 * Files of a route: an answer at once where the kernel's caches know it, in the thread pool where
 * only the disk does.
 *
 * Owns: nothing; a look-up in the pool owns what it needs, and holds the site. Thread: the
 * session's. Errors: HTTP statuses. Lifetime: a look-up outlives the session that asked.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_FILES_H
#define WSLUICE_SERVE_STAGES_SESSION_FILES_H

struct http_head;
struct session;

/* In HEAD, for a route with files. */
void session_files_answer(struct session *session, const struct http_head *head);

#endif
