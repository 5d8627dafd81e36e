#include "serve/status/predecessors.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log/log.h"
#include "serve/status/worker_request.h"

#define TIMEOUT_MS 1000
#define ANSWER_MAX ((size_t)4 << 20)
#define QUERY_MAX  900

struct predecessor {
    struct list link; /* in predecessors.list */
    struct predecessors *all;
    int fd; /* -1: closed */
    struct watch *watch;
    uv_timer_t timer;                /* runs while an answer is awaited */
    uint64_t sent;                   /* packets; each has its number as its nonce */
    uint64_t queued, heard;          /* the last one that its socket took, and that it answered */
    uint64_t nonce;                  /* of the request that is under way */
    struct list waiting;             /* slots whose request has not begun */
    struct slot *current;            /* whose request is under way; NULL: nobody's, or none is */
    bool asked;                      /* a request is under way */
    bool silent;                     /* the latest one had no answer in time */
    enum link_message_verb verb;     /* of the request that is under way */
    struct text text;                /* of an answer that is not complete */
    struct link_message_facts facts; /* of the latest list */
};

struct predecessors {
    struct watch_set *watches;
    struct mailbox *mailbox;
    struct process_facts *process;
    void (*emptied)(void *owner);
    void *owner;
    struct list list;
    size_t count;
};

/* A request, as one predecessor gets it. */
struct slot {
    struct list link; /* in predecessor.waiting; its own neighbour: none */
    struct ask *ask;
    char *text; /* owned */
    struct predecessors_answer answer;
};

struct ask {
    struct worker_request base;
    struct predecessors *all;
    enum link_message_verb verb;
    char query[QUERY_MAX];
    struct slot *slots;
    size_t count, pending;
    predecessors_done_fn *done;
    void *owner;
};

/* ---- the asker's thread ---- */

static void answered_cb(struct worker_request *base)
{
    struct ask *ask = WSL_CONTAINER(base, struct ask, base);
    struct predecessors_answer answers[PROCESS_FACTS_PREDECESSORS];
    for (size_t i = 0; i < ask->count; i++)
        answers[i] = ask->slots[i].answer;
    ask->done(ask->owner, answers, ask->count);
    worker_request_end(base);
    for (size_t i = 0; i < ask->count; i++)
        free(ask->slots[i].text);
    free(ask->slots);
    free(ask);
}

/* ---- requests on the main thread ---- */

static void settle(struct ask *ask)
{
    if (--ask->pending == 0)
        worker_request_reply(&ask->base, answered_cb);
}

/* Without an answer. */
static void fail_requests(struct predecessor *predecessor)
{
    struct slot *current = predecessor->current;
    predecessor->current = NULL;
    predecessor->asked = false;
    text_free(&predecessor->text);
    uv_timer_stop(&predecessor->timer);
    if (current)
        settle(current->ask);
    while (!list_empty(&predecessor->waiting)) {
        struct slot *slot = WSL_CONTAINER(predecessor->waiting.next, struct slot, link);
        list_remove(&slot->link);
        settle(slot->ask);
    }
}

/* False: the socket does not take it. `fd`: goes with it; -1: none. */
static bool send_packet(struct predecessor *predecessor, enum link_message_verb verb,
                        const char *query, int fd)
{
    char packet[LINK_MESSAGE_REQUEST];
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control = {.bytes = {0}};
    const struct link_message_request request = {++predecessor->sent, verb, slice_of(query)};
    struct iovec part = {packet, link_message_print(&request, packet)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control.bytes);
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(fd));
        memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
    }
    if (part.iov_len == 0 || sendmsg(predecessor->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return false;
    predecessor->queued = request.nonce;
    return true;
}

static void fall_silent(struct predecessor *predecessor)
{
    if (!predecessor->silent)
        log_message(REASON_WARN, "process %llu, which an upgrade has replaced, does not answer",
                    (unsigned long long)predecessor->facts.pid);
    predecessor->silent = true;
    fail_requests(predecessor);
}

static void timer_cb(uv_timer_t *timer)
{
    struct predecessor *predecessor = WSL_CONTAINER(timer, struct predecessor, timer);
    watch_poll(predecessor->watch);
    if (predecessor->fd >= 0 && predecessor->asked && !uv_is_active((uv_handle_t *)timer))
        fall_silent(predecessor);
}

static void begin(struct predecessor *predecessor, enum link_message_verb verb, const char *query)
{
    predecessor->asked = true;
    predecessor->verb = verb;
    uv_timer_start(&predecessor->timer, timer_cb, TIMEOUT_MS, 0);
    if (send_packet(predecessor, verb, query, -1))
        predecessor->nonce = predecessor->sent;
    else if (errno == EPIPE || errno == ECONNRESET)
        fail_requests(predecessor); /* it has ended: ready_cb comes to that next */
    else
        fall_silent(predecessor);
}

static void begin_next(struct predecessor *predecessor)
{
    if (predecessor->asked || list_empty(&predecessor->waiting))
        return;
    struct slot *slot = WSL_CONTAINER(predecessor->waiting.next, struct slot, link);
    list_remove(&slot->link);
    predecessor->current = slot;
    begin(predecessor, slot->ask->verb, slot->ask->query);
}

static void ask_all(struct ask *ask)
{
    struct predecessors *all = ask->all;
    size_t used = 0;
    ask->pending = 1; /* this function's own */
    ask->slots = calloc(all->count + 1, sizeof(*ask->slots));
    for (struct list *link = all->list.next, *next; ask->slots && link != &all->list; link = next) {
        struct predecessor *predecessor = WSL_CONTAINER(link, struct predecessor, link);
        struct slot *slot = &ask->slots[used++];
        next = link->next;
        ask->count = used;
        *slot = (struct slot){.ask = ask, .answer.facts = predecessor->facts};
        list_init(&slot->link);
        if (predecessor->silent)
            continue;
        ask->pending++;
        list_append(&predecessor->waiting, &slot->link);
        begin_next(predecessor);
    }
    settle(ask);
}

static void ask_cb(void *owner, void *argument)
{
    (void)owner;
    ask_all(argument);
}

bool predecessors_ask(struct session_env *env, enum link_message_verb verb, const char *query,
                      predecessors_done_fn *done, void *owner)
{
    struct ask *ask = calloc(1, sizeof(*ask));
    if (!ask)
        return false;
    ask->all = env->predecessors;
    ask->verb = verb;
    ask->done = done;
    ask->owner = owner;
    snprintf(ask->query, sizeof(ask->query), "%s", query);
    worker_request_begin(&ask->base, env);
    mailbox_post(ask->all->mailbox, &ask->base.post, ask_cb, ask);
    return true;
}

/* ---- answers ---- */

static void publish(struct predecessors *all)
{
    size_t used = 0;
    for (struct list *link = all->list.next; link != &all->list; link = link->next) {
        const struct predecessor *predecessor = WSL_CONTAINER(link, struct predecessor, link);
        struct process_facts_predecessor *facts = &all->process->predecessors[used++];
        atomic_store(&facts->pid, predecessor->facts.pid);
        atomic_store(&facts->sessions, predecessor->facts.sessions);
    }
    atomic_store(&all->process->predecessor_count, (uint32_t)used);
}

/* `pid` stays as the process that started it knows it. */
static void take_facts(struct predecessor *predecessor, const struct link_message_facts *facts)
{
    uint64_t pid = predecessor->facts.pid;
    if (predecessor->verb != LINK_MESSAGE_LIST || facts->pid == 0)
        return;
    predecessor->facts = *facts;
    predecessor->facts.pid = pid;
    publish(predecessor->all);
}

static void complete(struct predecessor *predecessor)
{
    struct link_message_facts facts;
    size_t length = 0;
    char *text = text_take(&predecessor->text, &length);
    struct slice rest = {text, text ? length : 0}, line = {NULL, 0};
    struct slot *slot = predecessor->current;
    (void)link_message_line(&rest, &line);
    link_message_facts_parse(line, &facts);
    take_facts(predecessor, &facts);
    predecessor->current = NULL;
    predecessor->asked = false;
    uv_timer_stop(&predecessor->timer);
    if (slot) {
        facts.pid = predecessor->facts.pid;
        slot->text = text;
        slot->answer = (struct predecessors_answer){line.len > 0, facts, rest};
        if (line.len == 0)
            slot->answer.facts = predecessor->facts;
        settle(slot->ask);
    } else {
        free(text);
    }
    begin_next(predecessor);
}

static void take_packet(struct predecessor *predecessor, struct slice packet)
{
    uint64_t nonce;
    bool last;
    struct slice body;
    if (predecessor->silent)
        log_message(REASON_INFO, "process %llu answers again",
                    (unsigned long long)predecessor->facts.pid);
    predecessor->silent = false;
    if (!link_message_answer(packet, &nonce, &last, &body))
        return; /* of another version */
    if (last)
        predecessor->heard = nonce;
    if (nonce != predecessor->nonce || !predecessor->asked)
        return; /* late, or to an order */
    predecessor->text.limit = ANSWER_MAX;
    text_add(&predecessor->text, body);
    if (last)
        complete(predecessor);
}

static void timer_closed_cb(uv_handle_t *handle)
{
    free(WSL_CONTAINER(handle, struct predecessor, timer));
}

static void drop(struct predecessor *predecessor)
{
    struct predecessors *all = predecessor->all;
    list_remove(&predecessor->link);
    all->count--;
    watch_close(predecessor->watch);
    close(predecessor->fd);
    predecessor->fd = -1;
    fail_requests(predecessor);
    uv_close((uv_handle_t *)&predecessor->timer, timer_closed_cb);
    publish(all);
}

#define PACKETS_PER_TURN 16

static void ready_cb(void *owner, unsigned ready)
{
    struct predecessor *predecessor = owner;
    struct predecessors *all = predecessor->all;
    char packet[LINK_MESSAGE_PACKET];
    (void)ready;
    for (int i = 0; i < PACKETS_PER_TURN; i++) {
        ssize_t length = recv(predecessor->fd, packet, sizeof(packet), MSG_DONTWAIT);
        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (length <= 0) {
            log_message(REASON_INFO, "process %llu, which an upgrade has replaced, has ended",
                        (unsigned long long)predecessor->facts.pid);
            drop(predecessor);
            if (all->count == 0)
                all->emptied(all->owner);
            return;
        }
        take_packet(predecessor, (struct slice){packet, (size_t)length});
    }
}

/* ---- all of them ---- */

struct predecessors *predecessors_create(struct watch_set *watches, struct mailbox *mailbox,
                                         struct process_facts *process,
                                         void (*emptied)(void *owner), void *owner)
{
    struct predecessors *all = calloc(1, sizeof(*all));
    if (!all)
        return NULL;
    *all = (struct predecessors){.watches = watches,
                                 .mailbox = mailbox,
                                 .process = process,
                                 .emptied = emptied,
                                 .owner = owner};
    list_init(&all->list);
    return all;
}

void predecessors_close(struct predecessors *all)
{
    while (!list_empty(&all->list))
        drop(WSL_CONTAINER(all->list.next, struct predecessor, link));
}

void predecessors_free(struct predecessors *all)
{
    free(all);
}

static struct predecessor *open_link(struct predecessors *all, int fd)
{
    struct predecessor *predecessor = calloc(1, sizeof(*predecessor));
    if (!predecessor || all->count == PROCESS_FACTS_PREDECESSORS) {
        free(predecessor);
        return NULL;
    }
    predecessor->watch = watch_open(all->watches, fd, WATCH_READ, ready_cb, predecessor);
    if (predecessor->watch)
        return predecessor;
    free(predecessor);
    return NULL;
}

bool predecessors_add(struct predecessors *all, int fd, uint64_t pid, const char *version)
{
    struct predecessor *predecessor = open_link(all, fd);
    if (!predecessor) {
        close(fd);
        return false;
    }
    predecessor->all = all;
    predecessor->fd = fd;
    list_init(&predecessor->waiting);
    uv_timer_init(watch_set_loop(all->watches), &predecessor->timer);
    predecessor->facts.pid = pid;
    snprintf(predecessor->facts.version, sizeof(predecessor->facts.version), "%s", version);
    snprintf(predecessor->facts.state, sizeof(predecessor->facts.state), "retiring");
    list_append(&all->list, &predecessor->link);
    all->count++;
    publish(all);
    return true;
}

size_t predecessors_count(const struct predecessors *all)
{
    return all->count;
}

void predecessors_tell(struct predecessors *all, enum link_message_verb verb)
{
    for (struct list *link = all->list.next; link != &all->list; link = link->next) {
        struct predecessor *predecessor = WSL_CONTAINER(link, struct predecessor, link);
        if (!send_packet(predecessor, verb, "", -1) && errno != EPIPE)
            log_message(REASON_WARN, "process %llu cannot be told to end: %s",
                        (unsigned long long)predecessor->facts.pid, strerror(errno));
    }
}

void predecessors_refresh(struct predecessors *all)
{
    for (struct list *link = all->list.next, *next; link != &all->list; link = next) {
        struct predecessor *predecessor = WSL_CONTAINER(link, struct predecessor, link);
        next = link->next;
        /* More packets than one would fill the socket of a silent one: an order must fit in. */
        bool waits = predecessor->silent && predecessor->heard < predecessor->queued;
        if (!predecessor->asked && !waits)
            begin(predecessor, LINK_MESSAGE_LIST, "limit=1");
    }
}

static bool link_on(struct predecessor *predecessor, struct predecessors_link *link)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return false;
    bool sent = send_packet(predecessor, LINK_MESSAGE_LINK, "", ends[0]);
    close(ends[0]);
    if (!sent) {
        close(ends[1]);
        return false;
    }
    link->fd = ends[1];
    link->pid = predecessor->facts.pid;
    snprintf(link->version, sizeof(link->version), "%s", predecessor->facts.version);
    return true;
}

size_t predecessors_link_on(struct predecessors *all,
                            struct predecessors_link links[PROCESS_FACTS_PREDECESSORS])
{
    size_t used = 0;
    for (struct list *link = all->list.next; link != &all->list; link = link->next)
        if (link_on(WSL_CONTAINER(link, struct predecessor, link), &links[used]))
            used++;
    return used;
}
