#include "codec/tunnel/tunnel.h"

enum tunnel_verdict tunnel_begin(struct tunnel *tunnel, const struct tunnel_request *request)
{
    struct writer out = writer_to(tunnel->out, sizeof(tunnel->out));
    tunnel->request = *request;
    tunnel->fault = (struct tunnel_fault){.reason = REASON_none};
    bool begun = request->kind == TUNNEL_HTTP ? http_connect_begin(&tunnel->http, request, &out)
                                              : socks5_begin(&tunnel->socks, request, &out);
    tunnel->out_length = writer_length(&out);
    if (begun)
        return TUNNEL_SEND;
    return tunnel_request_fail(&tunnel->fault, REASON_target_proxy_failed,
                               "cannot be asked for this host with this login");
}

enum tunnel_verdict tunnel_read(struct tunnel *tunnel, struct slice bytes, size_t *used)
{
    if (tunnel->request.kind == TUNNEL_HTTP)
        return http_connect_read(&tunnel->http, &tunnel->request, bytes, used, &tunnel->fault);
    struct writer out = writer_to(tunnel->out, sizeof(tunnel->out));
    enum tunnel_verdict verdict =
        socks5_read(&tunnel->socks, &tunnel->request, bytes, used, &out, &tunnel->fault);
    tunnel->out_length = writer_length(&out);
    return verdict;
}
