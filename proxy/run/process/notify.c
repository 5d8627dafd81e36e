#include "run/process/notify.h"

#include <time.h>
#include <unistd.h>

#define EXIT_MS 5000 /* from the last session to the end of the process, at most */

static uint64_t watchdog_interval(void)
{
    const char *interval = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    if (!interval || (pid && strtol(pid, NULL, 10) != getpid()))
        return 0;
    /* Half of what is allowed, as sd_watchdog_enabled(3) recommends. */
    return strtoull(interval, NULL, 10) / 2000;
}

void notify_open(struct notify *notify)
{
    const char *path = getenv("NOTIFY_SOCKET");
    *notify = (struct notify){.fd = -1};
    if (!path || (path[0] != '/' && path[0] != '@'))
        return;
    size_t size = strlen(path);
    if (size >= sizeof(notify->address.sun_path))
        return;
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, path, size);
    if (path[0] == '@')
        notify->address.sun_path[0] = '\0';
    notify->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    notify->watchdog_ms = watchdog_interval();
}

void notify_send(const struct notify *notify, const char *message)
{
    if (notify->fd >= 0)
        (void)!sendto(notify->fd, message, strlen(message), MSG_NOSIGNAL,
                      (const struct sockaddr *)&notify->address, notify->length);
}

void notify_reloading(const struct notify *notify)
{
    struct timespec now;
    char message[64];
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%llu",
             (unsigned long long)now.tv_sec * 1000000 + (unsigned long long)now.tv_nsec / 1000);
    notify_send(notify, message);
}

void notify_stopping(const struct notify *notify, uint64_t milliseconds)
{
    char message[96];
    snprintf(message, sizeof(message), "STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=%llu",
             (unsigned long long)(milliseconds + EXIT_MS) * 1000);
    notify_send(notify, message);
}

void notify_main_pid(const struct notify *notify, long pid)
{
    char message[48];
    snprintf(message, sizeof(message), "MAINPID=%ld", pid);
    notify_send(notify, message);
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}
