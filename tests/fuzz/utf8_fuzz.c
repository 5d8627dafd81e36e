/* The validator and the reference agree at the same byte, however the text is cut. */
#include "base/text/utf8.h"
#include "lib/utf8_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_cut_in_two(const uint8_t *bytes, size_t length, size_t cut,
                             enum utf8_verdict verdict, size_t bad_at)
{
    struct utf8 state = {0};
    bool begins = utf8_feed(&state, bytes, cut);

    wsl_assert(begins == (cut <= bad_at));
    if (!begins)
        return;
    begins = utf8_feed(&state, bytes + cut, length - cut);
    wsl_assert(begins == (verdict != UTF8_INVALID));
    wsl_assert(!begins || utf8_is_complete(&state) == (verdict == UTF8_WHOLE));
}

/* utf8_cut leaves the longest valid text within the limit. */
static void check_limit(const uint8_t *text, size_t length, size_t limit)
{
    size_t bad_at, cut = utf8_cut((const char *)text, length, limit);

    wsl_assert(cut <= limit && cut <= length);
    wsl_assert(utf8_reference(text, cut, &bad_at) == UTF8_WHOLE);
    for (size_t longer = cut + 1; longer <= limit && longer <= length; longer++)
        wsl_assert(utf8_reference(text, longer, &bad_at) == UTF8_PARTIAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    size_t bad_at = length;

    if (length > 256)
        length = bad_at = 256;
    enum utf8_verdict verdict = utf8_reference(bytes, length, &bad_at);
    for (size_t at = 0; at <= length; at++) {
        check_cut_in_two(bytes, length, at, verdict, bad_at);
        if (verdict == UTF8_WHOLE)
            check_limit(bytes, length, at);
    }
    return 0;
}
