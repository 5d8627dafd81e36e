#include "run/process/process_control.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

bool process_control_keep_privileges_off(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

void process_control_name(const char *name)
{
    (void)prctl(PR_SET_NAME, name);
}

bool process_control_end_with(pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    return getppid() == parent; /* it may have ended before the prctl */
}
