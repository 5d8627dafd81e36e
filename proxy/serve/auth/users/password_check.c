#include "serve/auth/users/password_check.h"

#include "base/monotonic.h"
#include "core/auth/password.h"
#include "serve/auth/users/auth_shared.h"
#include "serve/auth/users/password_thread.h"
#include "serve/auth/users/users_store.h"

struct password_job {
    struct work_task task;
    struct password_wait *wait; /* NULL: cancelled */
    struct auth_shared *shared;
    struct users_store *store;
    struct backoff_subject subject;
    struct password_answer answer;
    size_t user_length, length; /* of user and password together */
    char text[];                /* a secret */
};

static void free_job(struct password_job *job)
{
    auth_shared_release(job->shared, job->store);
    explicit_bzero(job->text, job->length);
    free(job);
}

static struct slice user_of(const struct password_job *job)
{
    return (struct slice){job->text, job->user_length};
}

static struct slice password_of(const struct password_job *job)
{
    return (struct slice){job->text + job->user_length, job->length - job->user_length};
}

/* ---- what needs no hash ---- */

/* True: the verdict is known. */
static bool recall(struct users_store *store, struct slice user, struct slice password,
                   struct recent_digest *digest, struct password_answer *answer)
{
    if (!users_store_digest(store, user, password, digest)) {
        answer->reason = REASON_out_of_memory;
        return true;
    }
    enum verdict_kept kept = users_store_recall(store, digest, monotonic_ms());
    answer->reason = kept == VERDICT_WRONG ? REASON_auth_failed : REASON_none;
    return kept != VERDICT_UNKNOWN;
}

/* True: too many failures, try later. */
static bool is_throttled(struct auth_shared *shared, const struct backoff_subject *subject,
                         bool *is_known, struct password_answer *answer)
{
    uint64_t wait = auth_shared_wait(shared, subject, monotonic_ms(), is_known);
    if (wait == 0)
        return false;
    answer->reason = REASON_auth_throttled;
    answer->retry_after = (uint32_t)((wait + 999) / 1000);
    return true;
}

/* ---- in the pool ---- */

static void try_password(struct password_job *job, const struct recent_digest *digest)
{
    struct users_trial trial;
    struct password_answer *answer = &job->answer;
    if (!users_store_try(job->store, user_of(job), &trial, answer->detail,
                         sizeof(answer->detail))) {
        answer->reason = REASON_auth_unavailable;
        return;
    }
    enum password_verdict verdict = PASSWORD_WRONG;
    if (trial.hash[0] != '\0')
        verdict = password_thread_verify(auth_shared_threads(job->shared), password_of(job),
                                         slice_of(trial.hash));
    explicit_bzero(trial.hash, sizeof(trial.hash));
    if (verdict == PASSWORD_FAILED) {
        answer->reason = REASON_out_of_memory;
        return;
    }
    bool right = trial.is_user && verdict == PASSWORD_RIGHT;
    users_store_keep(job->store, &trial, digest, right, monotonic_ms());
    auth_shared_note(job->shared, &job->subject, right, monotonic_ms());
    answer->reason = right ? REASON_none : REASON_auth_failed;
}

/* Others with the same password or address may have been tried while this one waited. */
static void work_cb(struct work_task *task)
{
    struct password_job *job = WSL_CONTAINER(task, struct password_job, task);
    struct recent_digest digest;
    bool is_known;
    if (!users_store_is_current(job->store))
        users_store_refresh(job->store);
    if (!recall(job->store, user_of(job), password_of(job), &digest, &job->answer) &&
        !is_throttled(job->shared, &job->subject, &is_known, &job->answer))
        try_password(job, &digest);
}

static void done_cb(struct work_task *task)
{
    struct password_job *job = WSL_CONTAINER(task, struct password_job, task);
    struct password_wait *wait = job->wait;
    if (wait) {
        wait->answer = job->answer;
        wait->job = NULL;
    }
    free_job(job);
    if (wait)
        wait->done(wait);
}

/* NULL: out of memory. */
static struct password_job *make_job(const struct password_question *question,
                                     const struct backoff_subject *subject)
{
    size_t user = question->user.len, password = question->password.len;
    struct password_job *job = calloc(1, sizeof(*job) + user + password);
    if (!job)
        return NULL;
    job->task = (struct work_task){.work = work_cb, .done = done_cb};
    job->shared = question->shared;
    job->store = auth_shared_retain(question->shared, question->store);
    job->subject = *subject;
    job->user_length = user;
    job->length = user + password;
    if (user > 0)
        memcpy(job->text, question->user.ptr, user);
    if (password > 0)
        memcpy(job->text + user, question->password.ptr, password);
    return job;
}

/* ---- asking ---- */

bool password_check_ask(const struct password_question *question, struct password_wait *wait)
{
    const struct client_address *client = question->client;
    struct recent_digest digest;
    bool is_known;
    wait->answer = (struct password_answer){0};
    wait->job = NULL;
    if (users_store_is_current(question->store) &&
        recall(question->store, question->user, question->password, &digest, &wait->answer))
        return true;
    struct backoff_subject subject =
        auth_shared_subject(question->shared, client->known ? client->ip.address : NULL,
                            slice_of(users_store_path(question->store)), question->user);
    if (is_throttled(question->shared, &subject, &is_known, &wait->answer))
        return true;
    struct password_job *job = make_job(question, &subject);
    if (!job) {
        wait->answer.reason = REASON_out_of_memory;
        return true;
    }
    job->wait = wait;
    wait->job = job;
    uint64_t key = client->known ? subject.address.low : subject.user.low;
    (void)work_queue(question->lane, &job->task, is_known ? WORK_known_passwords : WORK_passwords,
                     key);
    return false;
}

void password_check_cancel(struct password_wait *wait)
{
    struct password_job *job = wait->job;
    wait->job = NULL;
    job->wait = NULL;
    if (work_cancel(&job->task.job))
        free_job(job);
}
