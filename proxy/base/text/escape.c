#include "base/text/escape.h"

size_t escape_json(char out[static ESCAPE_MAX], unsigned char byte)
{
    if (byte == '"' || byte == '\\')
        return (size_t)snprintf(out, ESCAPE_MAX, "\\%c", byte);
    if (byte < 0x20 || byte >= 0x7f)
        return (size_t)snprintf(out, ESCAPE_MAX, "\\u%04x", byte);
    out[0] = (char)byte;
    out[1] = '\0';
    return 1;
}
