/*
 * Linked into the unit tests that tests/unit/THREADED does not list: fails the program at its end
 * if it has started a thread, so that the list which ThreadSanitizer's run goes by stays true.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

typedef int create_fn(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

static atomic_bool started;

/* Stands before the C library's, for the program and its shared libraries. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    create_fn *create;
    *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
    started = true;
    return create(thread, attributes, run, argument);
}

__attribute__((destructor)) static void report(void)
{
    if (!started)
        return;
    fprintf(stderr, "[  FAILED  ] this test starts a thread: list it in tests/unit/THREADED\n");
    _exit(1);
}
