/*
 * Lines to a syslog server, one datagram each, over a Unix socket or UDP: RFC 5424, or the older
 * form that websockify sends. Nothing here waits for the server: the caller counts lines that the
 * socket refuses, and the next line connects to a server that has restarted.
 *
 * Owns: its socket. Thread: one at a time. Errors: syslog_open fills one line; syslog_send returns
 * false. Lifetime: syslog_open to syslog_close.
 */
#ifndef WSLUICE_BASE_LOG_SYSLOG_H
#define WSLUICE_BASE_LOG_SYSLOG_H

#include <sys/socket.h>

#include "base/base.h"
#include "base/reason.h"

/* Facilities, RFC 5424 section 6.2.1. */
enum syslog_facility { SYSLOG_USER = 1, SYSLOG_DAEMON = 3 };

enum syslog_form {
    SYSLOG_RFC5424, /* <PRI>1 TIME HOST IDENT PID EVENT - TEXT */
    SYSLOG_LEGACY,  /* <PRI>IDENT[PID]: TEXT */
};

struct syslog_options {
    const char *address; /* a path, "@abstract", "host:port" or "[v6]:port" */
    enum syslog_form form;
    enum syslog_facility facility; /* 0: daemon */
    const char *ident;             /* NULL: wsluice */
};

#define SYSLOG_IDENT_MAX 48 /* RFC 5424 section 6, APP-NAME */
#define SYSLOG_HOST_MAX  255
#define SYSLOG_EVENT_MAX 32 /* MSGID */

struct syslog {
    int fd;
    struct sockaddr_storage address;
    socklen_t address_length;
    enum syslog_form form;
    enum syslog_facility facility;
    char ident[SYSLOG_IDENT_MAX + 1], host[SYSLOG_HOST_MAX + 1];
};

struct syslog_entry {
    enum reason_level level;
    const char *stamp; /* as RFC 3339 has it */
    const char *event; /* a literal; NULL: none */
    struct slice text;
};

/* Resolves a name, which may block; false if the server cannot be reached now. */
WSL_MUST_CHECK bool syslog_open(struct syslog *syslog, const struct syslog_options *options,
                                char *error, size_t error_size);
void syslog_close(struct syslog *syslog);

WSL_MUST_CHECK bool syslog_send(struct syslog *syslog, const struct syslog_entry *entry);

#endif
