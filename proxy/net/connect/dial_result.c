#include "net/connect/dial_result.h"

#include <errno.h>
#include <unistd.h>

#include "config/model/config.h"
#include "net/plain.h"
#include "net/watch.h"

static enum reason reason_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return REASON_target_refused;
    case ENOENT:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENETDOWN:
    case EACCES:
    case EPERM:
    case ELOOP:
    case EMLINK:
    case ENOTSOCK:
        return REASON_target_unreachable;
    case ETIMEDOUT:
        return REASON_target_timeout;
    case ECONNRESET:
    case EPIPE:
        return REASON_target_reset;
    case ENOMEM:
    case ENOBUFS:
        return REASON_out_of_memory;
    case EMFILE:
    case ENFILE:
        return REASON_out_of_descriptors;
    default:
        return REASON_target_io;
    }
}

const char *dial_result_where(const char *shown, const struct config_address *address, char *text,
                              size_t size)
{
    return shown ? shown : config_address_print(address, text, size);
}

void dial_result_fail(struct dial_result *result, enum reason reason, const char *where,
                      const char *what)
{
    result->reason = reason;
    snprintf(result->detail, sizeof(result->detail), "%s: %s", where, what);
}

void dial_result_errno(struct dial_result *result, const char *where, int error)
{
    dial_result_fail(result, reason_of(error), where, strerror(error));
}

const char *dial_result_detail(const struct dial_result *result)
{
    return result->detail[0] ? result->detail : reason_row(result->reason)->text;
}

struct transport *dial_result_transport(const struct dial_result *result, struct plain *plain)
{
    return result->tls ? result->tls : plain_init(plain, result->fd, &transport_target);
}

void dial_result_discard(struct dial_result *result)
{
    watch_close(result->watch);
    if (result->tls)
        transport_close(result->tls);
    else if (result->fd >= 0)
        close(result->fd);
    result->watch = NULL;
    result->tls = NULL;
    result->fd = -1;
}
