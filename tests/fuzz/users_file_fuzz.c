/*
 * Each line of a users file is read once, in order. What is accepted has bounds, and means the same
 * when it stands in a file of its own.
 */
#include "core/auth/users_file.h"

#include "base/text/text.h"
#include "base/text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The only line of a file. */
static void check_alone(const struct users_line *line)
{
    struct text text = {0};
    struct users_line again;
    const char *fault;
    text_add(&text, line->name);
    text_add_byte(&text, ':');
    text_add(&text, line->hash);
    struct users_cursor cursor = {text_slice(&text), 0};
    wsl_assert(users_file_next(&cursor, &again, &fault) == USERS_FILE_LINE);
    wsl_assert(slice_equal(line->name, again.name) && slice_equal(line->hash, again.hash));
    wsl_assert(line->kind == again.kind && again.whole.len == text.length);
    wsl_assert(users_file_next(&cursor, &again, &fault) == USERS_FILE_END);
    text_free(&text);
}

static void check_line(const struct users_line *line)
{
    enum users_hash kind;
    wsl_assert(line->name.len > 0 && line->name.len <= USERS_NAME_MAX);
    wsl_assert(utf8_is_valid(line->name) && !memchr(line->name.ptr, ':', line->name.len));
    wsl_assert(line->hash.len > 0 && line->hash.len <= USERS_HASH_MAX && line->hash.ptr[0] == '$');
    wsl_assert(!memchr(line->hash.ptr, '\0', line->hash.len));
    wsl_assert(!users_file_hash(line->hash, &kind) && kind == line->kind);
    check_alone(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct users_cursor cursor = {{text, size}, 0};
    struct users_line line;
    const char *fault = NULL, *at = text;
    unsigned number = 0;
    enum users_file_verdict verdict;
    while ((verdict = users_file_next(&cursor, &line, &fault)) != USERS_FILE_END) {
        wsl_assert(cursor.line > number && line.whole.len > 0 && line.whole.ptr >= at);
        at = line.whole.ptr + line.whole.len;
        wsl_assert(at == cursor.rest.ptr || cursor.rest.len == 0);
        wsl_assert(at == text + size || at[-1] == '\n');
        number = cursor.line;
        if (verdict == USERS_FILE_LINE)
            check_line(&line);
        else
            wsl_assert(fault && *fault);
    }
    wsl_assert(cursor.rest.len == 0);
    return 0;
}
