#include "config/yaml/yaml_path.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void yaml_path_print(const struct yaml_path *at, char *buffer, size_t size)
{
    buffer[0] = '\0';
    if (!at)
        return;
    yaml_path_print(at->up, buffer, size);
    size_t used = strlen(buffer);
    if (at->key)
        snprintf(buffer + used, size - used, "%s%s", used ? "." : "", at->key);
    else
        snprintf(buffer + used, size - used, "[%zu]", at->index);
}

void yaml_path_complain(const struct yaml_path *at, struct diag *diag, struct diag_where where,
                        const char *remedy, const char *format, ...)
{
    char option[YAML_PATH_TEXT_MAX], *message;
    yaml_path_print(at, option, sizeof(option));
    va_list args;
    va_start(args, format);
    int length = vasprintf(&message, format, args);
    va_end(args);
    diag_add(diag, DIAG_ERROR, where, at ? option : NULL, remedy, "%s",
             length < 0 ? "out of memory" : message);
    if (length >= 0)
        free(message);
}
