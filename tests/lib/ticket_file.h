/*
 * A key in a file, and tickets that it verifies, for tests.
 *
 * Owns: one file. Thread: one. Errors: cmocka's. Lifetime: the test's.
 */
#ifndef WSLUICE_TESTS_LIB_TICKET_FILE_H
#define WSLUICE_TESTS_LIB_TICKET_FILE_H

#include <sys/time.h>
#include <unistd.h>

#include "lib/ticket_lab.h"

static char ticket_file_path[32];

/* The setup of a test. */
static inline int ticket_file_open(void **state)
{
    static const char key[] = TICKET_OCT_JWK;
    snprintf(ticket_file_path, sizeof(ticket_file_path), "/tmp/ticket_file_XXXXXX");
    int fd = mkstemp(ticket_file_path);
    bool written = fd >= 0 && write(fd, key, sizeof(key) - 1) == sizeof(key) - 1;
    close(fd);
    return !written;
}

static inline int ticket_file_close(void **state)
{
    unlink(ticket_file_path);
    return 0;
}

static inline int64_t ticket_file_seconds(void)
{
    struct timeval now;
    gettimeofday(&now, NULL);
    return now.tv_sec;
}

/* A ticket that expires so many seconds from now, with more members. The caller's. */
static inline char *ticket_file_ticket(int64_t lifetime, const char *more)
{
    char payload[600];
    struct ticket_keys *keys = ticket_lab_keys(TICKET_OCT_JWK, NULL);
    snprintf(payload, sizeof(payload), "{\"exp\":%lld%s}",
             (long long)(ticket_file_seconds() + lifetime), more);
    char *token = ticket_lab_token(ticket_keys_at(keys, 0), "{\"alg\":\"HS256\"}", payload);
    ticket_keys_release(keys);
    return token;
}

#endif
