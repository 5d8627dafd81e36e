#include "run/supervisor/supervisor_sandbox.h"

#include <errno.h>
#include <unistd.h>

#include "base/log/log.h"
#include "run/change/handover.h"
#include "run/memory/resident.h"
#include "run/process/privilege.h"
#include "run/process/process_setup.h"

/*
 * In the starter, which then wipes its copy of the configuration: it needs no password of it. From
 * here on it waits, usually for its whole life, so it gives memory back.
 */
static bool drop(const void *owner, char *error, size_t error_size)
{
    const struct config *config = owner;
    bool dropped = privilege_drop(config->user, config->group, error, error_size);
    config_release(config);
    process_setup_trim_memory();
    resident_release_code();
    return dropped;
}

/* Nothing is started by a process that has no command and cannot be upgraded. */
static bool starts_programs(const struct supervisor *supervisor)
{
    return supervisor->command || getpid() != SUPERVISOR_CONTAINER_INIT;
}

bool supervisor_sandbox_prepare(struct supervisor *supervisor, char *error, size_t error_size)
{
    const struct supervisor_options *options = &supervisor->options;
    const char *impossible =
        options->demo ? "off: the demo's echo service is in this process" : NULL;
    if (!sandbox_prepare(&supervisor->sandbox, options->config, impossible, error, error_size))
        return false;
    if (!sandbox_is_on(&supervisor->sandbox) || !starts_programs(supervisor))
        return true;
    const struct starter_job jobs[SUPERVISOR_JOBS] = {
        [SUPERVISOR_STARTS_UPGRADE] = {handover_execute, options->program},
        [SUPERVISOR_STARTS_COMMAND] = {command_execute, supervisor->command},
    };
    const struct starter_setup setup = {
        .jobs = jobs,
        .job_count = supervisor->command ? SUPERVISOR_JOBS : SUPERVISOR_STARTS_COMMAND,
        .drop = drop,
        .drop_owner = options->config,
        .program = options->program,
    };
    process_setup_trim_memory(); /* what is free now would stay in both */
    if (starter_open(&supervisor->starter, &setup))
        return true;
    snprintf(error, error_size,
             "cannot start the process that starts programs: %s; sandbox: off "
             "does without it",
             strerror(errno));
    return false;
}

bool supervisor_sandbox_enter(struct supervisor *supervisor, char *error, size_t error_size)
{
    const struct config *config = supervisor->options.config;
    return privilege_drop(config->user, config->group, error, error_size) &&
           (!starter_is_open(&supervisor->starter) ||
            starter_drop(&supervisor->starter, error, error_size)) &&
           sandbox_enter(&supervisor->sandbox, error, error_size);
}

void supervisor_sandbox_log(const struct supervisor *supervisor)
{
    char line[512];
    sandbox_describe(&supervisor->sandbox, line, sizeof(line));
    log_message(supervisor->options.announced ? REASON_DEBUG : REASON_INFO, "%s", line);
}

bool supervisor_sandbox_admit(const void *owner, const struct config *config, struct diag *diag)
{
    const struct supervisor *supervisor = owner;
    return sandbox_admit(&supervisor->sandbox, config, diag);
}

void supervisor_sandbox_close(struct supervisor *supervisor)
{
    starter_close(&supervisor->starter);
    sandbox_free(&supervisor->sandbox);
}
