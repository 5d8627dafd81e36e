/*
 * The thread that writes the log, so that no loop waits for a terminal that is stopped, a pipe that
 * another process has filled, or a file system that hangs. Lines queue up, in order, in bounded
 * memory; those for which there is no room are counted. Before the thread starts and after it has
 * ended, the thread that logs a line writes it.
 *
 * Owns: the thread, the queue and the output. Thread: any. Errors: said by each function; writing
 * has none. Lifetime: the process; log_writer_start to log_writer_stop for the thread.
 */
#ifndef WSLUICE_BASE_LOG_LOG_WRITER_H
#define WSLUICE_BASE_LOG_LOG_WRITER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/log/log_output.h"

/* Bytes that wait while the thread is busy with as many again. */
#define LOG_QUEUE_MAX ((size_t)4 * 1024 * 1024)

/* How lines are to look from now on. */
struct log_format {
    enum reason_level lowest;
    bool json;
};

/* What is called back, `format` with the mutex and the others without. */
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
    atomic_uint opens;        /* commands to open that wait; a busy output looks at it */
    uint64_t lost;            /* since the last line that found room */
    bool running, busy, ending;
    bool abandoned; /* the thread hangs: nothing is written any more */
    pthread_t thread;
    atomic_bool pending; /* something waits or is being written: read without the mutex */
};

#define LOG_WRITER_INIT(callbacks)                                                                 \
    {                                                                                              \
        .hooks = (callbacks), .output = {.fd = STDERR_FILENO, .run_max = LOG_LINE_MAX},            \
        .format = {.lowest = REASON_INFO}, .mutex = PTHREAD_MUTEX_INITIALIZER,                     \
        .work = PTHREAD_COND_INITIALIZER                                                           \
    }

/* False: out of memory; lines are written as before. Once in a process. */
WSL_MUST_CHECK bool log_writer_start(struct log_writer *writer);

void log_writer_put(struct log_writer *writer, const struct log_entry *entry);

/* Bytes for standard output, which are lost where nobody reads them. Only while the thread runs. */
void log_writer_print(struct log_writer *writer, struct slice text);

/*
 * Lines from now on go there, in this format. With a thread it is the thread that opens, after the
 * lines that wait: false then means out of memory, and hooks->refused reports any other failure. A
 * pipe or terminal that has no room does not delay it: lines that do not leave at once are lost.
 */
WSL_MUST_CHECK bool log_writer_open(struct log_writer *writer, const struct log_options *options,
                                    char *error, size_t error_size);
void log_writer_reopen(struct log_writer *writer);

/* Until all is written, or so long; false: something still waits. */
bool log_writer_flush(struct log_writer *writer, unsigned wait_ms);

/* Ends the thread; one that hangs is left alone, and what it has not written is lost. */
void log_writer_stop(struct log_writer *writer, unsigned wait_ms);

/* For a signal handler of a crash, on any thread but the writer's: a moment for the last lines. */
void log_writer_wait_signal_safe(const struct log_writer *writer);

#endif
