#include "base/text/printable.h"

#include "base/ascii.h"

static bool is_printed(char c)
{
    return !ascii_is_control(c) && (unsigned char)c < 0x80;
}

void printable_append(char *text, size_t size, struct slice words)
{
    size_t length = strlen(text);
    if (words.len > 0 && length + 2 < size)
        text[length++] = ' ';
    for (size_t i = 0; i < words.len && length + 1 < size; i++)
        text[length++] = is_printed(words.ptr[i]) ? words.ptr[i] : '?';
    text[length] = '\0';
}
