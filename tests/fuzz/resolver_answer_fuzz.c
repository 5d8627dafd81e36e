/* An answer that is accepted has a target, and keeps within its limits. */
#include "core/tokens/resolver_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_text(const char *text, size_t size)
{
    const char *end = memchr(text, '\0', size);
    for (const char *c = text; end && c < end; c++)
        if ((uint8_t)*c < ' ')
            return false;
    return end != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct resolver_answer answer;
    if (resolver_answer_parse((struct slice){(const char *)data, size}, &answer))
        return 0;
    const char *begin = answer.text, *end = answer.text + sizeof(answer.text);
    wsl_assert(answer.target.host.len > 0 && answer.target.host.ptr >= begin);
    wsl_assert(answer.target.host.ptr + answer.target.host.len <= end);
    wsl_assert(answer.target.is_unix || answer.target.port > 0 || answer.target.service.len > 0);
    wsl_assert(is_text(answer.user, sizeof(answer.user)));
    wsl_assert(is_text(answer.server_name, sizeof(answer.server_name)));
    wsl_assert(is_text(answer.record, sizeof(answer.record)) && !strchr(answer.record, '/'));
    wsl_assert(answer.preamble_length <= sizeof(answer.preamble) && answer.expires >= 0);
    wsl_assert(answer.server_name[0] == '\0' || answer.tls == RESOLVER_TLS_ON);
    return 0;
}
