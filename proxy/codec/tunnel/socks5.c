#include "codec/tunnel/socks5.h"

#include "codec/ip.h"

enum stage { STAGE_METHOD, STAGE_LOGIN, STAGE_REPLY };

enum { VERSION = 5, LOGIN_VERSION = 1 };
enum { METHOD_NONE = 0, METHOD_LOGIN = 2, METHOD_REFUSED = 0xFF };
enum { COMMAND_CONNECT = 1 };
enum { ADDRESS_V4 = 1, ADDRESS_NAME = 3, ADDRESS_V6 = 4 };

static void add_byte(struct writer *out, unsigned byte)
{
    writer_add(out, &(uint8_t){(uint8_t)byte}, 1);
}

/* Up to 255 bytes, behind their number. */
static void add_counted(struct writer *out, struct slice bytes)
{
    add_byte(out, (unsigned)bytes.len);
    writer_add_slice(out, bytes);
}

static bool is_counted(struct slice bytes)
{
    return bytes.len > 0 && bytes.len <= UINT8_MAX;
}

/* ---- what is sent ---- */

/* An empty password is sent as such, although RFC 1929 wants a byte. */
bool socks5_begin(struct socks5 *socks, const struct tunnel_request *request, struct writer *out)
{
    bool login = request->user.ptr != NULL;
    socks->stage = STAGE_METHOD;
    if (!tunnel_request_has_host(request) || !is_counted(request->host) ||
        (login && (!is_counted(request->user) || request->password.len > UINT8_MAX)))
        return false;
    add_byte(out, VERSION);
    add_byte(out, login ? 2 : 1);
    add_byte(out, METHOD_NONE);
    if (login)
        add_byte(out, METHOD_LOGIN);
    return !out->overflow;
}

static void add_address(struct writer *out, struct slice host)
{
    uint8_t address[IP_BYTES];
    if (!ip_parse(host, address)) {
        add_byte(out, ADDRESS_NAME);
        add_counted(out, host);
    } else if (ip_is_v4(address)) {
        add_byte(out, ADDRESS_V4);
        writer_add(out, address + 12, 4);
    } else {
        add_byte(out, ADDRESS_V6);
        writer_add(out, address, IP_BYTES);
    }
}

static enum tunnel_verdict ask(struct socks5 *socks, const struct tunnel_request *request,
                               struct writer *out)
{
    socks->stage = STAGE_REPLY;
    add_byte(out, VERSION);
    add_byte(out, COMMAND_CONNECT);
    add_byte(out, 0);
    add_address(out, request->host);
    add_byte(out, request->port >> 8);
    add_byte(out, request->port & 0xFF);
    return TUNNEL_SEND;
}

static enum tunnel_verdict log_in(struct socks5 *socks, const struct tunnel_request *request,
                                  struct writer *out)
{
    socks->stage = STAGE_LOGIN;
    add_byte(out, LOGIN_VERSION);
    add_counted(out, request->user);
    add_counted(out, request->password);
    return TUNNEL_SEND;
}

/* ---- what is read ---- */

static enum tunnel_verdict fail(struct tunnel_fault *fault, const char *what)
{
    return tunnel_request_fail(fault, REASON_target_proxy_failed, "%s", what);
}

static enum tunnel_verdict refuse_login(struct tunnel_fault *fault, const char *what)
{
    return tunnel_request_fail(fault, REASON_target_proxy_auth, "%s", what);
}

static enum tunnel_verdict read_method(struct socks5 *socks, const struct tunnel_request *request,
                                       unsigned method, struct writer *out,
                                       struct tunnel_fault *fault)
{
    bool login = request->user.ptr != NULL;
    if (method == METHOD_NONE)
        return ask(socks, request, out);
    if (method == METHOD_LOGIN && login)
        return log_in(socks, request, out);
    if (method == METHOD_REFUSED)
        return refuse_login(fault,
                            login ? "wants another login than user and password" : "wants a login");
    return fail(fault, "chose a login that was not offered");
}

/* RFC 1928 section 6; the name of the failure, and whose it is. */
static enum tunnel_verdict refuse(unsigned reply, struct tunnel_fault *fault)
{
    static const struct {
        enum reason reason;
        const char *text;
    } replies[] = {
        {REASON_target_proxy_refused, "general failure"},
        {REASON_target_proxy_refused, "not allowed by its rules"},
        {REASON_target_unreachable, "network unreachable"},
        {REASON_target_unreachable, "host unreachable"},
        {REASON_target_refused, "connection refused"},
        {REASON_target_timeout, "time to live expired"},
        {REASON_target_proxy_refused, "command not supported"},
        {REASON_target_proxy_refused, "type of address not supported"},
    };
    if (reply > WSL_COUNT(replies))
        return tunnel_request_fail(fault, REASON_target_proxy_refused,
                                   "answers with the failure %u", reply);
    return tunnel_request_fail(fault, replies[reply - 1].reason, "answers: %s",
                               replies[reply - 1].text);
}

/* The length of a successful reply, as far as its first bytes are there; 0: no such address. */
static size_t reply_length(struct slice bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.ptr;
    const size_t around = 6; /* version, reply, reserved, type; port */
    if (bytes.len < 4)
        return 5;
    switch (at[3]) {
    case ADDRESS_V4:
        return around + 4;
    case ADDRESS_V6:
        return around + IP_BYTES;
    case ADDRESS_NAME:
        return bytes.len < 5 ? 5 : around + 1 + at[4];
    default:
        return 0;
    }
}

static enum tunnel_verdict read_reply(struct slice bytes, size_t *used, struct tunnel_fault *fault)
{
    uint8_t reply = (uint8_t)bytes.ptr[1];
    if (reply != 0)
        return refuse(reply, fault);
    size_t length = reply_length(bytes);
    if (length == 0 || (bytes.len > 2 && bytes.ptr[2] != 0))
        return fail(fault, "gave an answer that is no valid SOCKS5");
    if (bytes.len < length)
        return TUNNEL_MORE;
    *used = length;
    return TUNNEL_OPEN;
}

static const char *foreign(uint8_t version)
{
    return version == 'H' ? "speaks HTTP, not SOCKS5" : "does not speak SOCKS5";
}

enum tunnel_verdict socks5_read(struct socks5 *socks, const struct tunnel_request *request,
                                struct slice bytes, size_t *used, struct writer *out,
                                struct tunnel_fault *fault)
{
    uint8_t version = socks->stage == STAGE_LOGIN ? LOGIN_VERSION : VERSION;
    *used = 0;
    if (bytes.len > 0 && (uint8_t)bytes.ptr[0] != version)
        return fail(fault, foreign((uint8_t)bytes.ptr[0]));
    if (bytes.len < 2)
        return TUNNEL_MORE;
    uint8_t second = (uint8_t)bytes.ptr[1];
    if (socks->stage == STAGE_REPLY)
        return read_reply(bytes, used, fault);
    if (socks->stage == STAGE_LOGIN && second != 0)
        return refuse_login(fault, "does not accept user and password");
    enum tunnel_verdict verdict = socks->stage == STAGE_LOGIN
                                      ? ask(socks, request, out)
                                      : read_method(socks, request, second, out, fault);
    *used = verdict == TUNNEL_SEND ? 2 : 0;
    return verdict;
}
