#include "config/yaml/trail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void trail_print(const struct trail *trail, char *buffer, size_t size)
{
    buffer[0] = '\0';
    if (!trail)
        return;
    trail_print(trail->up, buffer, size);
    size_t used = strlen(buffer);
    if (trail->key)
        snprintf(buffer + used, size - used, "%s%s", used ? "." : "", trail->key);
    else
        snprintf(buffer + used, size - used, "[%zu]", trail->index);
}

void trail_complain(const struct trail *trail, struct diag *diag, struct diag_where where,
                    const char *remedy, const char *format, ...)
{
    char subject[TRAIL_TEXT_MAX], *message;
    trail_print(trail, subject, sizeof(subject));
    va_list args;
    va_start(args, format);
    int length = vasprintf(&message, format, args);
    va_end(args);
    diag_add(diag, DIAG_ERROR, where, trail ? subject : NULL, remedy, "%s",
             length < 0 ? "out of memory" : message);
    if (length >= 0)
        free(message);
}
