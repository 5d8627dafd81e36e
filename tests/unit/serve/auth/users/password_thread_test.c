#include "serve/auth/users/password_thread.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/monotonic.h"
#include "lib/users_lab.h"

static void test_says_what_the_hash_says(void **state)
{
    int before = getpriority(PRIO_PROCESS, 0), policy = sched_getscheduler(0);
    if (!password_supports(USERS_HASH_sha256))
        skip();
    struct password_thread_shared *threads = password_thread_shared_create();
    assert_non_null(threads);
    assert_int_equal(password_thread_verify(threads, SLICE("sesame"), SLICE(USERS_LAB_HASH)),
                     PASSWORD_RIGHT);
    assert_int_equal(password_thread_verify(threads, SLICE("other"), SLICE(USERS_LAB_HASH)),
                     PASSWORD_WRONG);
    assert_int_equal(password_thread_verify(threads, SLICE(""), SLICE(USERS_LAB_HASH)),
                     PASSWORD_WRONG);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), before); /* of this thread */
    assert_int_equal(sched_getscheduler(0), policy);
    password_thread_shared_release(threads);
}

static atomic_bool is_over;

static void *keep_busy(void *unused)
{
    while (!atomic_load(&is_over))
        ;
    return unused;
}

/* This thread, and those that it starts, on the first processor that it may use. */
static bool stay_on_one(cpu_set_t *before)
{
    cpu_set_t one;
    int cpu = 0;
    if (sched_getaffinity(0, sizeof(*before), before) != 0)
        return false;
    while (!CPU_ISSET(cpu, before))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof(one), &one) == 0;
}

/* With `processors`, they may use all of these, and at a usual priority where we may say so. */
static size_t threads_now(const cpu_set_t *processors)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/task");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL; count++) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (!processors || thread <= 0)
            continue;
        (void)sched_setaffinity(thread, sizeof(*processors), processors);
        (void)sched_setscheduler(thread, SCHED_OTHER, &(struct sched_param){0});
    }
    closedir(folder);
    return count;
}

/* A thread that only runs while a processor is free gets some 0.3 % of this one. */
static void test_ends_on_a_busy_machine(void **state)
{
    static const uint8_t random[PASSWORD_RANDOM] = {1, 2, 3};
    char hash[USERS_HASH_MAX + 1];
    cpu_set_t before;
    pthread_t busy;
    if (!password_supports(USERS_HASH_sha256) || !stay_on_one(&before))
        skip();
    struct password_thread_shared *threads = password_thread_shared_create();
    size_t others = threads_now(NULL);
    assert_non_null(threads);
    assert_true(password_hash(SLICE("sesame"), USERS_HASH_sha256, random, hash));
    assert_int_equal(pthread_create(&busy, NULL, keep_busy, NULL), 0);
    uint64_t began = monotonic_ms();
    assert_int_equal(password_thread_verify(threads, SLICE("sesame"), slice_of(hash)),
                     PASSWORD_RIGHT);
    assert_int_equal(password_thread_verify(threads, SLICE("other"), SLICE(USERS_LAB_HASH)),
                     PASSWORD_WRONG);
    password_thread_shared_release(threads); /* while the late thread is at work */
    uint64_t took = monotonic_ms() - began;
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(busy, NULL), 0);
    assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
    print_message("beside a busy thread: %u ms\n", (unsigned)took);
    assert_true(took < 30000);
    began = monotonic_ms();
    while (threads_now(&before) > others) { /* the late one ends by itself */
        assert_true(monotonic_ms() - began < 60000);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_what_the_hash_says),
        cmocka_unit_test(test_ends_on_a_busy_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
