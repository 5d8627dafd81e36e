#include "base/text/wrap.h"

void wrap_print(FILE *stream, const char *text, size_t indent, size_t width)
{
    size_t column = indent;
    while (*text) {
        size_t length = strcspn(text, " ");
        bool first = column == indent;
        if (!first && column + 1 + length > width) {
            fprintf(stream, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
        }
        column += (size_t)fprintf(stream, "%s%.*s", first ? "" : " ", (int)length, text);
        text += length;
        text += *text == ' ';
    }
    fputc('\n', stream);
}
