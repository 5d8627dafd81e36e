#include "serve/auth/users/password_thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "base/text/secret.h"

#define NICE    5                        /* a third of what a session gets while both want to run */
#define LOOK_NS (100 * INT64_C(1000000)) /* between two looks at what a thread gets */

struct password_thread_shared {
    atomic_uint holders; /* the owner, and each attempt with two threads until both have ended */
};

struct attempt {
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t ended;
    unsigned holders; /* the caller and the threads */
    bool is_done;
    enum password_verdict verdict;
    struct password_thread_shared *doubled; /* held: a second thread hashes, too. NULL: none */
    bool has_clock;
    clockid_t clock; /* of the first thread: its time of a processor */
    size_t password_length, hash_length;
    char text[]; /* both: a secret */
};

struct password_thread_shared *password_thread_shared_create(void)
{
    struct password_thread_shared *threads = malloc(sizeof(*threads));
    if (threads)
        atomic_init(&threads->holders, 1);
    return threads;
}

void password_thread_shared_release(struct password_thread_shared *threads)
{
    if (atomic_fetch_sub(&threads->holders, 1) == 1)
        free(threads);
}

/* ---- an attempt ---- */

static bool open_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    bool ok = pthread_cond_init(condition, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return ok;
}

/* NULL: no memory. */
static struct attempt *make(struct slice password, struct slice hash)
{
    struct attempt *attempt = calloc(1, sizeof(*attempt) + password.len + hash.len);
    if (!attempt)
        return NULL;
    if (pthread_mutex_init(&attempt->lock, NULL) != 0) {
        free(attempt);
        return NULL;
    }
    if (!open_condition(&attempt->ended)) {
        pthread_mutex_destroy(&attempt->lock);
        free(attempt);
        return NULL;
    }
    attempt->holders = 1;
    attempt->password_length = password.len;
    attempt->hash_length = hash.len;
    if (password.len > 0)
        memcpy(attempt->text, password.ptr, password.len);
    if (hash.len > 0)
        memcpy(attempt->text + password.len, hash.ptr, hash.len);
    return attempt;
}

/* Under the lock, which it gives back. */
static void release(struct attempt *attempt)
{
    bool is_last = --attempt->holders == 0;
    pthread_mutex_unlock(&attempt->lock);
    if (!is_last)
        return;
    if (attempt->doubled)
        password_thread_shared_release(attempt->doubled);
    pthread_cond_destroy(&attempt->ended);
    pthread_mutex_destroy(&attempt->lock);
    secret_free(attempt, sizeof(*attempt) + attempt->password_length + attempt->hash_length);
}

/* ---- in the threads ---- */

/* Keeps the lock. */
static void hash_it(struct attempt *attempt)
{
    const struct slice password = {attempt->text, attempt->password_length};
    const struct slice hash = {attempt->text + password.len, attempt->hash_length};
    enum password_verdict verdict = password_verify(password, hash);
    pthread_mutex_lock(&attempt->lock);
    if (!attempt->is_done)
        attempt->verdict = verdict;
    attempt->is_done = true;
    pthread_cond_signal(&attempt->ended);
}

static void lower_nice(void)
{
    (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICE); /* of this thread */
}

static void *run_niced(void *argument)
{
    struct attempt *attempt = argument;
    lower_nice();
    hash_it(attempt);
    release(attempt);
    return NULL;
}

static void *run_idle(void *argument)
{
    struct attempt *attempt = argument;
    const struct sched_param none = {0};
    pthread_mutex_lock(&attempt->lock);
    attempt->has_clock = pthread_getcpuclockid(pthread_self(), &attempt->clock) == 0;
    pthread_mutex_unlock(&attempt->lock);
    if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &none) != 0)
        lower_nice();
    hash_it(attempt);
    release(attempt);
    return NULL;
}

/* ---- in the pool's thread, under the lock ---- */

static bool start(struct attempt *attempt, pthread_t *thread, void *(*run)(void *))
{
    if (pthread_create(thread, NULL, run, attempt) != 0)
        return false;
    attempt->holders++;
    return true;
}

static int64_t nanoseconds(clockid_t clock)
{
    struct timespec now = {0};
    (void)clock_gettime(clock, &now); /* of a thread that has ended: 0 */
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* False: it has not ended after so long. */
static bool wait_until(struct attempt *attempt, int64_t time)
{
    const struct timespec until = {.tv_sec = (time_t)(time / 1000000000),
                                   .tv_nsec = (long)(time % 1000000000)};
    while (!attempt->is_done)
        if (pthread_cond_timedwait(&attempt->ended, &attempt->lock, &until) != 0)
            return attempt->is_done;
    return true;
}

/* Returns when the thread has ended or gets too little. */
static void watch_idle(struct attempt *attempt)
{
    int64_t looked = nanoseconds(CLOCK_MONOTONIC), used = 0;
    while (!wait_until(attempt, looked + LOOK_NS)) {
        int64_t now = nanoseconds(CLOCK_MONOTONIC);
        int64_t uses = attempt->has_clock ? nanoseconds(attempt->clock) : 0;
        if ((uses - used) * 4 < now - looked)
            return;
        looked = now;
        used = uses;
    }
}

/* False: there is no thread to be had. `second` is set if the attempt is doubled. */
static bool hash_in_threads(struct password_thread_shared *threads, struct attempt *attempt,
                            pthread_t *first, pthread_t *second)
{
    bool is_patient = atomic_load(&threads->holders) == 1;
    if (!start(attempt, first, is_patient ? run_idle : run_niced))
        return false;
    if (is_patient)
        watch_idle(attempt);
    if (!attempt->is_done && is_patient && start(attempt, second, run_niced)) {
        attempt->doubled = threads;
        atomic_fetch_add(&threads->holders, 1);
    }
    while (!attempt->is_done)
        pthread_cond_wait(&attempt->ended, &attempt->lock);
    return true;
}

enum password_verdict password_thread_verify(struct password_thread_shared *threads,
                                             struct slice password, struct slice hash)
{
    pthread_t first = 0, second = 0;
    struct attempt *attempt = make(password, hash);
    if (!attempt)
        return password_verify(password, hash);
    pthread_mutex_lock(&attempt->lock);
    bool has_threads = hash_in_threads(threads, attempt, &first, &second);
    bool is_doubled = attempt->doubled != NULL;
    enum password_verdict verdict = attempt->verdict;
    release(attempt);
    if (!has_threads)
        return password_verify(password, hash);
    if (is_doubled) {
        pthread_detach(first);
        pthread_detach(second);
    } else {
        pthread_join(first, NULL);
    }
    return verdict;
}
