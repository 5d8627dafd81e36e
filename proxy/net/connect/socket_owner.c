#include "net/connect/socket_owner.h"

#include <dirent.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/proc.h"
#include "net/addr.h"

#define PROCESSES_MAX 1024 /* descendants that are checked */
#define DEPTH_MAX     32   /* their generations */

/* ---- the kernel's sockets ---- */

struct owner {
    uid_t uid;
    bool accepted; /* a process has it open */
};

static void set_end(__be32 address[static 4], __be16 *port, const struct addr *end)
{
    bool is_v4 = end->any.sa_family == AF_INET;
    *port = is_v4 ? end->v4.sin_port : end->v6.sin6_port;
    if (is_v4)
        memcpy(address, &end->v4.sin_addr, sizeof(end->v4.sin_addr));
    else
        memcpy(address, &end->v6.sin6_addr, sizeof(end->v6.sin6_addr));
}

/* 0, or errno; ENOENT: no such socket. The kernel answers within send(). */
static int query(int netlink, const struct inet_diag_sockid *id, uint8_t family,
                 struct owner *owner)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 body;
    } request = {
        .head = {.nlmsg_len = sizeof(request),
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = family,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_states = ~0U,
                 .id = *id},
    };
    _Alignas(struct nlmsghdr) char answer[1024];
    struct nlmsghdr *head = (struct nlmsghdr *)(void *)answer;
    if (send(netlink, &request, sizeof(request), 0) < 0)
        return errno;
    ssize_t length = recv(netlink, answer, sizeof(answer), MSG_DONTWAIT);
    if (length < 0)
        return errno;
    if (head->nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *error = NLMSG_DATA(head);
        return (size_t)length >= NLMSG_LENGTH(sizeof(*error)) && error->error < 0 ? -error->error
                                                                                  : EPROTO;
    }
    const struct inet_diag_msg *socket = NLMSG_DATA(head);
    if ((size_t)length < NLMSG_LENGTH(sizeof(*socket)))
        return EPROTO;
    *owner = (struct owner){socket->idiag_uid, socket->idiag_inode != 0};
    return 0;
}

static int open_netlink(void)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

/*
 * Until it is accepted, a connection belongs to its listening socket and ends with it. If it is
 * still there and not accepted after the query for the listener, that listener has owned it all the
 * time. (Before Linux 6.16 the kernel reports user 0 for a connection that is not accepted.)
 */
static int find_owner(int netlink, const struct addr *here, const struct addr *there, uid_t *uid)
{
    uint8_t family = (uint8_t)there->any.sa_family;
    struct inet_diag_sockid connection = {.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}};
    set_end(connection.idiag_src, &connection.idiag_sport, there);
    struct inet_diag_sockid listening = connection;
    set_end(connection.idiag_dst, &connection.idiag_dport, here);

    struct owner first = {0}, second = {0}, listener = {0};
    int error = query(netlink, &connection, family, &first);
    *uid = first.uid;
    if (error != 0 || first.accepted)
        return error;
    error = query(netlink, &listening, family, &listener);
    int again = query(netlink, &connection, family, &second);
    if (again != 0)
        return again;
    *uid = second.accepted ? second.uid : listener.uid;
    return second.accepted ? 0 : error;
}

bool socket_owner_is_known(void)
{
    struct owner owner;
    struct inet_diag_sockid nothing = {.idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}};
    int netlink = open_netlink();
    if (netlink < 0)
        return false;
    int error = query(netlink, &nothing, AF_INET, &owner);
    close(netlink);
    return error == 0 || error == ENOENT;
}

/* ---- descendants ---- */

/* The next number of a text; moves `text` behind it. */
static bool next_number(const char **text, unsigned long *number)
{
    char *end;
    *number = strtoul(*text, &end, 10);
    bool found = end != *text;
    *text = end;
    return found;
}

/* As real, effective, saved or file system user. */
static bool runs_as(unsigned long pid, uid_t uid)
{
    static const char mark[] = "\nUid:";
    char path[PROC_NAME], text[2048];
    unsigned long user;
    FILE *file = fopen(proc_process(path, pid, "status"), "re");
    if (!file)
        return false;
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    const char *users = strstr(text, mark);
    users = users ? users + sizeof(mark) - 1 : "";
    for (int i = 0; i < 4 && next_number(&users, &user); i++)
        if (user == uid)
            return true;
    return false;
}

struct search {
    uid_t uid;
    unsigned processes, depth; /* that it may still visit */
};

static bool descendants_run_as(struct search *search, unsigned long pid);

static bool children_run_as(struct search *search, unsigned long pid, const char *thread)
{
    char path[PROC_NAME], *line = NULL;
    size_t size = 0;
    unsigned long child;
    bool found = false;
    FILE *file = fopen(proc_thread(path, pid, thread, "children"), "re");
    if (!file)
        return false;
    const char *rest = getline(&line, &size, file) > 0 ? line : "";
    fclose(file);
    while (!found && search->processes > 0 && next_number(&rest, &child)) {
        search->processes--;
        found = runs_as(child, search->uid) || descendants_run_as(search, child);
    }
    free(line);
    return found;
}

static bool descendants_run_as(struct search *search, unsigned long pid)
{
    char path[PROC_NAME];
    bool found = false;
    if (search->depth == 0)
        return false;
    DIR *threads = opendir(proc_process(path, pid, "task"));
    if (!threads)
        return false;
    search->depth--;
    for (struct dirent *thread; !found && (thread = readdir(threads));)
        found = thread->d_name[0] != '.' && children_run_as(search, pid, thread->d_name);
    search->depth++;
    closedir(threads);
    return found;
}

/* ---- the verdict ---- */

/* An error of this connection or of a lack of resources, not of the kernel's abilities. */
static bool is_transient(int error)
{
    return error == ENOENT || error == EMFILE || error == ENFILE || error == ENOMEM ||
           error == ENOBUFS || error == EAGAIN || error == EINTR;
}

enum socket_owner socket_owner_of_peer(int fd)
{
    struct addr here = {0}, there = {0};
    socklen_t here_length = sizeof(here), there_length = sizeof(there);
    uid_t uid = (uid_t)-1;
    if (getsockname(fd, &here.any, &here_length) < 0 ||
        getpeername(fd, &there.any, &there_length) < 0)
        return SOCKET_OWNER_FOREIGN;
    int netlink = open_netlink();
    int error = netlink < 0 ? errno : find_owner(netlink, &here, &there, &uid);
    if (netlink >= 0)
        close(netlink);
    if (error != 0)
        return is_transient(error) ? SOCKET_OWNER_FOREIGN : SOCKET_OWNER_UNKNOWN;
    struct search search = {uid, PROCESSES_MAX, DEPTH_MAX};
    /* A command may change its user, for example by su or setpriv. */
    bool ours =
        uid == 0 || uid == geteuid() || descendants_run_as(&search, (unsigned long)getpid());
    return ours ? SOCKET_OWNER_OURS : SOCKET_OWNER_FOREIGN;
}
