#include "run/client/http_client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "base/monotonic.h"
#include "codec/http/answer/http_collect.h"
#include "config/model/url.h"
#include "net/addr.h"

#define ANSWER_MAX ((size_t)16 << 20)
#define AGAIN_MAX  10

struct exchange {
    const struct http_client_request *request;
    uint64_t deadline_ms; /* monotonic */
    int fd;
    char *error;
    size_t error_size;
    char where[ADDR_TEXT + 160];
    bool unread; /* the peer has closed a Unix socket before it read the whole request */
};

static bool fail(const struct exchange *exchange, const char *problem)
{
    snprintf(exchange->error, exchange->error_size, "%s: %s", exchange->where, problem);
    return false;
}

/* The system error, with a hint where the cause is likely. */
static bool fail_to_connect(const struct exchange *exchange, int error)
{
    char problem[160];
    bool is_unix = exchange->request->address->kind == CONFIG_ADDRESS_UNIX;
    const char *hint = "";
    if (error == ENOENT && is_unix)
        hint = "; is wsluice running, with this admin socket?";
    else if (error == ECONNREFUSED)
        hint = "; is wsluice running?";
    else if (error == EACCES)
        hint = "; the socket is for its owner, see admin.mode";
    snprintf(problem, sizeof(problem), "%s%s", strerror(error), hint);
    return fail(exchange, problem);
}

/* A Unix socket is reset only by a peer that closes it with bytes unread. */
static bool fail_to_talk(struct exchange *exchange, int error)
{
    bool closed = error == EPIPE || error == ECONNRESET;
    exchange->unread = closed && exchange->request->address->kind == CONFIG_ADDRESS_UNIX;
    return fail(exchange, strerror(error));
}

static bool wait_for(const struct exchange *exchange, short events)
{
    struct pollfd poll_fd = {.fd = exchange->fd, .events = events};
    int ready;
    do {
        uint64_t now = monotonic_ms();
        ready =
            now < exchange->deadline_ms ? poll(&poll_fd, 1, (int)(exchange->deadline_ms - now)) : 0;
    } while (ready < 0 && errno == EINTR);
    return ready > 0 || fail(exchange, "no answer in time");
}

/* ---- connecting ---- */

/* 0, or errno. */
static int connect_to(struct exchange *exchange, const struct sockaddr *address, socklen_t length)
{
    int error = 0;
    socklen_t size = sizeof(error);
    exchange->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (exchange->fd < 0)
        return errno;
    if (connect(exchange->fd, address, length) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    if (!wait_for(exchange, POLLOUT))
        return ETIMEDOUT;
    return getsockopt(exchange->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

static bool connect_unix(struct exchange *exchange)
{
    struct sockaddr_un address;
    socklen_t length;
    if (!addr_unix(&address, &length, exchange->request->address->path))
        return fail(exchange, strerror(ENAMETOOLONG));
    int error = connect_to(exchange, (const struct sockaddr *)&address, length);
    return error == 0 || fail_to_connect(exchange, error);
}

static bool connect_tcp(struct exchange *exchange)
{
    const struct config_address *to = exchange->request->address;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    char port[8];
    snprintf(port, sizeof(port), "%u", to->port);
    int problem = getaddrinfo(to->host, port, &hints, &found);
    if (problem != 0)
        return fail(exchange, gai_strerror(problem));
    int error = 0;
    for (const struct addrinfo *one = found; one; one = one->ai_next) {
        error = connect_to(exchange, one->ai_addr, one->ai_addrlen);
        if (error == 0)
            break;
        if (exchange->fd >= 0)
            close(exchange->fd);
        exchange->fd = -1;
    }
    freeaddrinfo(found);
    return error == 0 || fail_to_connect(exchange, error);
}

/* ---- request and response ---- */

static bool send_request(struct exchange *exchange)
{
    char *text;
    const struct http_client_request *request = exchange->request;
    const char *host = request->host ? request->host : request->address->host;
    bool brackets = host && strchr(host, ':');
    int length = asprintf(&text,
                          "%s %s HTTP/1.1\r\nHost: %s%s%s\r\nConnection: close\r\n"
                          "Content-Length: 0\r\n\r\n",
                          request->method, request->target, brackets ? "[" : "",
                          host ? host : "localhost", brackets ? "]" : "");
    if (length < 0)
        return fail(exchange, strerror(ENOMEM));
    size_t sent = 0;
    bool alive = true;
    while (alive && sent < (size_t)length) {
        ssize_t n = send(exchange->fd, text + sent, (size_t)length - sent, MSG_NOSIGNAL);
        if (n > 0)
            sent += (size_t)n;
        else if (errno == EAGAIN)
            alive = wait_for(exchange, POLLOUT);
        else if (errno != EINTR)
            alive = fail_to_talk(exchange, errno);
    }
    free(text);
    return alive;
}

/* MORE: it continues, or the exchange has failed. */
static bool read_some(struct exchange *exchange, struct http_collect *collect,
                      enum http_answer_verdict *verdict)
{
    char bytes[16384];
    size_t used;
    ssize_t n = recv(exchange->fd, bytes, sizeof(bytes), 0);
    if (n > 0)
        *verdict = http_collect_take(collect, (struct slice){bytes, (size_t)n}, &used);
    else if (n == 0)
        *verdict = http_collect_end(collect);
    else if (errno == EAGAIN)
        return wait_for(exchange, POLLIN);
    else if (errno != EINTR)
        return fail_to_talk(exchange, errno);
    return true;
}

static bool read_answer(struct exchange *exchange, struct http_collect *collect)
{
    enum http_answer_verdict verdict = HTTP_ANSWER_MORE;
    while (verdict == HTTP_ANSWER_MORE)
        if (!read_some(exchange, collect, &verdict))
            return false;
    if (verdict == HTTP_ANSWER_DONE)
        return true;
    char problem[128];
    if (!collect->begun)
        return fail(exchange, "it closed the connection without an answer");
    if (!collect->in_body)
        return fail(exchange, "the answer is not HTTP; does the port want TLS?");
    snprintf(problem, sizeof(problem), "the answer %s", collect->fault);
    return fail(exchange, problem);
}

static bool take_body(const struct exchange *exchange, struct http_collect *collect,
                      struct http_client_answer *answer)
{
    answer->status = collect->answer.status;
    answer->body = text_take(&collect->body, &answer->length);
    return answer->body || fail(exchange, strerror(ENOMEM));
}

static bool ask_once(struct exchange *exchange, struct http_client_answer *answer)
{
    struct http_collect collect;
    http_collect_begin(&collect, ANSWER_MAX, HTTP_ASKED_GET);
    exchange->fd = -1;
    exchange->unread = false;
    bool done = exchange->request->address->kind == CONFIG_ADDRESS_UNIX ? connect_unix(exchange)
                                                                        : connect_tcp(exchange);
    *answer = (struct http_client_answer){.connected = done};
    bool sent = done && send_request(exchange);
    done = sent && read_answer(exchange, &collect) && take_body(exchange, &collect, answer);
    exchange->unread = exchange->unread && !collect.begun;
    answer->closed = sent && !collect.begun;
    if (exchange->fd >= 0)
        close(exchange->fd);
    http_collect_free(&collect);
    return done;
}

/* A process that an upgrade has replaced may end with a request unread: its successor gets it. */
bool http_client_ask(const struct http_client_request *request, struct http_client_answer *answer,
                     char *error, size_t error_size)
{
    struct exchange exchange = {
        .request = request,
        .deadline_ms = monotonic_ms() + request->timeout_ms,
        .error = error,
        .error_size = error_size,
    };
    config_address_print(request->address, exchange.where, sizeof(exchange.where));
    for (int tries = 0; !ask_once(&exchange, answer); tries++)
        if (!exchange.unread || tries == AGAIN_MAX || monotonic_ms() >= exchange.deadline_ms)
            return false;
    return true;
}

/* ---- URLs ---- */

bool http_client_url(const char *text, struct config_address *address, char host[HTTP_CLIENT_HOST],
                     const char **target)
{
    static const char scheme[] = "http://";
    struct url url;
    if (url_parse(text, &url) || url.tls || url.address.kind != CONFIG_ADDRESS_TCP)
        return false;
    *target = text + strlen(scheme) + strcspn(text + strlen(scheme), "/");
    snprintf(host, HTTP_CLIENT_HOST, "%s", url.address.host);
    *address = url.address;
    address->host = host;
    return true;
}

static bool is_file_name(const char *text)
{
    static const char *const endings[] = {".yaml", ".yml", ".json", ".conf"};
    const char *dot = strrchr(text, '.');
    for (size_t i = 0; dot && i < WSL_COUNT(endings); i++)
        if (strcmp(dot, endings[i]) == 0)
            return true;
    return false;
}

/* Its first part has a dot or a port; "localhost", and any name without a path, will do. */
bool http_client_is_host(const char *text)
{
    size_t length = strcspn(text, "/");
    bool path = text[length] == '/';
    bool dotted = strcspn(text, ".:") < length || strncmp(text, "localhost/", 10) == 0;
    return length > 0 && text[0] != '.' && (!path || dotted) && !is_file_name(text);
}

void http_client_complete(const char *host, char *url, size_t size)
{
    size_t length = strcspn(host, "/");
    bool port = memchr(host, ':', length) != NULL;
    snprintf(url, size, "http://%.*s%s%s", (int)(length < HTTP_CLIENT_HOST ? length : 0), host,
             port ? "" : ":6080", host[length] ? host + length : "/healthz");
}

const char *http_client_first_line(char *body)
{
    body[strcspn(body, "\r\n")] = '\0';
    for (char *p = body; *p; p++)
        if (*p < ' ' || *p >= 0x7f)
            *p = '?';
    return body;
}
