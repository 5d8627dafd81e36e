#include "run/args/cli_name.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char websockify_name[] = "websockify", checkout_name[] = "run";

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Looks links and "." up, as in "./run". */
static bool is_in_checkout(const char *program)
{
    char folder[PATH_MAX], real[PATH_MAX];
    size_t length = (size_t)(last_part(program) - program);
    if (length == 0 || length >= sizeof(folder))
        return false;
    memcpy(folder, program, length);
    folder[length - 1] = '\0'; /* the slash */
    if (strcmp(last_part(folder), websockify_name) == 0)
        return true;
    return realpath(*folder ? folder : "/", real) && strcmp(last_part(real), websockify_name) == 0;
}

bool cli_name_is_websockify(const char *program)
{
    const char *name = last_part(program);
    return strcmp(name, websockify_name) == 0 ||
           (strcmp(name, checkout_name) == 0 && is_in_checkout(program));
}

const char *cli_name_of(bool websockify)
{
    return websockify ? websockify_name : "wsluice";
}
