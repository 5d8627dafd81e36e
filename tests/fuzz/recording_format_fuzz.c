/* An entry of a recording is one line of ASCII, and reads back as the same bytes. */
#include "serve/tap/recording_format.h"

#include "lib/record_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { LENGTH_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static char out[RECORDING_FORMAT_ENTRY_MAX(LENGTH_MAX)];
    static uint8_t again[RECORDING_FORMAT_ENTRY_MAX(LENGTH_MAX)];
    if (length < 9 || length > LENGTH_MAX)
        return 0;
    bool from_client = bytes[0] & 1, read_client;
    uint64_t milliseconds, when;
    memcpy(&milliseconds, bytes + 1, sizeof(milliseconds));
    bytes += 9;
    length -= 9;

    size_t written = recording_format_entry(out, from_client, milliseconds, bytes, length), read;
    wsl_assert(written <= RECORDING_FORMAT_ENTRY_MAX(length));
    struct record_reference text = {out, out + written};
    wsl_assert(record_reference_entry(&text, &read_client, &when, again, &read));
    wsl_assert(text.at == text.end && read_client == from_client && when == milliseconds);
    wsl_assert(read == length && memcmp(again, bytes, length) == 0);
    wsl_assert(memchr(out, '\n', written) == out + written - 1);
    return 0;
}
