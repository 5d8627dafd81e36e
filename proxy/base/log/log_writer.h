/*
 * The thread that writes the log, so that no event loop waits for a stopped terminal, a full pipe
 * or a file system that hangs. Lines are queued in order in bounded memory; lines without room are
 * counted. Before the thread starts and after it has ended, the caller writes its line itself.
 *
 * Owns: the thread, the queue and the output. Thread: any. Errors: see each function; writing never
 * fails. Lifetime: the process; the thread from log_writer_start to log_writer_stop.
 */
#ifndef WSLUICE_BASE_LOG_LOG_WRITER_H
#define WSLUICE_BASE_LOG_LOG_WRITER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/log/log_output.h"

/* Bytes that wait while the thread writes up to as many. */
#define LOG_QUEUE_MAX ((size_t)4 * 1024 * 1024)

/* The format of lines that begin. */
struct log_format {
    enum reason_level lowest;
    bool json;
};

/* Callbacks; `format` is called with the mutex, the others without. */
struct log_writer_hooks {
    log_report *report;
    void (*format)(struct log_format format);
    void (*reopened)(int error);        /* an errno; not called when all went well */
    void (*refused)(const char *error); /* an open that was put off has failed; the log goes on */
};

struct log_queue {
    char *bytes;
    size_t used, capacity;
};

struct log_writer {
    const struct log_writer_hooks *hooks;
    struct log_output output; /* the thread's while it runs; otherwise with the mutex */
    pthread_mutex_t mutex;    /* of all that follows */
    pthread_cond_t work, idle;
    struct log_queue filling;
    struct log_format format; /* of the output in use, which may not be the last one asked for */
    atomic_uint opens;        /* commands to open in the queue; a waiting output checks it */
    uint64_t lost;            /* since the last line that found room */
    bool running, busy, ending;
    bool resting;   /* the thread wakes by itself */
    bool abandoned; /* the thread hangs: nothing more is written */
    pthread_t thread;
    atomic_bool pending; /* something waits or is being written: read without the mutex */
};

#define LOG_WRITER_INIT(callbacks)                                                                 \
    {                                                                                              \
        .hooks = (callbacks), .output = {.fd = STDERR_FILENO, .run_max = LOG_LINE_MAX},            \
        .format = {.lowest = REASON_INFO}, .mutex = PTHREAD_MUTEX_INITIALIZER,                     \
        .work = PTHREAD_COND_INITIALIZER                                                           \
    }

/* False: out of memory; callers write their lines as before. */
WSL_MUST_CHECK bool log_writer_start(struct log_writer *writer);

void log_writer_put(struct log_writer *writer, const struct log_entry *entry);

/* Bytes for standard output, dropped while the reader does not read. Only while the thread runs. */
void log_writer_print(struct log_writer *writer, struct slice text);

/*
 * Lines from now on go there, in this format. With a thread it is the thread that opens, after the
 * lines that wait: false then means out of memory, and hooks->refused reports any other failure. A
 * pipe or terminal that has no room does not delay it: lines that do not leave at once are lost.
 */
WSL_MUST_CHECK bool log_writer_open(struct log_writer *writer, const struct log_options *options,
                                    char *error, size_t error_size);
void log_writer_reopen(struct log_writer *writer);

/* Waits until all is written, `wait_ms` at most; false: not all is written. */
bool log_writer_flush(struct log_writer *writer, unsigned wait_ms);

/* Ends the thread. A thread that hangs is abandoned, and what it has not written is lost. */
void log_writer_stop(struct log_writer *writer, unsigned wait_ms);

/* For the handler of a crash, on any thread but the writer's: waits for the last lines. */
void log_writer_wait_signal_safe(const struct log_writer *writer);

#endif
