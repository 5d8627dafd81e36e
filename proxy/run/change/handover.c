#include "run/change/handover.h"

#include <unistd.h>

#include "base/text/text.h"
#include "run/change/links.h"
#include "run/listeners/inherit.h"

extern char **environ;

/*
 * This process's environment and some more variables. WATCHDOG_PID names this process; without it
 * WATCHDOG_USEC holds for any.
 */
static char **environment_with(char *const variables[static HANDOVER_VARIABLES])
{
    static const char dropped[] = "WATCHDOG_PID=";
    size_t count = 0, used = 0;
    while (environ[count])
        count++;
    char **environment = calloc(count + HANDOVER_VARIABLES + 1, sizeof(*environment));
    for (size_t i = 0; environment && i < count; i++)
        if (strncmp(environ[i], dropped, sizeof(dropped) - 1) != 0)
            environment[used++] = environ[i];
    for (size_t i = 0; environment && i < HANDOVER_VARIABLES; i++)
        environment[used++] = variables[i];
    return environment;
}

/* For a starter: the variables, each with its NUL. */
static char *join(char *const variables[static HANDOVER_VARIABLES], size_t *length)
{
    struct text text = {0};
    for (size_t i = 0; i < HANDOVER_VARIABLES; i++)
        text_add(&text, (struct slice){variables[i], strlen(variables[i]) + 1});
    return text_take(&text, length);
}

/* False: the text is none of join(), or has other variables. */
static bool split(const struct starter_order *order, char *variables[static HANDOVER_VARIABLES])
{
    static const char *const names[HANDOVER_VARIABLES] = {INHERIT_SOCKETS "=", INHERIT_READY "=",
                                                          INHERIT_ERROR "=", LINKS_LIST "=",
                                                          LINKS_GENERATION "="};
    const char *rest = order->text, *end = rest + order->length;
    for (size_t i = 0; i < HANDOVER_VARIABLES; i++) {
        if (rest >= end || strncmp(rest, names[i], strlen(names[i])) != 0)
            return false;
        variables[i] = without_const(rest); /* execve only reads */
        rest += strlen(rest) + 1;
    }
    return rest == end;
}

void handover_execute(const void *owner, const struct starter_order *order)
{
    char *variables[HANDOVER_VARIABLES];
    char **environment = split(order, variables) ? environment_with(variables) : NULL;
    if (!environment)
        _exit(EXIT_FAILURE);
    const char *error_fd = strchr(variables[2], '=') + 1;
    const struct program_start start = {environment, order->fds, order->fd_count,
                                        (int)strtol(error_fd, NULL, 10)};
    program_execute(owner, &start);
}

pid_t handover_start(const struct handover *handover)
{
    pid_t child = -1;
    size_t length;
    if (starter_is_open(handover->starter)) {
        char *text = join(handover->variables, &length);
        const struct starter_order order = {text, length, handover->fds, handover->fd_count};
        if (text)
            child = starter_start(handover->starter, handover->starter_job, &order);
        free(text);
        return child;
    }
    char **environment = environment_with(handover->variables);
    const struct program_start start = {environment, handover->fds, handover->fd_count,
                                        handover->error_fd};
    if (environment)
        child = program_start(handover->program, &start);
    free(environment);
    return child;
}
