#include "serve/tokens/token_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log/log.h"

bool token_folder_check(const char *path, const char *what, char *error, size_t error_size)
{
    struct stat info;
    if (stat(path, &info) < 0) {
        log_message(REASON_WARN, "tokens: %s: %s: no token is known until it is there", path,
                    strerror(errno));
        return true;
    }
    if (S_ISDIR(info.st_mode))
        return true;
    snprintf(error, error_size, "tokens: %s: not a folder with %s", path, what);
    return false;
}

bool token_folder_describe(const char *path, const char *what, char *text, size_t size)
{
    bool readable = faccessat(AT_FDCWD, path, R_OK | X_OK, AT_EACCESS) == 0;
    snprintf(text, size, "tokens %s: %s", path, readable ? what : strerror(errno));
    return readable;
}
