#include "run/supervisor/reload.h"

#include "base/log/log.h"

#define FAILURE_MAX 512
#define FINDING_MAX 1024

struct reload {
    struct work_job job;
    uv_work_t work;
    struct reload_request request;
    struct diag diag;
    struct site *site;
    char failure[FAILURE_MAX];
};

bool reload_log_findings(const struct diag *diag)
{
    char text[FINDING_MAX];
    for (size_t i = 0; i < diag->count; i++) {
        const struct diag_finding *finding = &diag->findings[i];
        (void)diag_format(finding, text, sizeof(text));
        log_message(finding->level == DIAG_ERROR ? REASON_ERROR : REASON_WARN, "%s", text);
    }
    return diag->errors > 0;
}

static void work_cb(uv_work_t *work)
{
    struct reload *reload = WSL_CONTAINER(work, struct reload, work);
    const struct reload_request *request = &reload->request;
    const struct config *config = request->load ? request->load(request->load_owner, &reload->diag)
                                                : config_retain(request->current->config);
    if (!config) {
        snprintf(reload->failure, FAILURE_MAX, "%zu error%s in its files", reload->diag.errors,
                 reload->diag.errors == 1 ? "" : "s");
        return;
    }
    reload->site =
        site_create(config, request->shared, request->current, reload->failure, FAILURE_MAX);
    config_release(config);
}

static void done_cb(uv_work_t *work, int status)
{
    struct reload *reload = WSL_CONTAINER(work, struct reload, work);
    const struct reload_request *request = &reload->request;
    (void)status;
    work_done(&reload->job);
    (void)reload_log_findings(&reload->diag);
    request->callback(request->owner, reload->site, reload->failure);
    site_release(reload->site);
    site_release(request->current);
    diag_free(&reload->diag);
    free(reload);
}

static void begin_cb(struct work_job *job)
{
    struct reload *reload = WSL_CONTAINER(job, struct reload, job);
    /* Fails only without a function to call. */
    (void)uv_queue_work(job->lane->loop, &reload->work, work_cb, done_cb);
}

bool reload_start(const struct reload_request *request)
{
    struct reload *reload = calloc(1, sizeof(*reload));
    if (!reload)
        return false;
    reload->request = *request;
    diag_init(&reload->diag);
    (void)site_retain(request->current);
    if (work_ask(request->lane, &reload->job, WORK_reload, 0, begin_cb))
        begin_cb(&reload->job);
    return true;
}
