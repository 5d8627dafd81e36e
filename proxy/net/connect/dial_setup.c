#include "net/connect/dial_setup.h"

#include <errno.h>
#include <sys/socket.h>

#include "config/model/config.h"
#include "net/addr.h"
#include "net/connect/dial_tunnel.h"
#include "net/connect/socket_owner.h"
#include "net/plain.h"
#include "net/tls/tls.h"
#include "net/watch.h"

static const char *where(const struct dial_setup *setup, char text[static 128])
{
    return dial_result_where(setup->request->shown, setup->request->address, text, 128);
}

static void fail(struct dial_setup *setup, enum reason reason, const char *what)
{
    char text[128];
    dial_result_fail(setup->result, reason, where(setup, text), what);
}

static void fail_errno(struct dial_setup *setup, int error)
{
    char text[128];
    dial_result_errno(setup->result, where(setup, text), error);
}

/* Another user's program gets no data, and the client gets none of its. */
static bool is_foreign(const struct dial_setup *setup)
{
    return setup->request->own_users &&
           socket_owner_of_peer(setup->result->fd) == SOCKET_OWNER_FOREIGN;
}

bool dial_setup_begin(struct dial_setup *setup)
{
    const struct dial_request *request = setup->request;
    if (is_foreign(setup)) {
        fail(setup, REASON_target_foreign, "a program of another user listens there");
        return true;
    }
    if (request->proxy && !(setup->tunnel = dial_tunnel_create(request, setup->result))) {
        fail_errno(setup, ENOMEM);
        return true;
    }
    return !setup->tunnel && !request->tls && request->preface.len == 0 &&
           request->greeting.len == 0;
}

void dial_setup_end(struct dial_setup *setup)
{
    dial_tunnel_free(setup->tunnel);
    setup->tunnel = NULL;
}

/* True: open, or failed. */
static bool open_tunnel(struct dial_setup *setup)
{
    if (!dial_tunnel_proceed(setup->tunnel))
        return false;
    dial_setup_end(setup);
    return true;
}

/* True: the socket has taken all of it, or has failed. */
static bool send_preface(struct dial_setup *setup)
{
    struct slice preface = setup->request->preface;
    while (setup->preface_sent < preface.len) {
        ssize_t sent = send(setup->result->fd, preface.ptr + setup->preface_sent,
                            preface.len - setup->preface_sent, MSG_NOSIGNAL);
        if (sent >= 0) {
            setup->preface_sent += (size_t)sent;
        } else if (errno == EAGAIN) {
            watch_want(setup->result->watch, WATCH_WRITE);
            return false;
        } else if (errno != EINTR) {
            fail_errno(setup, errno);
            return true;
        }
    }
    return true;
}

static bool create_tls(struct dial_setup *setup)
{
    const struct dial_request *request = setup->request;
    struct dial_result *result = setup->result;
    result->tls = tls_create(request->tls, request->loop.scratch, result->fd);
    if (result->tls && (!request->tls_name || tls_expect(result->tls, request->tls_name)))
        return true;
    fail_errno(setup, ENOMEM);
    return false;
}

/* True: complete, or failed. */
static bool shake_hands(struct dial_setup *setup)
{
    struct dial_result *result = setup->result;
    struct io io = transport_handshake(result->tls);
    switch ((enum io_status)io.status) {
    case IO_OK:
        return true;
    case IO_WANT_READ:
        watch_want(result->watch, WATCH_READ);
        return false;
    case IO_WANT_WRITE:
        watch_want(result->watch, WATCH_WRITE);
        return false;
    case IO_EOF:
    case IO_FAIL:
        break;
    }
    fail(setup, io.status == IO_EOF ? REASON_target_tls : io.reason, tls_failure(result->tls));
    return true;
}

/* True: complete, or failed. */
static bool send_greeting(struct dial_setup *setup)
{
    struct dial_result *result = setup->result;
    struct plain plain;
    struct io io = transport_send(dial_result_transport(result, &plain), setup->request->greeting,
                                  &setup->greeting_sent, &setup->blocked);
    if (io.status == IO_OK)
        return true;
    if (io.status == IO_WANT_WRITE) {
        watch_want(result->watch, WATCH_WRITE);
        return false;
    }
    fail(setup, io.reason, reason_row(io.reason)->text);
    return true;
}

bool dial_setup_proceed(struct dial_setup *setup)
{
    struct dial_result *result = setup->result;
    if (setup->tunnel && !open_tunnel(setup))
        return false;
    if (result->reason != REASON_none)
        return true;
    if (!result->tls) {
        if (!send_preface(setup))
            return false;
        if (result->reason != REASON_none || (setup->request->tls && !create_tls(setup)))
            return true;
    }
    if (result->tls && !setup->secure) {
        if (!shake_hands(setup))
            return false;
        setup->secure = true;
    }
    return result->reason != REASON_none || send_greeting(setup);
}
