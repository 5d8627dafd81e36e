#include "net/http/http_link.h"

#include "net/watch.h"

/* ---- the end ---- */

static void disconnect(struct http_link *link)
{
    dial_cancel(link->dial);
    watch_close(link->watch);
    if (link->transport)
        transport_close(link->transport);
    link->dial = NULL;
    link->watch = NULL;
    link->transport = NULL;
}

void http_link_close(struct http_link *link)
{
    disconnect(link);
    http_collect_free(&link->collect);
}

static void report(struct http_link *link, const char *subject, const char *problem)
{
    char where[128], detail[HTTP_DETAIL];
    config_address_print(link->address, where, sizeof(where));
    snprintf(detail, sizeof(detail), "%s: %s%s", where, subject, problem);
    disconnect(link);
    link->owner->failed(link, detail);
}

static void report_answer_fault(struct http_link *link)
{
    report(link, "the answer ", link->collect.fault);
}

/* ---- reading ---- */

/* True: the answer, or the link, is over, and was reported. */
static bool take(struct http_link *link, struct slice bytes)
{
    size_t used;
    switch (http_collect_take(&link->collect, bytes, &used)) {
    case HTTP_ANSWER_DONE:
        link->unordered = used < bytes.len;
        link->owner->answered(link);
        return true;
    case HTTP_ANSWER_BAD:
        report_answer_fault(link);
        return true;
    case HTTP_ANSWER_MORE:
    case HTTP_ANSWER_INTERIM:
        break;
    }
    return false;
}

static void take_end(struct http_link *link)
{
    link->unordered = true;
    if (http_collect_end(&link->collect) == HTTP_ANSWER_DONE)
        link->owner->answered(link);
    else
        report_answer_fault(link);
}

static bool has_output(const struct http_link *link)
{
    return link->blocked || link->sent < link->request.len;
}

/* Bounded by the limits of the answer. */
static void read_answer(struct http_link *link)
{
    for (;;) {
        struct io io = transport_read(link->transport, link->buffer, HTTP_LINK_BUFFER);
        switch ((enum io_status)io.status) {
        case IO_OK:
            if (take(link, (struct slice){(const char *)link->buffer, io.n}))
                return;
            break;
        case IO_WANT_READ:
            watch_want(link->watch, has_output(link) ? WATCH_READ | WATCH_WRITE : WATCH_READ);
            return;
        case IO_WANT_WRITE:
            watch_want(link->watch, WATCH_READ | WATCH_WRITE);
            return;
        case IO_EOF:
            take_end(link);
            return;
        case IO_FAIL:
            report(link, "the answer broke off: ", reason_row(io.reason)->text);
            return;
        }
    }
}

/* ---- writing ---- */

/* A peer that takes no more of the request may have answered before that. */
static void busy_cb(void *owner, unsigned ready)
{
    struct http_link *link = owner;
    (void)ready;
    if (has_output(link) &&
        transport_send(link->transport, link->request, &link->sent, &link->blocked).status ==
            IO_FAIL) {
        link->blocked = false;
        link->sent = link->request.len;
    }
    read_answer(link);
}

static void begin_request(struct http_link *link, struct slice request, size_t body_max)
{
    http_collect_free(&link->collect);
    http_collect_begin(&link->collect, body_max, HTTP_ASKED_GET);
    link->request = request;
    link->sent = 0;
    link->blocked = false;
    link->unordered = false;
    /* In the loop: a failure must not be reported from within this call. */
    watch_adopt(link->watch, busy_cb, link);
    watch_want(link->watch, WATCH_READ | WATCH_WRITE);
}

/* ---- connecting ---- */

static void connected(struct http_link *link, const struct dial_result *result)
{
    link->dial = NULL;
    link->watch = result->watch;
    link->transport = dial_result_transport(result, &link->plain);
}

static void dialled_cb(void *owner, const struct dial_result *result)
{
    struct http_link *link = owner;
    link->dial = NULL;
    if (result->reason != REASON_none) {
        link->owner->failed(link, dial_result_detail(result));
        return;
    }
    connected(link, result);
    begin_request(link, link->request, link->collect.body_max);
}

bool http_link_open(struct http_link *link, const struct http_origin *origin, struct slice request,
                    size_t body_max, uint32_t timeout_ms, char detail[static HTTP_DETAIL])
{
    const struct dial_request to = {
        .loop = *link->loop,
        .address = &origin->url.address,
        .timeout_ms = timeout_ms,
        .tls = origin->tls,
        .callback = dialled_cb,
        .owner = link,
    };
    struct dial_result result;
    http_collect_begin(&link->collect, body_max, HTTP_ASKED_GET);
    link->request = request;
    link->address = &origin->url.address;
    link->dial = dial_start(&to, &result);
    if (link->dial)
        return true;
    if (result.reason != REASON_none) {
        snprintf(detail, HTTP_DETAIL, "%s", dial_result_detail(&result));
        return false;
    }
    connected(link, &result);
    begin_request(link, request, body_max);
    return true;
}

/* ---- between requests ---- */

/* TLS may have messages of its own. */
static void idle_cb(void *owner, unsigned ready)
{
    struct http_link *link = owner;
    struct io io = transport_read(link->transport, link->buffer, HTTP_LINK_BUFFER);
    if (!(ready & WATCH_BROKEN) && io.status == IO_WANT_READ)
        return;
    disconnect(link);
    link->owner->idle_ended(link);
}

bool http_link_persists(const struct http_link *link)
{
    return !link->unordered && link->collect.answer.persists && !has_output(link);
}

void http_link_rest(struct http_link *link)
{
    http_collect_free(&link->collect);
    link->request = (struct slice){0};
    link->address = NULL;
    link->sent = 0;
    watch_adopt(link->watch, idle_cb, link);
    watch_want(link->watch, WATCH_READ);
}

void http_link_send(struct http_link *link, const struct http_origin *origin, struct slice request,
                    size_t body_max)
{
    link->reused = true;
    link->address = &origin->url.address;
    begin_request(link, request, body_max);
}

void http_link_poll(struct http_link *link)
{
    watch_poll(link->watch);
}
