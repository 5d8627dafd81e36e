/*
 * A proxy's bytes lead to the same messages and the same verdict however they are cut; a verdict
 * comes within the room for an answer; nothing behind the answer is used.
 *
 * The first byte of the input chooses the protocol and the login.
 */
#include "base/ascii.h"
#include "codec/tunnel/tunnel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SENT_MAX (4 * 1024)
#define CUTS_MAX 32

struct outcome {
    enum tunnel_verdict verdict;
    size_t used, sent_length;
    struct tunnel_fault fault;
    uint8_t sent[SENT_MAX];
};

static void note_sent(struct outcome *out, const struct tunnel *tunnel)
{
    wsl_assert(tunnel->out_length > 0 && tunnel->out_length <= SENT_MAX - out->sent_length);
    memcpy(out->sent + out->sent_length, tunnel->out, tunnel->out_length);
    out->sent_length += tunnel->out_length;
}

/* The bytes in a copy of exactly that size, at a new address each time. */
static enum tunnel_verdict take(struct tunnel *tunnel, const uint8_t *data, size_t size,
                                size_t *used)
{
    char *bytes = malloc(size ? size : 1);
    wsl_assert(bytes);
    if (size > 0)
        memcpy(bytes, data, size);
    enum tunnel_verdict verdict = tunnel_read(tunnel, (struct slice){bytes, size}, used);
    free(bytes);
    wsl_assert(*used <= size && *used <= TUNNEL_ANSWER_MAX);
    wsl_assert((*used > 0) == (verdict == TUNNEL_SEND || verdict == TUNNEL_OPEN));
    wsl_assert(verdict != TUNNEL_MORE || size < TUNNEL_ANSWER_MAX);
    return verdict;
}

static void run(struct outcome *out, const struct tunnel_request *request, const uint8_t *data,
                size_t size, size_t step)
{
    struct tunnel tunnel;
    memset(out, 0, sizeof(*out));
    out->verdict = tunnel_begin(&tunnel, request);
    wsl_assert(out->verdict == TUNNEL_SEND);
    note_sent(out, &tunnel);
    for (size_t end = size_min(step, size);;) {
        size_t used;
        out->verdict = take(&tunnel, data + out->used, end - out->used, &used);
        out->used += used;
        if (out->verdict == TUNNEL_SEND) {
            note_sent(out, &tunnel);
            continue;
        }
        if (out->verdict != TUNNEL_MORE || end == size)
            break;
        end += size_min(step, size - end);
    }
    if (out->verdict != TUNNEL_FAILED)
        return;
    out->fault = tunnel.fault;
    wsl_assert(out->fault.reason != REASON_none);
    wsl_assert(strlen(out->fault.text) > 0 && !ascii_has_control(slice_of(out->fault.text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole, part;
    struct tunnel_request request = {.host = SLICE("desk"), .port = 5900};
    if (size == 0)
        return 0;
    request.kind = data[0] & 1 ? TUNNEL_SOCKS5 : TUNNEL_HTTP;
    if (data[0] & 2) {
        request.user = SLICE("user");
        request.password = SLICE("secret");
    }
    data++;
    size--;
    run(&whole, &request, data, size, size ? size : 1);
    size_t stride = size / CUTS_MAX + 1;
    for (size_t step = 1; step < size; step += stride) {
        run(&part, &request, data, size, step);
        wsl_assert(part.verdict == whole.verdict && part.used == whole.used);
        wsl_assert(part.sent_length == whole.sent_length);
        wsl_assert(memcmp(part.sent, whole.sent, whole.sent_length) == 0);
        wsl_assert(strcmp(part.fault.text, whole.fault.text) == 0);
    }
    return 0;
}
