#include "run/sandbox/sandbox.h"

#include <errno.h>

#include "base/fd.h"
#include "run/process/process_control.h"
#include "run/process/process_setup.h"
#include "run/sandbox/call_filter.h"
#include "run/sandbox/landlock.h"
#include "run/sandbox/sandbox_paths.h"

#define REMEDY                                                                                     \
    "run wsluice upgrade, whose new process has a sandbox for the new file, or restart; or set "   \
    "sandbox: off"

/* ---- the decision ---- */

static void find_facts(struct sandbox_facts *facts, const char *impossible)
{
#ifdef WSLUICE_SANITIZED /* a sanitizer starts programs and reads /proc when it reports */
    impossible = "this binary has a sanitizer in it";
#endif
    *facts = (struct sandbox_facts){.impossible = impossible};
    facts->landlock = landlock_version(&facts->landlock_problem);
    facts->filter = call_filter_is_there(&facts->filter_problem);
}

/* The service manager's socket may have an abstract name. */
static bool notifies_abstract(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    return path && path[0] == '@';
}

static bool make_plan(struct sandbox_plan *plan, const struct config *config)
{
    sandbox_plan_make(plan, config);
    plan->any_abstract = plan->any_abstract || notifies_abstract();
    return !plan->failed;
}

bool sandbox_prepare(struct sandbox *sandbox, const struct config *config, const char *impossible,
                     char *error, size_t error_size)
{
    *sandbox = (struct sandbox){.mode = config->sandbox};
    find_facts(&sandbox->facts, impossible);
    if (!make_plan(&sandbox->plan, config)) {
        snprintf(error, error_size, "cannot plan the sandbox: out of memory");
        return false;
    }
    sandbox_verdict_decide(&sandbox->verdict, sandbox->mode, &sandbox->facts, &sandbox->plan);
    snprintf(error, error_size, "%s", sandbox->verdict.refusal);
    return sandbox->verdict.starts;
}

bool sandbox_is_on(const struct sandbox *sandbox)
{
    const struct sandbox_verdict *verdict = &sandbox->verdict;
    return verdict->files || verdict->connect || verdict->bind || verdict->abstract ||
           verdict->calls;
}

/* ---- entering ---- */

/* Files that are gone since they were looked for are left out. */
static bool allow_paths(const struct landlock *landlock, const struct sandbox_grants *grants)
{
    for (size_t i = 0; i < grants->count; i++) {
        const struct sandbox_grant *grant = &grants->items[i];
        int fd = fd_locate(AT_FDCWD, grant->path, 0);
        bool allowed = fd < 0 || landlock_allow_path(landlock, fd, grant->rights, grant->is_file);
        fd_close_keep_errno(fd);
        if (!allowed)
            return false;
    }
    return true;
}

static bool allow_ports(const struct landlock *landlock, const struct sandbox_ports *ports,
                        bool bind)
{
    for (size_t i = 0; i < ports->count; i++)
        if (!landlock_allow_port(landlock, ports->items[i], bind))
            return false;
    return true;
}

static bool fill_rules(const struct sandbox *sandbox, const struct landlock *landlock)
{
    const struct sandbox_verdict *verdict = &sandbox->verdict;
    return (!verdict->files || allow_paths(landlock, &sandbox->grants)) &&
           (!verdict->connect || allow_ports(landlock, &sandbox->plan.connect, false)) &&
           (!verdict->bind || allow_ports(landlock, &sandbox->plan.bind, true));
}

static bool enter_landlock(struct sandbox *sandbox)
{
    struct landlock landlock;
    const struct sandbox_verdict *verdict = &sandbox->verdict;
    const struct landlock_scope scope = {sandbox->facts.landlock, verdict->files, verdict->connect,
                                         verdict->bind, verdict->abstract};
    sandbox_paths_add(&sandbox->grants, &sandbox->plan);
    if (sandbox->grants.failed) {
        errno = ENOMEM;
        return false;
    }
    if (!landlock_open(&landlock, &scope))
        return false;
    if (fill_rules(sandbox, &landlock))
        return landlock_enter(&landlock);
    landlock_close(&landlock);
    return false;
}

/* False: the process must not start. */
static bool leave_out(const struct sandbox *sandbox, const char *part, char *error,
                      size_t error_size)
{
    if (sandbox->mode != CONFIG_SANDBOX_REQUIRE)
        return true;
    snprintf(error, error_size, "sandbox: require, but %s cannot be entered: %s", part,
             strerror(errno));
    return false;
}

bool sandbox_enter(struct sandbox *sandbox, char *error, size_t error_size)
{
    struct sandbox_verdict *verdict = &sandbox->verdict;
    if (!sandbox_is_on(sandbox))
        return true;
    if (!process_control_keep_privileges_off())
        return leave_out(sandbox, "no_new_privs", error, error_size);
    if (verdict->files && !enter_landlock(sandbox)) {
        if (!leave_out(sandbox, "Landlock", error, error_size))
            return false;
        verdict->files = verdict->connect = verdict->bind = verdict->abstract = false;
        sandbox->facts.landlock_problem = "Landlock could not be entered";
    }
    if (verdict->calls && !call_filter_enter()) {
        if (!leave_out(sandbox, "the seccomp filter", error, error_size))
            return false;
        verdict->calls = false;
        sandbox->facts.filter_problem = "the seccomp filter could not be entered";
    }
    sandbox->entered = true;
    process_setup_trim_memory(); /* the rules took hundreds of KiB */
    return true;
}

void sandbox_describe(const struct sandbox *sandbox, char *line, size_t size)
{
    sandbox_verdict_describe(&sandbox->verdict, sandbox->mode, &sandbox->facts, &sandbox->plan,
                             line, size);
}

/* ---- a new configuration ---- */

void sandbox_check(const struct sandbox *sandbox, struct diag *diag)
{
    struct sandbox_grants grants = {0};
    char option[128];
    if (!sandbox->verdict.files)
        return;
    sandbox_paths_add(&grants, &sandbox->plan);
    for (size_t i = 0; i < sandbox->plan.file_count && !grants.failed; i++) {
        const struct sandbox_file *file = &sandbox->plan.files[i];
        if (!file->row || !sandbox_paths_is_alone(&grants, file))
            continue;
        options_path(file->row->section, file->row, option, sizeof(option));
        diag_add(
            diag, DIAG_WARNING, config_place_none, option,
            "put it in a folder of its own, or run wsluice upgrade when it has been replaced",
            "'%s' is in a folder that is not in the sandbox: a file that replaces it cannot be "
            "read",
            file->path);
    }
    if (grants.failed)
        diag_out_of_memory(diag);
    sandbox_grants_free(&grants);
}

static void option_of(const struct options_row *row, char *text, size_t size)
{
    if (row)
        options_path(row->section, row, text, size);
    else
        snprintf(text, size, "include");
}

static void admit_file(const struct sandbox *sandbox, const struct sandbox_file *file,
                       struct diag *diag)
{
    struct sandbox_grants wanted = {0};
    char option[128];
    sandbox_paths_add_file(&wanted, file);
    if (wanted.failed)
        diag_out_of_memory(diag);
    option_of(file->row, option, sizeof(option));
    for (size_t i = 0; i < wanted.count; i++) {
        const struct sandbox_grant *grant = &wanted.items[i];
        if (sandbox_grants_cover(&sandbox->grants, grant))
            continue;
        diag_add(diag, DIAG_ERROR, config_place_none, option, REMEDY,
                 "%s: %s is outside of this process's sandbox", file->path, grant->path);
        break;
    }
    sandbox_grants_free(&wanted);
}

static void admit_ports(const struct sandbox_ports *ports, const struct sandbox_ports *wanted,
                        const char *option, struct diag *diag)
{
    uint16_t missing;
    if (sandbox_plan_ports_cover(ports, wanted, &missing))
        return;
    if (missing == 0)
        diag_add(diag, DIAG_ERROR, config_place_none, option, REMEDY,
                 "targets with any TCP port are outside of this process's sandbox");
    else
        diag_add(diag, DIAG_ERROR, config_place_none, option, REMEDY,
                 "TCP port %u is outside of this process's sandbox", missing);
}

bool sandbox_admit(const struct sandbox *sandbox, const struct config *config, struct diag *diag)
{
    struct sandbox_plan plan;
    size_t before = diag->errors;
    const struct sandbox_verdict *verdict = &sandbox->verdict;
    if (!sandbox->entered)
        return true;
    if (!make_plan(&plan, config))
        diag_out_of_memory(diag);
    for (size_t i = 0; verdict->files && i < plan.file_count; i++)
        admit_file(sandbox, &plan.files[i], diag);
    if (verdict->connect)
        admit_ports(&sandbox->plan.connect, &plan.connect, "routes", diag);
    if (verdict->bind)
        admit_ports(&sandbox->plan.bind, &plan.bind, "listeners", diag);
    if (verdict->abstract && plan.any_abstract)
        diag_add(diag, DIAG_ERROR, config_place_none, "routes", REMEDY,
                 "Unix sockets with abstract names are outside of this process's sandbox");
    sandbox_plan_free(&plan);
    return diag->errors == before;
}

void sandbox_free(struct sandbox *sandbox)
{
    sandbox_plan_free(&sandbox->plan);
    sandbox_grants_free(&sandbox->grants);
}
