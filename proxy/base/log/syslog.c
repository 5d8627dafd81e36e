#include "base/log/syslog.h"

#include <errno.h>
#include <netdb.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define HEADER_MAX 512

/* ---- the address ---- */

static bool unix_address(struct syslog *syslog, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length >= sizeof(address.sun_path))
        return false;
    memcpy(address.sun_path, path, length);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    memcpy(&syslog->address, &address, sizeof(address));
    /* An abstract name is as long as it says, a path ends with its NUL: unix(7). */
    syslog->address_length =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (path[0] != '@'));
    return true;
}

/* NULL: done; otherwise the problem. */
static const char *udp_address(struct syslog *syslog, const char *text)
{
    char host[256];
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    if (length == 0 || colon[1] == '\0' || length >= sizeof(host))
        return "neither a socket's path nor host:port";
    bool bracketed = length > 2 && text[0] == '[' && text[length - 1] == ']';
    snprintf(host, sizeof(host), "%.*s", (int)(length - (bracketed ? 2 : 0)),
             text + (bracketed ? 1 : 0));

    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *found;
    int status = getaddrinfo(host, colon + 1, &hints, &found);
    if (status != 0)
        return gai_strerror(status);
    memcpy(&syslog->address, found->ai_addr, found->ai_addrlen);
    syslog->address_length = found->ai_addrlen;
    freeaddrinfo(found);
    return NULL;
}

static const char *find_address(struct syslog *syslog, const char *address)
{
    if (address[0] != '/' && address[0] != '@')
        return udp_address(syslog, address);
    return unix_address(syslog, address) ? NULL : "the path is too long for a socket";
}

static bool connect_it(const struct syslog *syslog)
{
    return connect(syslog->fd, (const struct sockaddr *)&syslog->address, syslog->address_length) ==
           0;
}

/* ---- opening ---- */

/* Copies PRINTUSASCII (RFC 5424); writes "-" for any other word. */
static void copy_word(char *out, size_t size, const char *word)
{
    size_t length = strlen(word);
    bool good = length > 0 && length < size;
    for (size_t i = 0; i < length && good; i++)
        good = word[i] > ' ' && word[i] < 0x7f;
    snprintf(out, size, "%s", good ? word : "-");
}

bool syslog_open(struct syslog *syslog, const struct syslog_options *options, char *error,
                 size_t error_size)
{
    char host[SYSLOG_HOST_MAX + 1] = "";
    *syslog = (struct syslog){.fd = -1, .form = options->form, .facility = options->facility};
    if (syslog->facility == 0)
        syslog->facility = SYSLOG_DAEMON;
    gethostname(host, sizeof(host) - 1);
    copy_word(syslog->host, sizeof(syslog->host), host);
    copy_word(syslog->ident, sizeof(syslog->ident), options->ident ? options->ident : "wsluice");

    const char *problem = find_address(syslog, options->address);
    if (!problem) {
        syslog->fd =
            socket(syslog->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (syslog->fd >= 0 && connect_it(syslog))
            return true;
        problem = strerror(errno);
    }
    snprintf(error, error_size, "cannot reach syslog at %s: %s", options->address, problem);
    syslog_close(syslog);
    return false;
}

void syslog_close(struct syslog *syslog)
{
    if (syslog->fd >= 0)
        close(syslog->fd);
    syslog->fd = -1;
}

/* ---- a line ---- */

static unsigned priority(const struct syslog *syslog, enum reason_level level)
{
    static const unsigned severities[] = {
        [REASON_DEBUG] = 7, [REASON_INFO] = 6, [REASON_WARN] = 4, [REASON_ERROR] = 3};
    return (unsigned)syslog->facility * 8 + severities[level];
}

static size_t put_header(const struct syslog *syslog, const struct syslog_entry *entry, char *out)
{
    unsigned pri = priority(syslog, entry->level);
    int pid = (int)getpid(), length;
    if (syslog->form == SYSLOG_LEGACY) {
        length = snprintf(out, HEADER_MAX, "<%u>%s[%d]: ", pri, syslog->ident, pid);
    } else {
        char event[SYSLOG_EVENT_MAX + 1];
        copy_word(event, sizeof(event), entry->event ? entry->event : "-");
        length = snprintf(out, HEADER_MAX, "<%u>1 %s %s %s %d %s - ", pri, entry->stamp,
                          syslog->host, syslog->ident, pid, event);
    }
    wsl_assert(length > 0 && length < HEADER_MAX);
    return (size_t)length;
}

static bool is_lost(int error)
{
    return error == ECONNREFUSED || error == ENOTCONN || error == ECONNRESET ||
           error == EDESTADDRREQ;
}

bool syslog_send(struct syslog *syslog, const struct syslog_entry *entry)
{
    char header[HEADER_MAX];
    /* An iovec has no const, and sendmsg only reads. */
    void *text;
    memcpy(&text, &entry->text.ptr, sizeof(text));
    struct iovec parts[] = {
        {header, put_header(syslog, entry, header)},
        {text, entry->text.len},
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = WSL_COUNT(parts)};
    if (sendmsg(syslog->fd, &message, MSG_NOSIGNAL) >= 0)
        return true;
    /* The server has gone; a new one may have its address. */
    return is_lost(errno) && connect_it(syslog) && sendmsg(syslog->fd, &message, MSG_NOSIGNAL) >= 0;
}
