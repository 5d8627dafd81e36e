/*
 * Requests for files of a route: answered at once from the kernel's caches, otherwise by the thread
 * pool, which reads the disk.
 *
 * Owns: nothing; a look-up in the pool owns its inputs, and holds the site. Thread: the
 * session's. Errors: HTTP statuses. Lifetime: a look-up may outlive its session.
 */
#ifndef WSLUICE_SERVE_STAGES_SESSION_FILES_H
#define WSLUICE_SERVE_STAGES_SESSION_FILES_H

struct http_head;
struct session;

/* In HEAD, for a route with files. */
void session_files_reply(struct session *session, const struct http_head *head);

#endif
