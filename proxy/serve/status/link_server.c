#include "serve/status/link_server.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/status/link_message.h"
#include "serve/metrics/process_facts.h"
#include "serve/status/control_request.h"
#include "serve/status/link_row.h"
#include "serve/status/list_request.h"

#define LINKS_MAX  64 /* of a worker; a successor has one, and one while it starts its own */
#define ANSWER_MAX ((size_t)4 << 20)

struct link_server {
    struct list link; /* in session_env.links */
    struct session_env *env;
    kill_request_end_fn *end;
    int fd; /* -1: closed, and freed when its request has its answer */
    struct watch *watch;
    bool busy;    /* a request is under way */
    bool sending; /* its answer is on its way */
    uint64_t nonce;
    char *text; /* owned; the answer. NULL: it is empty */
    size_t length, sent;
};

static void shut(struct link_server *server)
{
    watch_close(server->watch);
    server->watch = NULL;
    close(server->fd);
    server->fd = -1;
    list_remove(&server->link);
    if (!server->busy) {
        free(server->text);
        free(server);
    }
}

/* ---- answers ---- */

enum sent { SENT_MORE, SENT_ALL, SENT_LATER }; /* SENT_ALL: also if the peer is gone */

static enum sent send_packet(struct link_server *server)
{
    char head[LINK_MESSAGE_HEAD];
    size_t left = server->length - server->sent, most = LINK_MESSAGE_PACKET - LINK_MESSAGE_HEAD;
    size_t now = left < most ? left : most;
    struct iovec parts[2] = {
        {head, link_message_head(server->nonce, now == left, head)},
        {server->text ? server->text + server->sent : NULL, now},
    };
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    if (sendmsg(server->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? SENT_LATER : SENT_ALL;
    server->sent += now;
    return now < left ? SENT_MORE : SENT_ALL;
}

static void send_answer(struct link_server *server)
{
    enum sent sent;
    do
        sent = send_packet(server);
    while (sent == SENT_MORE);
    if (sent == SENT_LATER) {
        watch_want(server->watch, WATCH_WRITE);
        return;
    }
    /* A peer that is gone may have left a link for its successor behind its requests. */
    free(server->text);
    server->text = NULL;
    server->sending = false;
    server->busy = false;
    watch_want(server->watch, WATCH_READ);
}

/* Takes the text over; out of memory, the successor gets an empty answer. */
static void answer(struct link_server *server, struct text *text)
{
    server->length = 0;
    server->sent = 0;
    server->text = text_take(text, &server->length);
    if (server->fd >= 0) {
        server->sending = true;
        send_answer(server);
        return;
    }
    free(server->text);
    free(server);
}

static struct link_message_facts facts_of(const struct session_env *env)
{
    struct link_message_facts facts = {
        .pid = (uint64_t)getpid(),
        .started_at = (uint64_t)env->process->started_at,
        .version = WSLUICE_VERSION,
    };
    snprintf(facts.state, sizeof(facts.state), "%s", process_facts_state(env->process));
    return facts;
}

/* In no order: the asker sorts the rows of all processes. */
static void listed_cb(void *owner, struct session_list *list)
{
    struct link_server *server = owner;
    struct text text = {.limit = ANSWER_MAX};
    struct link_message_facts facts = facts_of(server->env);
    facts.sessions = list->sums.sessions;
    facts.matched = list->sums.matched;
    facts.rate_up = list->sums.rate_up;
    facts.rate_down = list->sums.rate_down;
    facts.stalled_up = list->sums.stalled_up;
    facts.stalled_down = list->sums.stalled_down;
    link_message_facts_print(&facts, &text);
    for (size_t i = 0; i < list->count; i++)
        link_row_print(list->rows[i], &text);
    answer(server, &text);
}

static bool is_wanted(const void *owner)
{
    return ((const struct link_server *)owner)->fd >= 0;
}

static void killed_cb(void *owner, bool found)
{
    struct link_server *server = owner;
    struct text text = {0};
    struct link_message_facts facts = facts_of(server->env);
    facts.killed = found;
    link_message_facts_print(&facts, &text);
    answer(server, &text);
}

static void told_cb(void *owner, const struct control_verdict *verdict)
{
    struct text text = {0};
    (void)verdict;
    answer(owner, &text);
}

/* ---- requests ---- */

/* The user that ends a session, as the successor says. */
static void find_killer(struct slice query, char by[static KILL_REQUEST_BY])
{
    struct slice key;
    char value[KILL_REQUEST_BY];
    snprintf(by, KILL_REQUEST_BY, "the process that has taken over");
    while (link_message_next(&query, &key, value, sizeof(value)))
        if (slice_equal(key, SLICE("by")))
            snprintf(by, KILL_REQUEST_BY, "%s", value);
}

/* False: out of memory, or there is nothing to wait for. */
static bool begin(struct link_server *server, const struct link_message_request *request)
{
    struct session_env *env = server->env;
    struct status_query query;
    char by[KILL_REQUEST_BY];
    bool good = !status_query_parse(request->query, &query);
    switch (request->verb) {
    case LINK_MESSAGE_LIST:
        return good && list_request_start(env, &query, NULL, listed_cb, is_wanted, server);
    case LINK_MESSAGE_KILL:
        find_killer(request->query, by);
        return good && query.kill != 0 &&
               kill_request_start(env, query.kill, by, server->end, killed_cb, server);
    case LINK_MESSAGE_DRAIN:
        return control_request_start(env, CONTROL_DRAIN, "", told_cb, server);
    case LINK_MESSAGE_END:
        return control_request_start(env, CONTROL_END, "", told_cb, server);
    case LINK_MESSAGE_LINK:
    case LINK_MESSAGE_UNKNOWN:
    case LINK_MESSAGE_VERBS:
        break;
    }
    return false;
}

/*
 * The descriptor that came with a packet; -1: none, or more than one. The padding of the control
 * buffer has room for a second one; the kernel closes the rest.
 */
static int take_descriptor(struct msghdr *message)
{
    int fds[2] = {-1, -1};
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
        return -1;
    memcpy(fds, CMSG_DATA(control), size_min(sizeof(fds), control->cmsg_len - CMSG_LEN(0)));
    if (fds[1] < 0 && !(message->msg_flags & MSG_CTRUNC))
        return fds[0];
    close(fds[0]);
    if (fds[1] >= 0)
        close(fds[1]);
    return -1;
}

static size_t count_links(const struct session_env *env)
{
    size_t count = 0;
    for (const struct list *link = env->links.next; link != &env->links; link = link->next)
        count++;
    return count;
}

/* False: the peer is gone. What is no request is dropped. */
static bool handle_packet(struct link_server *server)
{
    char packet[LINK_MESSAGE_REQUEST];
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control;
    struct iovec part = {packet, sizeof(packet)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    struct link_message_request request;
    ssize_t length = recvmsg(server->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (length < 0) /* reset: it went without reading an answer, and its packets are here still */
        return errno == EAGAIN || errno == EINTR || errno == ECONNRESET;
    int fd = take_descriptor(&message);
    bool good = link_message_parse((struct slice){packet, (size_t)length}, &request);
    if (fd >= 0 && good && request.verb == LINK_MESSAGE_LINK &&
        count_links(server->env) < LINKS_MAX)
        (void)!link_server_open(server->env, fd, server->end);
    else if (fd >= 0)
        close(fd);
    if (!good)
        return length > 0;
    server->busy = true;
    server->nonce = request.nonce;
    watch_want(server->watch, 0);
    if (!begin(server, &request)) {
        struct text nothing = {0};
        answer(server, &nothing);
    }
    return true;
}

static void ready_cb(void *owner, unsigned ready)
{
    struct link_server *server = owner;
    (void)ready;
    if (server->sending)
        send_answer(server);
    else if (!server->busy && !handle_packet(server))
        shut(server);
}

/* ---- links ---- */

bool link_server_open(struct session_env *env, int fd, kill_request_end_fn *end)
{
    struct link_server *server = calloc(1, sizeof(*server));
    struct watch *watch =
        server ? watch_open(&env->watches, fd, WATCH_READ, ready_cb, server) : NULL;
    if (!watch) {
        free(server);
        close(fd);
        return false;
    }
    *server = (struct link_server){.env = env, .end = end, .fd = fd, .watch = watch};
    list_append(&env->links, &server->link);
    return true;
}

void link_server_close_all(struct session_env *env)
{
    while (!list_empty(&env->links)) {
        struct link_server *server = WSL_CONTAINER(env->links.next, struct link_server, link);
        if (server->sending) /* nothing else is under way */
            server->busy = false;
        shut(server);
    }
}
