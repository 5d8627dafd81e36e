#include "load_conn.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A record of 16 KiB grows by a header and a tag; the batch leaves room for all of them. */
enum { TLS_BATCH = 256 * 1024, TLS_OUT = TLS_BATCH + 8192 };

/* The socket took some or all of the waiting bytes. */
static void flush(struct load_conn *conn)
{
    while (conn->out_from < conn->out_to) {
        size_t left = conn->out_to - conn->out_from;
        ssize_t put = send(conn->fd, conn->out + conn->out_from, left, MSG_NOSIGNAL);
        if (put < 0 && errno == EAGAIN)
            return;
        if (put < 0)
            load_die("write: %s", strerror(errno));
        conn->out_from += (size_t)put;
    }
    conn->out_from = conn->out_to = 0;
}

/*
 * A custom BIO: OpenSSL's socket BIO makes one write per record, and each segment would wake the
 * proxy.
 */
static int bio_write(BIO *bio, const char *data, int size)
{
    struct load_conn *conn = BIO_get_data(bio);
    if (conn->out_to + (size_t)size > TLS_OUT)
        load_die("TLS: the batch does not hold its records");
    memcpy(conn->out + conn->out_to, data, (size_t)size);
    conn->out_to += (size_t)size;
    return size;
}

static int bio_read(BIO *bio, char *data, int size)
{
    const struct load_conn *conn = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = recv(conn->fd, data, (size_t)size, 0);
    if (got < 0 && errno == EAGAIN)
        BIO_set_retry_read(bio);
    return (int)got;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

SSL_CTX *load_conn_tls(const char *suite)
{
    int groups[] = {NID_X9_62_prime256v1};
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    if (!tls || !SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) ||
        !SSL_CTX_set_ciphersuites(tls, suite) || !SSL_CTX_set1_groups(tls, groups, 1))
        load_die("TLS: cannot offer %s", suite);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "load");
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_ctrl(method, bio_ctrl);
    SSL_CTX_set_app_data(tls, method);
    return tls;
}

static struct load_conn *conn_new(struct load *load, int fd, enum load_side side)
{
    struct load_conn *conn = load_alloc(sizeof(*conn));
    conn->load = load;
    conn->fd = fd;
    conn->side = side;
    list_init(&conn->link);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return conn;
}

static void conn_watch(struct load_conn *conn, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = conn};
    conn->interest = events;
    if (epoll_ctl(conn->load->epoll, EPOLL_CTL_ADD, conn->fd, &e) < 0)
        load_die("epoll_ctl: %s", strerror(errno));
}

void load_conn_want(struct load_conn *conn, uint32_t events)
{
    if (conn->out_from < conn->out_to)
        events |= EPOLLOUT;
    if (conn->interest == events)
        return;
    struct epoll_event e = {.events = events, .data.ptr = conn};
    conn->interest = events;
    if (epoll_ctl(conn->load->epoll, EPOLL_CTL_MOD, conn->fd, &e) < 0)
        load_die("epoll_ctl: %s", strerror(errno));
}

ssize_t load_conn_read(struct load_conn *conn, void *to, size_t size)
{
    if (conn->ssl) {
        ERR_clear_error();
        int got = SSL_read(conn->ssl, to, size > INT32_MAX ? INT32_MAX : (int)size);
        if (got > 0)
            return got;
        int why = SSL_get_error(conn->ssl, got);
        if (why == SSL_ERROR_WANT_READ)
            return -1;
        if (why == SSL_ERROR_ZERO_RETURN)
            return 0;
        load_die("TLS read: %s", ERR_reason_error_string(ERR_peek_error()));
    }
    ssize_t got = recv(conn->fd, to, size, 0);
    if (got < 0 && errno != EAGAIN)
        load_die("read from the proxy: %s", strerror(errno));
    return got;
}

size_t load_conn_write(struct load_conn *conn, const void *from, size_t size)
{
    if (conn->ssl) {
        flush(conn);
        if (conn->out_to > 0)
            return 0;
        if (size > TLS_BATCH)
            size = TLS_BATCH;
        if (SSL_write(conn->ssl, from, (int)size) != (int)size)
            load_die("TLS write: %s", ERR_reason_error_string(ERR_peek_error()));
        flush(conn);
        return size;
    }
    ssize_t put = send(conn->fd, from, size, MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN)
        load_die("write to the proxy: %s", strerror(errno));
    return put < 0 ? 0 : (size_t)put;
}

void load_conn_close(struct load_conn *conn)
{
    if (conn->step == LOAD_CLOSED)
        return;
    if (conn->ssl && conn->step == LOAD_OPEN) {
        SSL_shutdown(conn->ssl);
        flush(conn);
    }
    close(conn->fd);
    conn->step = LOAD_CLOSED;
    list_remove(&conn->link);
    list_append(&conn->load->dead, &conn->link);
}

void load_conn_bury(struct load *load)
{
    while (!list_empty(&load->dead)) {
        struct load_conn *conn = WSL_CONTAINER(load->dead.next, struct load_conn, link);
        list_remove(&conn->link);
        SSL_free(conn->ssl);
        free(conn->out);
        free(conn);
    }
}

void load_conn_dial(struct load *load)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        load_die("socket: %s", strerror(errno));
    const char *congestion = load->options.congestion;
    if (congestion)
        setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion, (socklen_t)strlen(congestion));
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(load->options.proxy_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS)
        load_die("connect to port %d: %s", load->options.proxy_port, strerror(errno));
    struct load_conn *conn = conn_new(load, fd, LOAD_CLIENT);
    conn->step = LOAD_CONNECTING;
    load->launched++;
    conn_watch(conn, EPOLLOUT);
}

static void conn_opened(struct load_conn *conn)
{
    struct load *load = conn->load;
    conn->step = LOAD_OPEN;
    conn->head_length = 0;
    load->opened[conn->side]++;
    list_append(&load->sessions[conn->side], &conn->link);
    load->progress++;
    load_conn_want(conn, EPOLLIN);
    if (load->options.mode->opened)
        load->options.mode->opened(conn);
}

void load_conn_accept(struct load *load)
{
    int fd;
    while ((fd = accept4(load->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct load_conn *conn = conn_new(load, fd, LOAD_TARGET);
        conn->step = LOAD_ANSWERING;
        conn_watch(conn, EPOLLIN);
        if (load->options.end != LOAD_END_WS)
            conn_opened(conn);
    }
    if (errno != EAGAIN && errno != ECONNABORTED)
        load_die("accept: %s", strerror(errno));
}

static void ask(struct load_conn *conn)
{
    if (conn->load->options.end == LOAD_END_RAW) {
        conn_opened(conn);
        return;
    }
    size_t size = strlen(load_ws_request);
    if (load_conn_write(conn, load_ws_request, size) != size)
        load_die("the request did not leave at once");
    conn->step = LOAD_ASKING;
    load_conn_want(conn, EPOLLIN);
}

static void secure(struct load_conn *conn)
{
    int done = SSL_do_handshake(conn->ssl);
    flush(conn);
    if (done == 1) {
        ask(conn);
        return;
    }
    if (SSL_get_error(conn->ssl, done) != SSL_ERROR_WANT_READ)
        load_die("TLS handshake: %s", ERR_reason_error_string(ERR_peek_error()));
    load_conn_want(conn, EPOLLIN);
}

static void connected(struct load_conn *conn)
{
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
        load_die("connect to port %d: %s", conn->load->options.proxy_port, strerror(error));
    if (!conn->load->tls) {
        ask(conn);
        return;
    }
    SSL_CTX *tls = conn->load->tls;
    BIO *bio = BIO_new(SSL_CTX_get_app_data(tls));
    conn->ssl = SSL_new(tls);
    conn->out = malloc(TLS_OUT);
    if (!bio || !conn->ssl || !conn->out)
        load_die("TLS: out of memory");
    BIO_set_data(bio, conn);
    BIO_set_init(bio, 1);
    SSL_set_bio(conn->ssl, bio, bio);
    SSL_set_connect_state(conn->ssl);
    conn->step = LOAD_SECURING;
    secure(conn);
}

/* True: the head is complete. No bytes may follow: neither end sends before both are open. */
static bool read_head(struct load_conn *conn)
{
    size_t room = sizeof(conn->head) - 1 - conn->head_length;
    ssize_t got = load_conn_read(conn, conn->head + conn->head_length, room);
    if (got < 0)
        return false;
    if (got == 0)
        load_die("closed in the middle of the upgrade, after: %s", conn->head);
    conn->head_length += (size_t)got;
    conn->head[conn->head_length] = '\0';
    const char *end = strstr(conn->head, "\r\n\r\n");
    if (!end && conn->head_length == sizeof(conn->head) - 1)
        load_die("the head is too long");
    if (end && end[4])
        load_die("%zu bytes follow the head", strlen(end + 4));
    return end;
}

void load_conn_step(struct load_conn *conn, uint32_t events)
{
    if (events & EPOLLOUT && conn->step != LOAD_CONNECTING) {
        flush(conn);
        load_conn_want(conn, EPOLLIN);
    }
    if (conn->step == LOAD_CONNECTING) {
        connected(conn);
    } else if (conn->step == LOAD_SECURING) {
        secure(conn);
    } else if (conn->step == LOAD_ASKING && read_head(conn)) {
        if (strncmp(conn->head, "HTTP/1.1 101 ", 13) != 0)
            load_die("not upgraded: %.*s", (int)strcspn(conn->head, "\r\n"), conn->head);
        conn_opened(conn);
    } else if (conn->step == LOAD_ANSWERING && read_head(conn)) {
        size_t size = strlen(load_ws_response);
        if (load_conn_write(conn, load_ws_response, size) != size)
            load_die("the answer did not leave at once");
        conn_opened(conn);
    }
}
