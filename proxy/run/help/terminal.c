#include "run/help/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PAGE_MIN = 40, PAGE_MAX = 120, COLUMNS_MAX = 10000 };

bool terminal_is_output(FILE *stream)
{
    int fd = fileno(stream);
    return fd >= 0 && isatty(fd);
}

unsigned terminal_columns(FILE *stream)
{
    struct winsize size;
    if (!terminal_is_output(stream))
        return 0;
    const char *variable = getenv("COLUMNS");
    char *end = NULL;
    unsigned long columns = variable ? strtoul(variable, &end, 10) : 0;
    if (columns > 0 && columns <= COLUMNS_MAX && *end == '\0')
        return (unsigned)columns;
    return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

unsigned terminal_page_width(FILE *stream, unsigned otherwise)
{
    unsigned columns = terminal_columns(stream);
    if (columns == 0)
        return otherwise;
    return columns < PAGE_MIN ? PAGE_MIN : columns > PAGE_MAX ? PAGE_MAX : columns;
}
