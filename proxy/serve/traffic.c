#include "serve/traffic.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

static const char legend[] = "\n"
                             "}  from the client    }. part of a frame    {  from the target\n"
                             ">  to the target      .> part of it         <  to the client      "
                             "<. part of it\n";

_Static_assert(sizeof(legend) <= PIPE_BUF, "a pipe that is writable takes all of it");

static void say(const char *text, size_t length)
{
    struct pollfd room = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (poll(&room, 1, 0) == 1 && (room.revents & POLLOUT))
        (void)!write(STDOUT_FILENO, text, length);
}

void traffic_legend(void)
{
    say(legend, sizeof(legend) - 1);
}

void traffic_mark(const struct bridge_sight *sight)
{
    static const char *const sent[2][2] = {{"<.", "<"}, {".>", ">"}};
    char text[8];
    const char *received = "";
    if (sight->payload.len > 0)
        received = !sight->from_client ? "{" : sight->partial ? "}." : "}";
    int length =
        snprintf(text, sizeof(text), "%s%s", received, sent[sight->from_client][sight->taken]);
    say(text, (size_t)length);
}
