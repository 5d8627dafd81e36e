/* A date that is accepted, printed and read again is the same second. */
#include "codec/http/http_date.h"

#define NOW 1795132800

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t seconds, again;
    char text[HTTP_DATE_LENGTH + 1];
    if (http_date_parse((struct slice){(const char *)data, size}, NOW, &seconds)) {
        http_date_format(seconds, text);
        wsl_assert(strlen(text) == HTTP_DATE_LENGTH);
        bool leap = seconds == 253402300800; /* 9999-12-31 23:59:60 */
        wsl_assert(http_date_parse((struct slice){text, HTTP_DATE_LENGTH}, NOW, &again));
        wsl_assert(again == seconds - leap);
    }
    if (size >= sizeof(seconds)) {
        memcpy(&seconds, data, sizeof(seconds));
        http_date_format(seconds, text);
        wsl_assert(http_date_parse((struct slice){text, HTTP_DATE_LENGTH}, NOW, &again));
    }
    return 0;
}
