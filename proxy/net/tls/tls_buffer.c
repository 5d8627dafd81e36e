#include "net/tls/tls_buffer.h"

bool tls_buffer_is_empty(const struct tls_buffer *buffer)
{
    return buffer->at == buffer->end;
}

void tls_buffer_clear(struct tls_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct tls_buffer){0};
}

bool tls_buffer_append(struct tls_buffer *buffer, const uint8_t *bytes, size_t length)
{
    size_t left = buffer->end - buffer->at;
    uint8_t *joined = malloc(left + length);
    if (!joined)
        return false;
    if (left > 0)
        memcpy(joined, buffer->bytes + buffer->at, left);
    memcpy(joined + left, bytes, length);
    free(buffer->bytes);
    *buffer = (struct tls_buffer){.bytes = joined, .end = (uint32_t)(left + length)};
    return true;
}
