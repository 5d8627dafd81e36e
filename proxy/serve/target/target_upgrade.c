#include "serve/target/target_upgrade.h"

#include <openssl/rand.h>

#include "base/ascii.h"
#include "base/text/printable.h"
#include "base/text/secret.h"
#include "codec/auth/basic.h"
#include "codec/ws/ws_handshake.h"
#include "net/watch.h"

#define REQUEST_MAX ((size_t)CONFIG_WS_REQUEST_MAX)
#define PORT_PLAIN  80
#define PORT_TLS    443

_Static_assert(CONFIG_WS_LOGIN_MAX == BASIC_SENT_MAX, "what the file may have can be sent");
_Static_assert(CONFIG_WS_SUBPROTOCOLS_MAX == WS_SUBPROTOCOLS_MAX, "all can be offered");

/* Always false. */
static bool fail(struct target_upgrade *upgrade, enum reason reason, const char *detail)
{
    upgrade->reason = reason;
    snprintf(upgrade->detail, sizeof(upgrade->detail), "%s", detail);
    return false;
}

/* ---- the request ---- */

/* The field Host: without the port that the scheme implies, RFC 9110 section 7.2. */
static const char *authority(const struct config_target *target,
                             const struct config_address *address, char *text, size_t size)
{
    uint16_t implied = target->tls ? PORT_TLS : PORT_PLAIN;
    if (target->ws.host)
        return target->ws.host;
    if (address->kind == CONFIG_ADDRESS_UNIX)
        return "localhost";
    config_address_print(address, text, size);
    char *port = strrchr(text, ':');
    if (port && address->port == implied)
        *port = '\0';
    return text;
}

static void add_basic(struct ws_request *request, const struct config_ws_target *own)
{
    char value[BASIC_VALUE_MAX];
    struct writer out = writer_to(value, sizeof(value));
    if (basic_encode(&out, slice_of(own->user), slice_of(own->password)))
        ws_request_add(request, SLICE("Authorization"), (struct slice){value, out.length});
    else
        request->fault = "has credentials that are too long";
    explicit_bzero(value, sizeof(value));
}

static void add_bearer(struct ws_request *request, const char *bearer)
{
    char value[REQUEST_MAX];
    int length = snprintf(value, sizeof(value), "Bearer %s", bearer);
    if (length < 0 || (size_t)length >= sizeof(value))
        request->fault = "has credentials that are too long";
    else
        ws_request_add(request, SLICE("Authorization"), slice_of(value));
    explicit_bzero(value, sizeof(value));
}

static void add_fields(struct ws_request *request, const struct config_ws_target *own,
                       const struct config_texts *offered)
{
    if (offered->count > 0)
        ws_request_offer(request, offered->items, offered->count);
    if (own->origin)
        ws_request_add(request, SLICE("Origin"), slice_of(own->origin));
    if (own->user && own->password)
        add_basic(request, own);
    if (own->bearer)
        add_bearer(request, own->bearer);
    for (size_t i = 0; i < own->header_count; i++)
        ws_request_add(request, slice_of(own->headers[i].name), slice_of(own->headers[i].value));
}

static bool write_request(struct target_upgrade *upgrade, const struct config_address *address,
                          const char *path)
{
    const struct config_ws_target *own = &upgrade->target->ws;
    struct ws_request request;
    uint8_t nonce[WS_NONCE_SIZE];
    char host[256 + 16];
    if (RAND_bytes(nonce, sizeof(nonce)) != 1)
        return fail(upgrade, REASON_internal, "no random bytes");
    ws_request_begin(&request, upgrade->request, REQUEST_MAX, slice_of(path),
                     slice_of(authority(upgrade->target, address, host, sizeof(host))), nonce);
    add_fields(&request, own, upgrade->offered);
    upgrade->length = ws_request_end(&request);
    memcpy(upgrade->key, request.key, sizeof(upgrade->key));
    if (upgrade->length > 0)
        return true;
    /* Its beginning may hold credentials; target_upgrade_free wipes `length` bytes. */
    explicit_bzero(upgrade->request, request.out.length);
    upgrade->reason = REASON_target_upgrade;
    upgrade->by_request = true;
    snprintf(upgrade->detail, sizeof(upgrade->detail), "the request %s", request.fault);
    return false;
}

bool target_upgrade_begin(struct target_upgrade *upgrade, const struct config_target *target,
                          const struct config_address *address, const char *path,
                          const struct config_texts *offered, struct transport *transport,
                          struct watch *watch)
{
    *upgrade = (struct target_upgrade){
        .target = target,
        .offered = offered,
        .transport = transport,
        .watch = watch,
    };
    http_collect_begin(&upgrade->answer, 0, HTTP_ASKED_UPGRADE);
    upgrade->request = malloc(REQUEST_MAX);
    if (!upgrade->request)
        return fail(upgrade, REASON_out_of_memory, "out of memory");
    return write_request(upgrade, address, path);
}

void target_upgrade_free(struct target_upgrade *upgrade)
{
    secret_free(upgrade->request, upgrade->length);
    upgrade->request = NULL;
    http_collect_free(&upgrade->answer);
}

/* ---- the answer ---- */

/* The first line of a plain text that has come with the head. `body`: what stands behind it. */
static void append_first_line(char *detail, size_t size, const struct http_answer *answer,
                              struct slice body)
{
    static const struct slice plain = {"text/plain", sizeof("text/plain") - 1};
    struct slice type = http_answer_field(answer, SLICE("Content-Type"));
    size_t length = 0;
    if (answer->body != HTTP_ANSWER_LENGTH || type.len < plain.len ||
        !slice_equal_nocase((struct slice){type.ptr, plain.len}, plain))
        return;
    while (length < body.len && length < answer->length && !ascii_is_control(body.ptr[length]))
        length++;
    if (length == 0)
        return;
    printable_append(detail, size, SLICE("-"));
    printable_append(detail, size, (struct slice){body.ptr, length});
}

/* `body`: what has come behind the head. */
static enum target_upgrade_verdict refuse(struct target_upgrade *upgrade, enum ws_reply reply,
                                          const char *fault, struct slice body)
{
    const struct http_answer *answer = &upgrade->answer.answer;
    size_t size = sizeof(upgrade->detail);
    upgrade->reason = REASON_target_upgrade;
    if (reply == WS_REPLY_BAD) {
        snprintf(upgrade->detail, size, "the answer %s", fault);
        return TARGET_UPGRADE_FAILED;
    }
    upgrade->by_request = answer->status >= 400 && answer->status <= 499;
    snprintf(upgrade->detail, size, "HTTP %u", answer->status);
    printable_append(upgrade->detail, size, answer->phrase);
    if (reply != WS_REPLY_REDIRECT) {
        append_first_line(upgrade->detail, size, answer, body);
        return TARGET_UPGRADE_FAILED;
    }
    printable_append(upgrade->detail, size, SLICE("to"));
    printable_append(upgrade->detail, size, http_answer_field(answer, SLICE("Location")));
    printable_append(upgrade->detail, size, SLICE("which is not followed: name that address"));
    return TARGET_UPGRADE_FAILED;
}

static enum target_upgrade_verdict judge(struct target_upgrade *upgrade, struct slice rest)
{
    struct slice chosen;
    const char *fault = NULL;
    enum ws_reply reply =
        ws_request_check(&upgrade->answer.answer, upgrade->key, upgrade->offered->items,
                         upgrade->offered->count, &chosen, &fault);
    if (reply != WS_REPLY_OPEN)
        return refuse(upgrade, reply, fault, rest);
    for (size_t i = 0; chosen.ptr && i < upgrade->offered->count; i++)
        if (slice_equal(chosen, slice_of(upgrade->offered->items[i])))
            upgrade->subprotocol = upgrade->offered->items[i];
    return TARGET_UPGRADE_OPEN;
}

static enum target_upgrade_verdict take(struct target_upgrade *upgrade, uint8_t *buffer, size_t n,
                                        size_t *length)
{
    size_t used;
    switch (http_collect_take(&upgrade->answer, (struct slice){(const char *)buffer, n}, &used)) {
    case HTTP_ANSWER_DONE:
        *length = n - used;
        memmove(buffer, buffer + used, *length);
        return judge(upgrade, (struct slice){(const char *)buffer, *length});
    case HTTP_ANSWER_BAD:
        return refuse(upgrade, WS_REPLY_BAD, upgrade->answer.fault, SLICE(""));
    default:
        return TARGET_UPGRADE_WAITS;
    }
}

static enum target_upgrade_verdict read_answer(struct target_upgrade *upgrade, uint8_t *buffer,
                                               size_t room, size_t *length)
{
    enum target_upgrade_verdict verdict = TARGET_UPGRADE_WAITS;
    while (verdict == TARGET_UPGRADE_WAITS) {
        struct io io = transport_read(upgrade->transport, buffer, room);
        switch ((enum io_status)io.status) {
        case IO_OK:
            verdict = take(upgrade, buffer, io.n, length);
            break;
        case IO_WANT_READ:
        case IO_WANT_WRITE:
            watch_want(upgrade->watch, WATCH_READ);
            return TARGET_UPGRADE_WAITS;
        case IO_EOF:
            (void)fail(upgrade, REASON_target_upgrade,
                       "the connection was closed before the answer was complete");
            return TARGET_UPGRADE_FAILED;
        case IO_FAIL:
            (void)fail(upgrade, (enum reason)io.reason,
                       "the connection failed before the answer was complete");
            return TARGET_UPGRADE_FAILED;
        }
    }
    return verdict;
}

enum target_upgrade_verdict target_upgrade_proceed(struct target_upgrade *upgrade, uint8_t *buffer,
                                                   size_t room, size_t *length)
{
    struct slice request = {upgrade->request, upgrade->length};
    *length = 0;
    struct io io = transport_send(upgrade->transport, request, &upgrade->sent, &upgrade->blocked);
    if (io.status == IO_OK)
        return read_answer(upgrade, buffer, room, length);
    if (io.status != IO_FAIL) {
        watch_want(upgrade->watch, WATCH_WRITE);
        return TARGET_UPGRADE_WAITS;
    }
    (void)fail(upgrade, (enum reason)io.reason, "the connection failed during the request");
    return TARGET_UPGRADE_FAILED;
}

enum bridge_eof target_upgrade_eof(const struct config_target *target)
{
    switch (target->ws.eof) {
    case CONFIG_WS_EOF_HALF_CLOSE:
        return BRIDGE_EOF_FIN;
    case CONFIG_WS_EOF_CLOSE:
        return BRIDGE_EOF_CLOSE;
    case CONFIG_WS_EOF_WAIT:
        return BRIDGE_EOF_WAIT;
    }
    return BRIDGE_EOF_FIN;
}

void target_upgrade_late(struct target_upgrade *upgrade)
{
    (void)fail(upgrade, REASON_target_timeout, "connected, but no complete answer came in time");
}
