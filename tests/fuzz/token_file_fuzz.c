/*
 * Each line of a token file is read once, in order, and as the slow reference reads it. An accepted
 * target has an address to connect to.
 */
#include "codec/ip.h"

#include "lib/token_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(struct slice got, const char *wanted)
{
    wsl_assert(slice_equal(got, slice_of(wanted)));
}

static void check_line(const struct token_line *line, const struct token_reference *wanted)
{
    const struct token_target *target = &line->target;
    check_same(line->token, wanted->token);
    check_same(target->host, wanted->host);
    wsl_assert(target->is_unix == wanted->is_unix);
    if (target->is_unix) {
        wsl_assert(target->host.len <= 107 && target->port == 0 && target->service.len == 0);
        return;
    }
    wsl_assert(target->port == wanted->port);
    wsl_assert((target->port == 0) == (target->service.len > 0));
    if (target->service.len > 0)
        check_same(target->service, wanted->service);
    wsl_assert(target->host.len > 0 && target->host.len <= 253);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = text + size;
    struct token_cursor cursor = {{text, size}, 0};
    struct token_line line;
    const char *fault = NULL;
    struct token_reference *wanted = malloc(sizeof(*wanted));
    wsl_assert(wanted);
    unsigned number = 0;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((stop ? stop : end) - text);
        size_t mark = number == 0 && length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        token_reference_read(text + mark, length - mark, wanted);
        text = stop ? stop + 1 : end;
        number++;
        if (wanted->silent)
            continue;
        enum token_file_verdict verdict = token_file_next(&cursor, &line, &fault);
        wsl_assert(verdict == (wanted->good ? TOKEN_FILE_LINE : TOKEN_FILE_FAULT));
        wsl_assert(cursor.line == number);
        if (wanted->good)
            check_line(&line, wanted);
        else
            wsl_assert(fault && *fault);
    }
    wsl_assert(token_file_next(&cursor, &line, &fault) == TOKEN_FILE_END);
    wsl_assert(cursor.line == number);
    free(wanted);
    return 0;
}
