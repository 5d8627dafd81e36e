#include "config/yaml/yaml_path.h"

enum { PATH_TEXT_MAX = 200 };

static void print_path(const struct yaml_path *at, char *buffer, size_t size)
{
    buffer[0] = '\0';
    if (!at)
        return;
    print_path(at->up, buffer, size);
    size_t used = strlen(buffer);
    if (at->key)
        snprintf(buffer + used, size - used, "%s%s", used ? "." : "", at->key);
    else
        snprintf(buffer + used, size - used, "[%zu]", at->index);
}

void yaml_path_report(const struct yaml_path *at, struct diag *diag, struct config_place where,
                      const char *remedy, const char *format, ...)
{
    char option[PATH_TEXT_MAX];
    print_path(at, option, sizeof(option));
    va_list args;
    va_start(args, format);
    diag_add_args(diag, DIAG_ERROR, where, at ? option : NULL, remedy, format, args);
    va_end(args);
}
