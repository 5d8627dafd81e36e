#include "codec/tunnel/http_connect.h"

#include "base/ascii.h"
#include "base/text/printable.h"
#include "codec/auth/basic.h"
#include "codec/http/answer/http_answer.h"

#define PHRASE_SHOWN 40 /* characters of the proxy's own reason */

#define STATUS_UNAUTHORIZED 401 /* of a server, but tinyproxy refuses a wrong login with it */
#define STATUS_AUTH         407
#define STATUS_TIMEOUT      504

/* ---- the request ---- */

static void add_authority(struct writer *out, const struct tunnel_request *request)
{
    bool brackets = memchr(request->host.ptr, ':', request->host.len) != NULL;
    char port[sizeof(":65535")];
    int length = snprintf(port, sizeof(port), ":%u", request->port);
    if (brackets)
        writer_add_slice(out, SLICE("["));
    writer_add_slice(out, request->host);
    if (brackets)
        writer_add_slice(out, SLICE("]"));
    writer_add(out, port, (size_t)length);
}

static bool add_login(struct writer *out, const struct tunnel_request *request)
{
    writer_add_slice(out, SLICE("Proxy-Authorization: "));
    bool valid = basic_encode(out, request->user, request->password);
    writer_add_slice(out, SLICE("\r\n"));
    return valid;
}

bool http_connect_begin(struct http_connect *connect, const struct tunnel_request *request,
                        struct writer *out)
{
    *connect = (struct http_connect){.scan = http_scan_answer()};
    if (!tunnel_request_has_host(request))
        return false;
    writer_add_slice(out, SLICE("CONNECT "));
    add_authority(out, request);
    writer_add_slice(out, SLICE(" HTTP/1.1\r\nHost: "));
    add_authority(out, request);
    writer_add_slice(out, SLICE("\r\n"));
    if (request->user.ptr && !add_login(out, request))
        return false;
    writer_add_slice(out, SLICE("\r\n"));
    return !out->overflow;
}

/* ---- the answer ---- */

/* A challenge begins an element of a list, of which its parameters are further elements. */
static bool wants_basic(const struct http_head *head)
{
    for (unsigned i = 0; i < head->field_count; i++) {
        struct slice rest = head->fields[i].value, element;
        if (!slice_equal_nocase(head->fields[i].name, SLICE("Proxy-Authenticate")))
            continue;
        while (http_head_list_next(&rest, &element))
            if (slice_equal_nocase((struct slice){element.ptr, size_min(element.len, 5)},
                                   SLICE("Basic")))
                return true;
    }
    return false;
}

static enum reason reason_of(uint16_t status)
{
    if (status == STATUS_TIMEOUT)
        return REASON_target_timeout;
    return status >= 500 ? REASON_target_unreachable : REASON_target_proxy_refused;
}

static enum tunnel_verdict refuse(const struct http_answer *answer,
                                  const struct tunnel_request *request, struct tunnel_fault *fault)
{
    if (answer->status != STATUS_AUTH && answer->status != STATUS_UNAUTHORIZED) {
        char phrase[PHRASE_SHOWN + 2] = "";
        printable_append(phrase, sizeof(phrase), answer->phrase);
        return tunnel_request_fail(fault, reason_of(answer->status), "answers %u%s", answer->status,
                                   phrase);
    }
    if (answer->status == STATUS_AUTH && !wants_basic(&answer->head))
        return tunnel_request_fail(fault, REASON_target_proxy_auth,
                                   "answers 407, and wants another login than Basic");
    return tunnel_request_fail(fault, REASON_target_proxy_auth, "answers %u: %s", answer->status,
                               request->user.ptr ? "it does not accept user and password"
                                                 : "it wants a user and a password");
}

enum tunnel_verdict http_connect_read(struct http_connect *connect,
                                      const struct tunnel_request *request, struct slice bytes,
                                      size_t *used, struct tunnel_fault *fault)
{
    *used = 0;
    for (;;) {
        struct http_answer answer;
        struct slice rest = slice_from(bytes, connect->skipped);
        const struct http_limits limits = {.head_bytes = HTTP_CONNECT_ANSWER_MAX - connect->skipped,
                                           .fields = HTTP_FIELDS_MAX};
        const char *what;
        size_t length;
        switch (http_answer_parse(&answer, rest, &limits, HTTP_ASKED_GET, &connect->scan, &length,
                                  &what)) {
        case HTTP_ANSWER_MORE:
            return TUNNEL_MORE;
        case HTTP_ANSWER_BAD:
            return tunnel_request_fail(fault, REASON_target_proxy_failed, "gave an answer that %s",
                                       what);
        case HTTP_ANSWER_INTERIM:
            connect->skipped += length;
            connect->scan = http_scan_answer();
            continue;
        case HTTP_ANSWER_DONE:
            break;
        }
        if (answer.status >= 300)
            return refuse(&answer, request, fault);
        *used = connect->skipped + length;
        return TUNNEL_OPEN;
    }
}
