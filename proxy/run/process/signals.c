#include "run/process/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void fill(sigset_t *set)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    sigemptyset(set);
    for (size_t i = 0; i < WSL_COUNT(numbers); i++)
        sigaddset(set, numbers[i]);
}

void signals_hold(void)
{
    sigset_t set;
    fill(&set);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* One per call: the callback may call signals_close. */
static void ready_cb(void *owner, unsigned ready)
{
    struct signals *signals = owner;
    struct signalfd_siginfo info;
    (void)ready;
    if (read(signals->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
        signals->callback(signals->owner, (int)info.ssi_signo);
}

bool signals_open(struct signals *signals, struct watch_set *watches, signals_cb *callback,
                  void *owner)
{
    sigset_t set;
    fill(&set);
    *signals = (struct signals){.callback = callback, .owner = owner};
    signals->fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (signals->fd < 0)
        return false;
    signals->watch = watch_open(watches, signals->fd, WATCH_READ, ready_cb, signals);
    return signals->watch != NULL;
}

void signals_close(struct signals *signals)
{
    watch_close(signals->watch);
    close(signals->fd);
}
