#include "run/change/links.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log/log.h"
#include "base/text/text.h"
#include "core/session/session_id.h"

/* ---- for a successor ---- */

static bool open_own(struct links_offer *offer)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return false;
    offer->own = ends[0];
    offer->given[offer->count++] = ends[1];
    return true;
}

void links_offer(struct links_offer *offer, struct predecessors *predecessors, unsigned generation)
{
    struct predecessors_link others[PROCESS_FACTS_PREDECESSORS];
    struct text text = {0};
    size_t length;
    *offer = (struct links_offer){.own = -1};
    text_add_string(&text, LINKS_LIST "=");
    if (open_own(offer))
        text_add_format(&text, "%d %ld %s\n", offer->given[0], (long)getpid(), WSLUICE_VERSION);
    size_t count = predecessors_link_on(predecessors, others);
    for (size_t i = 0; i < count; i++) {
        if (offer->count == LINKS_MAX) {
            log_message(REASON_WARN,
                        "process %llu, which still has sessions, will not be seen any "
                        "more: there are too many like it",
                        (unsigned long long)others[i].pid);
            close(others[i].fd);
            continue;
        }
        offer->given[offer->count++] = others[i].fd;
        text_add_format(&text, "%d %llu %s\n", others[i].fd, (unsigned long long)others[i].pid,
                        others[i].version);
    }
    offer->list = text_take(&text, &length);
    snprintf(offer->generation, sizeof(offer->generation), LINKS_GENERATION "=%u",
             session_id_next_generation(generation));
}

void links_close_given(struct links_offer *offer)
{
    for (size_t i = 0; i < offer->count; i++)
        close(offer->given[i]);
    offer->count = 0;
    free(offer->list);
    offer->list = NULL;
}

int links_take(struct links_offer *offer)
{
    int fd = offer->own;
    offer->own = -1;
    return fd;
}

void links_withdraw(struct links_offer *offer)
{
    links_close_given(offer);
    if (offer->own >= 0)
        close(offer->own);
    offer->own = -1;
}

/* ---- in a successor ---- */

static bool is_link(int fd)
{
    int type = 0, domain = 0;
    socklen_t size = sizeof(type);
    return fd > STDERR_FILENO && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && type == SOCK_SEQPACKET &&
           domain == AF_UNIX;
}

/* "FD PID VERSION" up to the end of the line. */
static void take_line(struct predecessors *predecessors, const char *line)
{
    char version[32], *end;
    long fd = strtol(line, &end, 10);
    if (end == line || *end != ' ' || fd > INT_MAX || !is_link((int)fd))
        return;
    uint64_t pid = strtoull(end, &end, 10);
    size_t length = *end == ' ' ? strcspn(end + 1, "\n") : 0;
    snprintf(version, sizeof(version), "%.*s", (int)length, length > 0 ? end + 1 : "");
    (void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
    (void)predecessors_add(predecessors, (int)fd, pid, version);
}

void links_inherit(struct predecessors *predecessors, bool is_successor)
{
    const char *line = is_successor ? getenv(LINKS_LIST) : NULL;
    while (line && *line) {
        take_line(predecessors, line);
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    unsetenv(LINKS_LIST);
}

unsigned links_generation(bool is_successor)
{
    const char *text = getenv(LINKS_GENERATION);
    unsigned long number = text ? strtoul(text, NULL, 10) : 0;
    unsetenv(LINKS_GENERATION);
    if (!is_successor)
        return 0;
    /* A predecessor of an older version has ids without a generation. */
    return number > 0 && number < SESSION_ID_GENERATIONS ? (unsigned)number : 1;
}
