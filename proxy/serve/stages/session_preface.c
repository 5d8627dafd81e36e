#include "serve/stages/session_preface.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/ascii.h"
#include "codec/proxy_proto.h"
#include "net/tls/tls.h"
#include "net/tls/tls_scratch.h"
#include "serve/session/session_end.h"
#include "serve/session/session_entry.h"
#include "serve/session/session_facts.h"
#include "serve/session/session_log.h"
#include "serve/session/session_state.h"
#include "serve/site/site.h"
#include "serve/site/site_resources.h"
#include "serve/stages/session_reply.h"
#include "serve/stages/session_request.h"

static void begin(struct session *session)
{
    if (session_facts_listener(session)->raw)
        session_request_begin_raw(session);
    else
        session_request_read(session);
}

/* ---- TLS ---- */

void session_preface_tls(struct session *session)
{
    struct io io = transport_handshake(session->client);
    switch ((enum io_status)io.status) {
    case IO_OK:
        metrics_add(&session->env->metrics.counter[METRICS_tls_handshakes], 1);
        session_state_step(session, LIFE_TLS_DONE);
        begin(session);
        return;
    case IO_WANT_READ:
        watch_want(session->client_watch, WATCH_READ);
        return;
    case IO_WANT_WRITE:
        watch_want(session->client_watch, WATCH_WRITE);
        return;
    case IO_EOF:
        session_end_now(session, REASON_handshake_eof);
        return;
    case IO_FAIL:
        session_log_detail(session, tls_failure(session->client));
        session_end_now(session, io.reason);
        return;
    }
}

static void begin_tls(struct session *session)
{
    session->client = tls_create(session->site->resources->listener_tls[session->listener],
                                 &session->env->tls_scratch, session->fd);
    if (!session->client) {
        session_end_now(session, REASON_out_of_memory);
        return;
    }
    session_state_step(session, LIFE_SAW_TLS);
    session_preface_tls(session);
}

static void begin_plain(struct session *session)
{
    session->client = plain_init(&session->client_plain, session->fd, &transport_client);
    session_state_step(session, LIFE_SAW_PLAIN);
    begin(session);
}

/* ---- reading without consuming ---- */

bool session_preface_has_partial_header(const struct session *session)
{
    return !session->proxy_header_done && session->entry && session->entry->header_length > 0;
}

/* The bytes that have arrived; they stay in the socket. 0: none yet, or the session has ended. */
static size_t peek(struct session *session, uint8_t *bytes, size_t capacity)
{
    ssize_t n;
    do
        n = recv(session->fd, bytes, capacity, MSG_PEEK);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return (size_t)n;
    if (n == 0)
        session_end_now(session, session_preface_has_partial_header(session) ? REASON_handshake_eof
                                                                             : REASON_silent);
    else if (errno == ECONNRESET && !session_preface_has_partial_header(session))
        session_end_now(session, REASON_silent);
    else if (errno != EAGAIN)
        session_end_now(session, transport_reason(&transport_client, errno));
    return 0;
}

/* Plain bytes where TLS is required: requests get an answer, other protocols do not expect one. */
static void refuse_plain(struct session *session, struct slice first)
{
    bool request = ascii_is_letter(first.ptr[0]); /* of its method */
    if (!request) {
        session_end_now(session, REASON_tls_required);
        return;
    }
    session->client = plain_init(&session->client_plain, session->fd, &transport_client);
    session_state_step(session, LIFE_SAW_PLAIN);
    session->entry->opening.head_only = slice_equal(first, SLICE("HEAD "));
    session_reply_refuse(session, REASON_tls_required);
}

/*
 * TLS and plain clients share a port: a ClientHello begins with 0x16, SSLv2's with 0x80. A refused
 * client gets its HTTP status only without TLS: a handshake costs too much.
 */
static void detect_tls(struct session *session)
{
    bool required = session_facts_listener(session)->tls.mode == CONFIG_TLS_REQUIRED;
    enum reason verdict = session_request_verdict(session);
    uint8_t first[sizeof("HEAD ") - 1];
    if (!session->site->resources->listener_tls[session->listener]) {
        begin_plain(session);
        return;
    }
    if (verdict != REASON_none && required) {
        session_end_now(session, verdict);
        return;
    }
    if (session_facts_listener(session)->raw) { /* its client may wait for the target to speak */
        begin_tls(session);
        return;
    }
    size_t length = peek(session, first, sizeof(first));
    if (length == 0)
        return;
    bool tls = first[0] == 0x16 || first[0] == 0x80;
    if (tls && verdict != REASON_none)
        session_end_now(session, verdict);
    else if (tls)
        begin_tls(session);
    else if (required)
        refuse_plain(session, (struct slice){(const char *)first, length});
    else
        begin_plain(session);
}

/* ---- the PROXY header ---- */

/* Removes peeked bytes from the socket, and appends them to the stored header. */
static bool take(struct session *session, const uint8_t *bytes, size_t length)
{
    struct session_entry *entry = session->entry;
    uint8_t *grown = realloc(entry->header, entry->header_length + length);
    uint8_t gone[PROXY_PROTO_MAX];
    if (!grown)
        return false;
    memcpy(grown + entry->header_length, bytes, length);
    entry->header = grown;
    entry->header_length += length;
    return recv(session->fd, gone, length, 0) == (ssize_t)length;
}

static void note_client(struct session *session, const struct proxy_proto *header)
{
    session->proxy_header_done = true;
    if (header && header->kind == PROXY_PROTO_ADDRESS)
        session->client_address = (struct client_address){header->source, true};
}

/* True once the bytes that follow are the client's own. */
static bool read_header(struct session *session)
{
    struct session_entry *entry = session->entry;
    const struct config_listener *listener = session_facts_listener(session);
    uint8_t bytes[PROXY_PROTO_MAX];
    size_t held = entry->header_length, consumed;
    struct proxy_proto header;
    enum reason bad;
    if (held > 0)
        memcpy(bytes, entry->header, held);
    size_t fresh = peek(session, bytes + held, sizeof(bytes) - held);
    if (fresh == 0)
        return false;
    switch (proxy_proto_decode(bytes, held + fresh, &header, &consumed, &bad)) {
    case PROXY_PROTO_MORE:
        /* All bytes belong to the header; left in the socket, they would wake the loop for ever. */
        if (!take(session, bytes + held, fresh))
            session_end_now(session, REASON_out_of_memory);
        return false;
    case PROXY_PROTO_DONE:
        if (!take(session, bytes + held, consumed - held)) {
            session_end_now(session, REASON_out_of_memory);
            return false;
        }
        note_client(session, &header);
        return true;
    case PROXY_PROTO_ABSENT:
        /* Bytes taken as the beginning of a header cannot be returned to the socket. */
        if (listener->proxy_protocol == CONFIG_PROXY_REQUIRE || held > 0) {
            session_end_now(session, REASON_proxy_missing);
            return false;
        }
        note_client(session, NULL);
        return true;
    case PROXY_PROTO_BAD:
        session_end_now(session, bad);
        return false;
    }
    return false;
}

static bool expects_header(struct session *session)
{
    const struct config_listener *listener = session_facts_listener(session);
    if (session->proxy_header_done || listener->proxy_protocol == CONFIG_PROXY_OFF)
        return false;
    if (client_address_trusts(&listener->trusted_proxies, &session->client_address))
        return true;
    if (listener->proxy_protocol == CONFIG_PROXY_REQUIRE)
        session_end_now(session, REASON_proxy_untrusted);
    return false;
}

void session_preface_read(struct session *session)
{
    if (expects_header(session) && !read_header(session))
        return;
    if (session->state == LIFE_DEAD)
        return;
    session_request_check_client(session);
    detect_tls(session);
}
