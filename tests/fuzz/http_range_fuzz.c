/* A range lies within the file, and a request for exactly that range yields the same one. */
#include "codec/http/http_range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t whole;
    if (size < sizeof(whole))
        return 0;
    memcpy(&whole, data, sizeof(whole));
    struct slice value = {(const char *)data + sizeof(whole), size - sizeof(whole)};
    struct http_range part, again;
    if (http_range_parse(value, whole, &part) != HTTP_RANGE_PART)
        return 0;
    wsl_assert(part.length > 0 && part.first < whole && part.length <= whole - part.first);

    char exact[64];
    int length = snprintf(exact, sizeof(exact), "bytes=%llu-%llu", (unsigned long long)part.first,
                          (unsigned long long)(part.first + part.length - 1));
    wsl_assert(http_range_parse((struct slice){exact, (size_t)length}, whole, &again) ==
               HTTP_RANGE_PART);
    wsl_assert(again.first == part.first && again.length == part.length);
    return 0;
}
