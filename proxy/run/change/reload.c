#include "run/change/reload.h"

#include "base/log/log.h"

#define FAILURE_MAX 512
#define FINDING_MAX 1024

struct reload {
    struct work_task task;
    struct reload_request request;
    struct diag diag;
    struct site *site;
    char failure[FAILURE_MAX];
};

/* Each finding in a line of its own. */
static void log_findings(const struct diag *diag)
{
    char text[FINDING_MAX];
    for (size_t i = 0; i < diag->count; i++) {
        const struct diag_finding *finding = &diag->findings[i];
        (void)diag_format(finding, text, sizeof(text));
        log_message(finding->level == DIAG_ERROR ? REASON_ERROR : REASON_WARN, "%s", text);
    }
}

static void work_cb(struct work_task *task)
{
    struct reload *reload = WSL_CONTAINER(task, struct reload, task);
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

static void done_cb(struct work_task *task)
{
    struct reload *reload = WSL_CONTAINER(task, struct reload, task);
    const struct reload_request *request = &reload->request;
    log_findings(&reload->diag);
    request->callback(request->owner, reload->site, reload->failure);
    site_release(reload->site);
    site_release(request->current);
    diag_free(&reload->diag);
    free(reload);
}

bool reload_start(const struct reload_request *request)
{
    struct reload *reload = calloc(1, sizeof(*reload));
    if (!reload)
        return false;
    reload->task = (struct work_task){.work = work_cb, .done = done_cb};
    reload->request = *request;
    diag_init(&reload->diag);
    (void)site_retain(request->current);
    work_queue(request->lane, &reload->task, WORK_reload, 0);
    return true;
}
