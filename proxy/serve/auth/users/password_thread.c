#include "serve/auth/users/password_thread.h"

#include <pthread.h>
#include <sys/resource.h>

#define NICE 10 /* a tenth of what a session gets while both want to run */

struct attempt {
    struct slice password, hash;
    enum password_verdict verdict;
};

static void *run(void *argument)
{
    struct attempt *attempt = argument;
    (void)setpriority(PRIO_PROCESS, 0, NICE); /* of this thread alone */
    attempt->verdict = password_verify(attempt->password, attempt->hash);
    return NULL;
}

enum password_verdict password_thread_verify(struct slice password, struct slice hash)
{
    struct attempt attempt = {password, hash, PASSWORD_FAILED};
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, &attempt) != 0)
        return password_verify(password, hash);
    pthread_join(thread, NULL);
    return attempt.verdict;
}
