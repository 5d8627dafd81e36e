/*
 * load: both ends of many WebSocket sessions, to measure a proxy between them.
 *
 * Prints "ready" when all sessions are open, begins at a line on stdin, prints one JSON object when
 * the work is done, and keeps the sessions until another line or the end of stdin: the driver reads
 * the CPU time and memory of the proxy before and after.
 */
#include "load.h"
#include "load_conn.h"
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, OPENING = 64, BACKLOG = 4096, TICK_MS = 100 };
static const uint64_t PATIENCE = 20000000000; /* ns without progress before we give up */

static const char USAGE[] =
    "usage: load MODE --proxy=PORT --listen=PORT [options]        (all on 127.0.0.1)\n"
    "  down        the target writes --bytes in all, the clients read\n"
    "  up          the clients write --bytes in all, in frames of --frame bytes\n"
    "  echo        --messages of --frame bytes, one under way per session\n"
    "  handshake   --handshakes in all, --sessions at a time: connect, 101, close\n"
    "  idle        opens the sessions and keeps them\n"
    "  stall       offers --bytes to each session, whose reader sleeps (--reverse: the target)\n"
    "options\n"
    "  --end=bridge|ws|raw  who speaks WebSocket: the client, both ends, or neither [bridge]\n"
    "  --pause=MICROSECONDS echo: between an answer and the next message of its session [0]\n"
    "  --sessions=N [1]  --frame=BYTES [65536]  --bytes=N  --messages=N  --handshakes=N\n"
    "  --tls                the clients speak TLS 1.3: full handshakes, P-256, one suite\n"
    "  --suite=NAME         [TLS_AES_256_GCM_SHA384]\n"
    "  --decrypt            down over TLS: open the records instead of counting them\n"
    "  --congestion=NAME    congestion control of the load's own sockets\n";

void load_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fputs("load: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

void *load_alloc(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        load_die("out of memory");
    return memory;
}

uint64_t load_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const struct load_mode *find_mode(const char *name)
{
    const struct load_mode *modes[] = {&load_bulk_down,       &load_bulk_up,    &load_echo_mode,
                                       &load_churn_handshake, &load_churn_idle, &load_bulk_stall};
    for (size_t i = 0; i < WSL_COUNT(modes); i++)
        if (strcmp(modes[i]->name, name) == 0)
            return modes[i];
    load_die("no mode is called '%s'\n%s", name, USAGE);
}

static enum load_end find_end(const char *name)
{
    const char *const names[] = {"bridge", "ws", "raw"};
    for (size_t i = 0; i < WSL_COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            return (enum load_end)i;
    load_die("--end is bridge, ws or raw");
}

static uint64_t number(const char *text, uint64_t max)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || end == text || value == 0 || value > max)
        load_die("'%s' is not a number from 1 to %llu", text, (unsigned long long)max);
    return value;
}

static void parse(struct load_options *options, int argc, char **argv)
{
    static const struct option table[] = {
        {"proxy", 1, 0, 'p'},      {"listen", 1, 0, 'l'},     {"end", 1, 0, 'e'},
        {"sessions", 1, 0, 's'},   {"frame", 1, 0, 'f'},      {"bytes", 1, 0, 'b'},
        {"messages", 1, 0, 'm'},   {"handshakes", 1, 0, 'h'}, {"tls", 0, 0, 't'},
        {"suite", 1, 0, 'S'},      {"decrypt", 0, 0, 'd'},    {"reverse", 0, 0, 'r'},
        {"congestion", 1, 0, 'c'}, {"pause", 1, 0, 'P'},      {0}};
    *options = (struct load_options){.sessions = 1,
                                     .frame = 65536,
                                     .bytes = 1 << 30,
                                     .messages = 100000,
                                     .handshakes = 10000,
                                     .suite = "TLS_AES_256_GCM_SHA384"};
    for (int c; (c = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        switch (c) {
        case 'p':
            options->proxy_port = (uint16_t)number(optarg, UINT16_MAX);
            break;
        case 'l':
            options->listen_port = (uint16_t)number(optarg, UINT16_MAX);
            break;
        case 'e':
            options->end = find_end(optarg);
            break;
        case 's':
            options->sessions = number(optarg, 100000);
            break;
        case 'f':
            options->frame = number(optarg, 1 << 24);
            break;
        case 'b':
            options->bytes = number(optarg, UINT64_MAX / 2);
            break;
        case 'm':
            options->messages = number(optarg, 1 << 28);
            break;
        case 'h':
            options->handshakes = number(optarg, 1 << 28);
            break;
        case 't':
            options->tls = true;
            break;
        case 'S':
            options->suite = optarg;
            break;
        case 'd':
            options->decrypt = true;
            break;
        case 'r':
            options->reverse = true;
            break;
        case 'P':
            options->pause = number(optarg, 999999) * 1000;
            break;
        case 'c':
            options->congestion = optarg;
            break;
        default:
            load_die("%s", USAGE);
        }
    }
    if (optind != argc - 1 || !options->proxy_port || !options->listen_port)
        load_die("%s", USAGE);
    options->mode = find_mode(argv[optind]);
}

static void start(struct load *load)
{
    const struct load_options *options = &load->options;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    list_init(&load->dead);
    list_init(&load->sessions[LOAD_CLIENT]);
    list_init(&load->sessions[LOAD_TARGET]);
    load->tls = options->tls ? load_conn_tls(options->suite) : NULL;
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    load->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(load->listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    const char *congestion = options->congestion;
    if (congestion && setsockopt(load->listener, IPPROTO_TCP, TCP_CONGESTION, congestion,
                                 (socklen_t)strlen(congestion)) < 0)
        load_die("congestion control %s: %s", congestion, strerror(errno));
    struct sockaddr_in self = {.sin_family = AF_INET,
                               .sin_port = htons(options->listen_port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(load->listener, (struct sockaddr *)&self, sizeof(self)) < 0 ||
        listen(load->listener, BACKLOG) < 0)
        load_die("listen on port %d: %s", options->listen_port, strerror(errno));
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &load->listener};
    epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->listener, &e);
    e.data.ptr = &load->lines;
    load->input_open = epoll_ctl(load->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &e) == 0;
    if (options->mode->prepare)
        options->mode->prepare(load);
}

/* Two lines count: "go" and "quit". If stdin ends or cannot be polled, both count as read. */
static void read_input(struct load *load)
{
    char text[64];
    ssize_t got = read(STDIN_FILENO, text, sizeof(text));
    for (ssize_t i = 0; i < got; i++)
        load->lines += text[i] == '\n';
    if (got > 0)
        return;
    load->input_open = false;
    epoll_ctl(load->epoll, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
}

static void dispatch(struct load_conn *conn, uint32_t events)
{
    const struct load_mode *mode = conn->load->options.mode;
    if (conn->step == LOAD_CLOSED)
        return;
    if (conn->step != LOAD_OPEN) {
        load_conn_step(conn, events);
        return;
    }
    if (events & (EPOLLHUP | EPOLLERR) && !(conn->interest & EPOLLIN))
        load_die("the proxy closed a session that was not done");
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        mode->readable(conn);
    if (events & EPOLLOUT && conn->step == LOAD_OPEN)
        mode->writable(conn);
}

static void turn(struct load *load)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(load->epoll, events, EVENTS, TICK_MS);
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == &load->listener)
            load_conn_accept(load);
        else if (events[i].data.ptr == &load->lines)
            read_input(load);
        else
            dispatch(events[i].data.ptr, events[i].events);
    }
    load_conn_bury(load);
}

static bool all_open(const struct load *load)
{
    return load->opened[LOAD_CLIENT] == load->options.sessions &&
           load->opened[LOAD_TARGET] == load->options.sessions;
}

static void open_sessions(struct load *load)
{
    uint64_t moved = load->progress, moved_at = load_now();
    while (!all_open(load)) {
        size_t slower = load->opened[LOAD_TARGET] < load->opened[LOAD_CLIENT]
                            ? load->opened[LOAD_TARGET]
                            : load->opened[LOAD_CLIENT];
        while (load->launched < load->options.sessions && load->launched < slower + OPENING)
            load_conn_dial(load);
        turn(load);
        if (load->progress != moved) {
            moved = load->progress;
            moved_at = load_now();
        } else if (load_now() - moved_at > PATIENCE) {
            load_die("stuck: %zu clients and %zu targets of %zu sessions are open",
                     load->opened[LOAD_CLIENT], load->opened[LOAD_TARGET], load->options.sessions);
        }
    }
}

static void await_line(struct load *load, unsigned line)
{
    while (load->input_open && load->lines < line)
        turn(load);
}

static void run(struct load *load)
{
    const struct load_mode *mode = load->options.mode;
    uint64_t began = load_now();
    double cpu = cpu_seconds();
    uint64_t moved = load->progress, moved_at = began;
    if (mode->begin)
        mode->begin(load);
    while (!mode->finished(load)) {
        turn(load);
        if (load->progress != moved) {
            moved = load->progress;
            moved_at = load_now();
        } else if (load_now() - moved_at > PATIENCE) {
            load_die("stuck in the middle of the work");
        }
    }
    double seconds = (double)(load_now() - began) / 1e9;
    cpu = cpu_seconds() - cpu;
    printf("{\"mode\": \"%s\", \"sessions\": %zu, \"bytes\": %llu, \"messages\": %llu, "
           "\"handshakes\": %llu, \"seconds\": %.6f, \"load_cpu\": %.6f, \"load_share\": %.3f",
           mode->name, load->options.sessions, (unsigned long long)load->bytes,
           (unsigned long long)load->messages, (unsigned long long)load->completed, seconds, cpu,
           seconds > 0 ? cpu / seconds : 0);
    if (load->echo)
        load_echo_report(load);
    puts("}");
}

int main(int argc, char **argv)
{
    struct load *load = load_alloc(sizeof(*load));
    setvbuf(stdout, NULL, _IOLBF, 0);
    parse(&load->options, argc, argv);
    start(load);
    if (load->options.mode->opens_sessions)
        open_sessions(load);
    puts("ready");
    await_line(load, 1);
    run(load);
    await_line(load, 2);
    return 0;
}
