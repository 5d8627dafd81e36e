/*
 * fetch: browsers that load the files of a page repeatedly, each over one keep-alive connection.
 *
 *     fetch --proxy=PORT --paths=FILE --requests=N --sessions=N        (on 127.0.0.1)
 *
 * FILE has a path per line. The protocol with the driver is that of load.c: prints "ready", reads a
 * line, prints one JSON object with the results, reads a line.
 */
#include "base/base.h"
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SESSIONS_MAX = 256, PATHS_MAX = 1024, PATIENCE_MS = 20000 };

struct browser {
    size_t next;     /* of the paths */
    char head[4096]; /* of the answer, while it arrives */
    size_t head_length;
    uint64_t missing; /* of the body, after the head */
    bool in_body;
};

struct fetch {
    uint16_t port;
    size_t sessions;
    uint64_t requests, asked, answered, bytes;
    char *paths[PATHS_MAX];
    size_t path_count;
    struct browser browsers[SESSIONS_MAX];
    struct pollfd polls[SESSIONS_MAX];
    char scratch[256 * 1024];
};

_Noreturn static void die(const char *format, ...) WSL_PRINTF(1, 2);

static void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("fetch: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void read_paths(struct fetch *fetch, const char *name)
{
    char line[1024];
    FILE *file = fopen(name, "re");
    if (!file)
        die("%s: cannot be read", name);
    while (fetch->path_count < PATHS_MAX && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        fetch->paths[fetch->path_count++] = strdup(line);
    }
    fclose(file);
    if (fetch->path_count == 0)
        die("%s: no paths", name);
}

static void parse(struct fetch *fetch, int argc, char **argv)
{
    static const struct option table[] = {{"proxy", 1, 0, 'p'},
                                          {"paths", 1, 0, 'f'},
                                          {"requests", 1, 0, 'r'},
                                          {"sessions", 1, 0, 's'},
                                          {0}};
    for (int c; (c = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        if (c == 'p')
            fetch->port = (uint16_t)strtoul(optarg, NULL, 10);
        else if (c == 'f')
            read_paths(fetch, optarg);
        else if (c == 'r')
            fetch->requests = strtoull(optarg, NULL, 10);
        else if (c == 's')
            fetch->sessions = strtoul(optarg, NULL, 10);
        else
            die("--proxy=PORT --paths=FILE --requests=N --sessions=N");
    }
    if (fetch->port == 0 || fetch->path_count == 0 || fetch->requests == 0 ||
        fetch->sessions == 0 || fetch->sessions > SESSIONS_MAX)
        die("--proxy=PORT --paths=FILE --requests=N --sessions=N");
}

static void dial(struct fetch *fetch, size_t i)
{
    struct sockaddr_in proxy = {.sin_family = AF_INET,
                                .sin_port = htons(fetch->port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&proxy, sizeof(proxy)) != 0)
        die("port %u does not answer", fetch->port);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    fetch->polls[i] = (struct pollfd){.fd = fd, .events = POLLIN};
    fetch->browsers[i].next = i * 7;
}

/* A request fits the buffer of an idle socket. */
static void ask(struct fetch *fetch, size_t i)
{
    struct browser *browser = &fetch->browsers[i];
    char request[2048];
    const char *path = fetch->paths[browser->next++ % fetch->path_count];
    int length = snprintf(request, sizeof(request),
                          "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"
                          "User-Agent: fetch\r\nAccept-Encoding: gzip, deflate, br\r\n\r\n",
                          path);
    if (send(fetch->polls[i].fd, request, (size_t)length, MSG_NOSIGNAL) != length)
        die("a request does not go out");
    fetch->asked++;
}

/* The bytes of `data` that belong to the head; then the browser waits for the body. */
static size_t take_head(struct browser *browser, const char *data, size_t length)
{
    size_t before = browser->head_length;
    size_t room = sizeof(browser->head) - 1 - before;
    size_t more = length < room ? length : room;
    memcpy(browser->head + before, data, more);
    browser->head[before + more] = '\0';
    char *end = strstr(browser->head, "\r\n\r\n");
    if (!end) {
        if (more == room)
            die("a head without an end");
        browser->head_length += more;
        return more;
    }
    end[2] = '\0';
    const char *field = strcasestr(browser->head, "\r\nContent-Length: ");
    if (strncmp(browser->head, "HTTP/1.1 200 ", 13) != 0 || !field)
        die("not what was asked for: %.40s", browser->head);
    browser->missing = strtoull(field + strlen("\r\nContent-Length: "), NULL, 10);
    browser->in_body = true;
    browser->head_length = 0;
    return (size_t)(end + 4 - browser->head) - before;
}

static void hear(struct fetch *fetch, size_t i)
{
    struct browser *browser = &fetch->browsers[i];
    ssize_t got = recv(fetch->polls[i].fd, fetch->scratch, sizeof(fetch->scratch), 0);
    if (got <= 0)
        die("the proxy hung up");
    size_t used = browser->in_body ? 0 : take_head(browser, fetch->scratch, (size_t)got);
    size_t body = (size_t)got - used;
    fetch->bytes += body;
    if (!browser->in_body)
        return;
    if (body > browser->missing)
        die("more than was told");
    browser->missing -= body;
    if (browser->missing > 0)
        return;
    browser->in_body = false;
    fetch->answered++;
    if (fetch->asked < fetch->requests)
        ask(fetch, i);
}

static void run(struct fetch *fetch)
{
    for (size_t i = 0; i < fetch->sessions && fetch->asked < fetch->requests; i++)
        ask(fetch, i);
    while (fetch->answered < fetch->requests) {
        if (poll(fetch->polls, fetch->sessions, PATIENCE_MS) <= 0)
            die("stuck after %llu answers", (unsigned long long)fetch->answered);
        for (size_t i = 0; i < fetch->sessions; i++)
            if (fetch->polls[i].revents)
                hear(fetch, i);
    }
}

static void await_line(void)
{
    for (int c = 0; c != '\n' && c != EOF;)
        c = getchar();
}

int main(int argc, char **argv)
{
    struct fetch *fetch = calloc(1, sizeof(*fetch));
    if (!fetch)
        die("out of memory");
    setvbuf(stdout, NULL, _IOLBF, 0);
    parse(fetch, argc, argv);
    for (size_t i = 0; i < fetch->sessions; i++)
        dial(fetch, i);
    puts("ready");
    await_line();
    double began = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    run(fetch);
    double seconds = seconds_of(CLOCK_MONOTONIC) - began;
    cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("{\"mode\": \"page\", \"sessions\": %zu, \"requests\": %llu, \"bytes\": %llu, "
           "\"seconds\": %.6f, \"load_cpu\": %.6f, \"load_share\": %.3f}\n",
           fetch->sessions, (unsigned long long)fetch->answered, (unsigned long long)fetch->bytes,
           seconds, cpu, cpu / seconds);
    await_line();
    return 0;
}
