#include "core/tokens/redis_request.h"

#if WSLUICE_HIREDIS
#include <hiredis/hiredis.h>

size_t redis_request_format(const struct slice *words, size_t count, char *out, size_t room)
{
    const char *texts[REDIS_REQUEST_WORDS];
    size_t lengths[REDIS_REQUEST_WORDS];
    char *command = NULL;
    if (count > REDIS_REQUEST_WORDS)
        return 0;
    for (size_t i = 0; i < count; i++) {
        texts[i] = words[i].len ? words[i].ptr : "";
        lengths[i] = words[i].len;
    }
    long long formatted = redisFormatCommandArgv(&command, (int)count, texts, lengths);
    if (formatted <= 0)
        return 0;
    size_t length = (size_t)formatted;
    if (length <= room)
        memcpy(out, command, length);
    explicit_bzero(command, length);
    redisFreeCommand(command);
    return length <= room ? length : 0;
}

#else

size_t redis_request_format(const struct slice *words, size_t count, char *out, size_t room)
{
    (void)words, (void)count, (void)out, (void)room;
    return 0;
}

#endif
