#include "net/redis/redis_link.h"

#include "core/tokens/redis_request.h"
#include "net/connect/dial.h"
#include "net/tls/tls.h"
#include "net/watch.h"

/* ---- the end ---- */

static void report(struct redis_link *link, const char *why)
{
    char where[128];
    config_address_print(link->settings->address, where, sizeof(where));
    snprintf(link->problem, sizeof(link->problem), "redis %s: %s", where, why);
}

void redis_link_close(struct redis_link *link)
{
    if (link->state == REDIS_LINK_CLOSED)
        return;
    link->state = REDIS_LINK_CLOSED;
    dial_cancel(link->dial);
    link->dial = NULL;
    watch_close(link->watch);
    link->watch = NULL;
    if (link->transport)
        transport_close(link->transport);
    link->transport = NULL;
    redis_reply_free(link->parser);
    link->parser = NULL;
    explicit_bzero(link->out, sizeof(link->out));
    link->begin = link->end = 0;
}

void redis_link_fail(struct redis_link *link, const char *why)
{
    report(link, why);
    redis_link_close(link);
}

/* The owner hears of it, unless redis_link_open returns it. */
static void end(struct redis_link *link, const char *why)
{
    redis_link_fail(link, why);
    if (!link->opening)
        link->events->ended(link);
}

static void end_io(struct redis_link *link, enum reason reason)
{
    bool is_plain = link->transport == &link->plain.transport;
    end(link, is_plain ? reason_row(reason)->text : tls_failure(link->transport));
}

/* ---- writing ---- */

/* Offers the socket what waits, once. True: it has taken all of that. */
static bool write_some(struct redis_link *link)
{
    struct io io = link->blocked
                       ? transport_flush(link->transport)
                       : transport_write(link->transport, (const uint8_t *)link->out + link->begin,
                                         link->end - link->begin);
    link->failed = io.status == IO_FAIL;
    link->failure = io.reason;
    if (io.status != IO_OK)
        return false;
    if (!link->blocked) {
        explicit_bzero(link->out + link->begin, io.n);
        link->begin += io.n;
    }
    link->blocked = io.blocked;
    return !io.blocked;
}

static bool has_output(const struct redis_link *link)
{
    return link->blocked || link->begin < link->end;
}

/* False: the link has ended. */
static bool flush(struct redis_link *link)
{
    bool taken = true;
    while (taken && !link->failed && has_output(link))
        taken = write_some(link);
    if (link->failed)
        end_io(link, link->failure); /* the owner may open it again at once */
    return !link->failed;
}

static void want(struct redis_link *link)
{
    watch_want(link->watch, has_output(link) ? WATCH_READ | WATCH_WRITE : WATCH_READ);
}

/* False: no room. */
static bool append(struct redis_link *link, const struct slice *words, size_t count)
{
    if (link->begin > 0) {
        size_t length = link->end - link->begin;
        memmove(link->out, link->out + link->begin, length);
        explicit_bzero(link->out + length, link->begin);
        link->begin = 0;
        link->end = length;
    }
    size_t length =
        redis_request_format(words, count, link->out + link->end, sizeof(link->out) - link->end);
    link->end += length;
    return length > 0;
}

/* ---- reading ---- */

static void become_ready(struct redis_link *link)
{
    link->state = REDIS_LINK_READY;
    if (!link->opening)
        link->events->ready(link);
}

/* False: the link has ended. */
static bool take_greeting(struct redis_link *link, const struct redis_reply *reply)
{
    if (reply->kind == REDIS_ERROR) {
        link->refused = !redis_reply_will_pass(reply->text);
        end(link, redis_reply_explain(reply->text));
        return false;
    }
    if (!slice_equal(reply->text, SLICE("OK"))) {
        end(link, "the reply to AUTH or SELECT is not OK");
        return false;
    }
    if (--link->greetings == 0)
        become_ready(link);
    return link->state != REDIS_LINK_CLOSED;
}

/* False: the link has ended, or its owner has closed it. */
static bool take_reply(struct redis_link *link, const struct redis_reply *reply)
{
    if (reply->kind == REDIS_BROKEN) {
        end(link, reply->fault);
        return false;
    }
    if (link->state == REDIS_LINK_GREETING)
        return take_greeting(link, reply);
    if (!link->events->reply(link, reply)) {
        bool is_error = reply->kind == REDIS_ERROR;
        link->refused = is_error && !redis_reply_will_pass(reply->text);
        end(link, is_error ? redis_reply_explain(reply->text)
                           : "the server has sent a reply without a command");
        return false;
    }
    return link->state != REDIS_LINK_CLOSED;
}

/* False: as take_reply. */
static bool take_bytes(struct redis_link *link, struct slice bytes)
{
    while (bytes.len > 0) {
        struct slice part = {bytes.ptr, size_min(bytes.len, REDIS_VALUE_MAX)};
        bytes = slice_from(bytes, part.len);
        redis_reply_feed(link->parser, part);
        struct redis_reply reply;
        while ((reply = redis_reply_next(link->parser)).kind != REDIS_INCOMPLETE)
            if (!take_reply(link, &reply))
                return false;
    }
    return true;
}

/*
 * Until nothing is left, as TLS may hold bytes that no event reports. It ends, as each reply needs
 * a command and has a largest length. False: as take_reply.
 */
static bool read_all(struct redis_link *link)
{
    uint8_t bytes[TRANSPORT_READ_MIN];
    for (;;) {
        struct io io = transport_read(link->transport, bytes, sizeof(bytes));
        if (io.status == IO_WANT_READ)
            return true;
        if (io.status == IO_EOF)
            end(link, "the server has closed the connection");
        else if (io.status != IO_OK)
            end_io(link, io.reason);
        if (io.status != IO_OK)
            return false;
        if (!take_bytes(link, (struct slice){(const char *)bytes, io.n}))
            return false;
        if (io.drained)
            return true;
    }
}

static void watch_event(void *owner, unsigned ready)
{
    struct redis_link *link = owner;
    if ((ready & (WATCH_READ | WATCH_BROKEN)) && !read_all(link))
        return;
    if (flush(link))
        want(link);
}

void redis_link_poll(struct redis_link *link)
{
    if (link->state == REDIS_LINK_GREETING || link->state == REDIS_LINK_READY)
        watch_poll(link->watch);
}

bool redis_link_send(struct redis_link *link, const struct slice *words, size_t count)
{
    bool waits = has_output(link) || link->failed;
    if (!append(link, words, count))
        return false;
    /* A failure is reported by the watch, as the socket is writable then. */
    if (!waits)
        (void)write_some(link);
    want(link);
    return true;
}

/* ---- opening ---- */

/* False: out of memory. */
static bool greet(struct redis_link *link)
{
    const struct redis_settings *settings = link->settings;
    char number[16];
    int length = snprintf(number, sizeof(number), "%u", (unsigned)settings->database);
    const struct slice user = slice_of(settings->user), password = slice_of(settings->password);
    const struct slice auth[] = {SLICE("AUTH"), user, password}, old[] = {SLICE("AUTH"), password};
    const struct slice database[] = {SLICE("SELECT"), {number, (size_t)length}};
    bool fits = true;
    if (settings->password) {
        fits = settings->user ? append(link, auth, 3) : append(link, old, 2);
        link->greetings++;
    }
    if (settings->database > 0) {
        fits = fits && append(link, database, 2);
        link->greetings++;
    }
    return fits;
}

static void take_connection(struct redis_link *link, const struct dial_result *result)
{
    link->watch = result->watch;
    link->transport = dial_result_transport(result, &link->plain);
    link->parser = redis_reply_create();
    link->state = REDIS_LINK_GREETING;
    link->greetings = 0;
    if (!link->parser || !greet(link)) {
        end(link, "out of memory");
        return;
    }
    watch_adopt(link->watch, watch_event, link);
    if (link->greetings == 0)
        become_ready(link);
    if (link->state == REDIS_LINK_CLOSED)
        return;
    /* The segment that ends a TLS handshake may hold more, of which no event reports. */
    if (!link->opening && !read_all(link))
        return;
    if (flush(link))
        want(link);
}

static void dialled_cb(void *owner, const struct dial_result *result)
{
    struct redis_link *link = owner;
    link->dial = NULL;
    if (result->reason == REASON_none) {
        take_connection(link, result);
        return;
    }
    /* The detail begins with the address, if there is one. */
    redis_link_close(link);
    snprintf(link->problem, sizeof(link->problem), "redis %s", dial_result_detail(result));
    if (!link->opening)
        link->events->ended(link);
}

bool redis_link_open(struct redis_link *link)
{
    const struct redis_settings *settings = link->settings;
    struct dial_result result;
    const struct dial_request request = {
        .loop = link->loop,
        .address = settings->address,
        .timeout_ms = settings->timeout_ms,
        .tls = settings->tls,
        .callback = dialled_cb,
        .owner = link,
    };
    link->state = REDIS_LINK_DIALLING;
    link->refused = link->blocked = link->failed = false;
    link->opening = true;
    link->dial = dial_start(&request, &result);
    if (!link->dial)
        dialled_cb(link, &result);
    link->opening = false;
    return link->state != REDIS_LINK_CLOSED;
}
