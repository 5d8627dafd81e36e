#include "codec/tunnel/tunnel_request.h"

#include <stdarg.h>

bool tunnel_request_has_host(const struct tunnel_request *request)
{
    for (size_t i = 0; i < request->host.len; i++)
        if (request->host.ptr[i] <= ' ' || request->host.ptr[i] > '~')
            return false;
    return request->host.len > 0;
}

enum tunnel_verdict tunnel_request_fail(struct tunnel_fault *fault, enum reason reason,
                                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault->reason = reason;
    vsnprintf(fault->text, sizeof(fault->text), format, args);
    va_end(args);
    return TUNNEL_FAILED;
}
