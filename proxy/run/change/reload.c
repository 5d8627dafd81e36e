#include "run/change/reload.h"

#include <errno.h>

#include "base/log/log.h"
#include "base/text/text.h"

#define FAILURE_MAX  512
#define FINDING_MAX  1024
#define FINDINGS_MAX ((size_t)8192) /* of a verdict; the log has all */

struct reload {
    struct work_task task;
    struct reload_request request;
    struct diag diag;
    struct site *site;
    char failure[FAILURE_MAX];
};

/* Each finding is a line of its own in the log, and of the returned text; NULL: out of memory. */
static char *report_findings(const struct diag *diag)
{
    char line[FINDING_MAX];
    struct text text = {0};
    size_t length;
    for (size_t i = 0; i < diag->count; i++) {
        const struct diag_finding *finding = &diag->findings[i];
        bool error = finding->level == DIAG_ERROR;
        (void)diag_format(finding, line, sizeof(line));
        log_message(error ? REASON_ERROR : REASON_WARN, "%s", line);
        if (text.length < FINDINGS_MAX)
            text_add_format(&text, "%s: %s\n", error ? "error" : "warning", line);
    }
    return text_take(&text, &length);
}

/* A file that cannot be read from within the sandbox looks like one without permission. */
static void explain(struct reload *reload)
{
    const char *denied = strerror(EACCES);
    bool found = strstr(reload->failure, denied) != NULL;
    for (size_t i = 0; i < reload->diag.count && !found; i++)
        found = strstr(reload->diag.findings[i].message, denied) != NULL;
    size_t length = strlen(reload->failure);
    if (found && reload->request.confined)
        snprintf(
            reload->failure + length, FAILURE_MAX - length,
            "; a file may be outside of this process's sandbox: then wsluice upgrade reads it");
}

static void load(struct reload *reload)
{
    const struct reload_request *request = &reload->request;
    const struct config *config = request->load ? request->load(request->load_owner, &reload->diag)
                                                : config_retain(request->current->config);
    if (!config) {
        snprintf(reload->failure, FAILURE_MAX, "%zu error%s in its files", reload->diag.errors,
                 reload->diag.errors == 1 ? "" : "s");
        return;
    }
    if (request->admit && !request->admit(request->admit_owner, config, &reload->diag))
        snprintf(reload->failure, FAILURE_MAX, "the sandbox of this process is too small for it");
    else
        reload->site =
            site_create(config, request->shared, request->current, reload->failure, FAILURE_MAX);
    config_release(config);
}

static void work_cb(struct work_task *task)
{
    struct reload *reload = WSL_CONTAINER(task, struct reload, task);
    load(reload);
    if (!reload->site)
        explain(reload);
}

static void done_cb(struct work_task *task)
{
    struct reload *reload = WSL_CONTAINER(task, struct reload, task);
    const struct reload_request *request = &reload->request;
    char *findings = report_findings(&reload->diag);
    request->callback(request->owner,
                      &(struct reload_outcome){.site = reload->site,
                                               .failure = reload->failure,
                                               .findings = findings ? findings : ""});
    free(findings);
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
