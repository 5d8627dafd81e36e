#include "run/ticket/ticket_text.h"

#include <errno.h>

#include "core/ticket/ticket_make.h"

/* ---- files ---- */

/* False: errno says why not. */
static bool read_all(FILE *file, struct text *text)
{
    char part[4096];
    size_t length, whole = 0;
    while (!text->failed && (length = fread(part, 1, sizeof(part), file)) > 0) {
        text_add(text, (struct slice){part, length});
        whole += length;
    }
    explicit_bzero(part, sizeof(part));
    if (text->failed)
        errno = whole > TICKET_KEYS_TEXT_MAX ? EFBIG : ENOMEM;
    return !ferror(file) && !text->failed;
}

static bool read_file(const char *path, struct text *text)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");
    bool read = file && read_all(file, text);
    int problem = errno;
    if (file && !standard)
        fclose(file);
    errno = problem;
    return read;
}

struct ticket_keys *ticket_text_keys(const char *path, const struct ticket_alg *only, char *error,
                                     size_t error_size)
{
    struct text text = {.limit = TICKET_KEYS_TEXT_MAX};
    struct ticket_keys *keys = NULL;
    char why[160];
    size_t skipped;
    if (!read_file(path, &text)) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
        text_wipe(&text);
        return NULL;
    }
    keys = ticket_keys_read(text_slice(&text), only, &skipped, why, sizeof(why));
    if (!keys)
        snprintf(error, error_size, "%s: %s", path, why);
    text_wipe(&text);
    return keys;
}

bool ticket_text_token(const char *word, FILE *input, char *token, size_t size, char *error,
                       size_t error_size)
{
    bool whole = true;
    if (word && strcmp(word, "-") != 0)
        whole = (size_t)snprintf(token, size, "%s", word) < size;
    else if (!fgets(token, (int)size, input))
        token[0] = '\0';
    else
        whole = strlen(token) + 1 < size || token[size - 2] == '\n';
    token[strcspn(token, "\r\n")] = '\0';
    if (whole && token[0] != '\0')
        return true;
    snprintf(error, error_size, whole ? "no ticket was given" : "the ticket is too long");
    return false;
}

/* ---- claims ---- */

/* One value of JSON: an array of it alone is valid, and has one element. */
static bool is_json(struct slice value)
{
    struct text array = {0};
    const char *fault;
    text_add_byte(&array, '[');
    text_add(&array, value);
    text_add_byte(&array, ']');
    struct json_value *document =
        array.failed ? NULL : json_value_parse(text_slice(&array), JSON_VALUE_DEPTH, &fault);
    bool good = json_value_count(document) == 1;
    json_value_free(document);
    text_free(&array);
    return good;
}

bool ticket_text_add_claim(struct json *json, const char *claim, char *error, size_t error_size)
{
    const char *equals = strchr(claim, '=');
    if (!equals || equals == claim || strncmp(claim, ":=", 2) == 0) {
        snprintf(error, error_size, "write NAME=TEXT or NAME:=JSON");
        return false;
    }
    bool raw = equals[-1] == ':';
    if (raw && !is_json(slice_of(equals + 1))) {
        snprintf(error, error_size, "the value is not JSON; a text is written NAME=TEXT");
        return false;
    }
    json_put_key_text(json, (struct slice){claim, (size_t)(equals - claim) - raw});
    if (raw)
        json_put_raw(json, slice_of(equals + 1));
    else
        json_put_string(json, equals + 1);
    return true;
}
