#include "serve/metrics/health.h"

struct health_reply health_live(void)
{
    return (struct health_reply){200, "{\"status\":\"live\"}\n"};
}

struct health_reply health_ready(const struct process_facts *process, enum health_targets targets)
{
    if (atomic_load(&process->draining))
        return (struct health_reply){503, "{\"status\":\"not ready\",\"reason\":\"draining\"}\n"};
    if (!atomic_load(&process->listening))
        return (struct health_reply){503, "{\"status\":\"not ready\",\"reason\":\"listeners\"}\n"};
    if (targets == HEALTH_TARGETS_DOWN)
        return (struct health_reply){503, "{\"status\":\"not ready\",\"reason\":\"targets\"}\n"};
    return (struct health_reply){200, "{\"status\":\"ready\"}\n"};
}
