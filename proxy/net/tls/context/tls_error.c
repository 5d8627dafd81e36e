#include "net/tls/context/tls_error.h"

#include <openssl/err.h>
#include <stdarg.h>

bool tls_error_set(const struct tls_error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    config_place_format_args(error->place, error->text, error->size, format, args);
    va_end(args);
    return false;
}

/* The first entry of the queue is the cause; later ones are its consequences. */
const char *tls_error_openssl(void)
{
    unsigned long error = ERR_peek_error();
    const char *reason = ERR_reason_error_string(error);
    if (reason)
        return reason;
    return ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error)) : "unknown error";
}
