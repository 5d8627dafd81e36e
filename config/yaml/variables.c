#include "config/yaml/variables.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_LENGTH_MAX = 100 };

struct output {
    char *text;
    size_t length;
    variables_lookup lookup;
    void *owner;
    char *why; /* when it fails: what, and what to do about it */
    size_t why_size;
    const char *remedy;
};

__attribute__((format(printf, 3, 4))) static bool fail(struct output *output, const char *remedy,
                                                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(output->why, output->why_size, format, args);
    va_end(args);
    output->remedy = remedy;
    return false;
}

static bool put(struct output *output, const char *text, size_t length)
{
    if (length > VARIABLES_TEXT_MAX - output->length)
        return fail(output, NULL, "longer than 64 KiB");
    memcpy(output->text + output->length, text, length);
    output->length += length;
    return true;
}

/* Letters, digits and '_', as a shell has them. */
static size_t name_length(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char later[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return *text && strchr(letters, *text) ? strspn(text, later) : 0;
}

/* "${...}" at *text, which moves behind it. */
static bool put_variable(struct output *output, const char **text)
{
    const char *begin = *text + 2, *close = strchr(begin, '}');
    size_t length = name_length(begin);
    const char *rest = begin + length;
    bool has_default = strncmp(rest, ":-", 2) == 0;
    if (!close || length == 0 || length > NAME_LENGTH_MAX || (rest != close && !has_default))
        return fail(output, "write $$ for a '$' that is meant as one",
                    "a variable is written ${NAME} or ${NAME:-default}");
    char name[NAME_LENGTH_MAX + 1];
    memcpy(name, begin, length);
    name[length] = '\0';
    *text = close + 1;
    const char *value = output->lookup(output->owner, name);
    if (has_default && (!value || *value == '\0'))
        return put(output, rest + 2, (size_t)(close - rest - 2));
    if (!value)
        return fail(output, "set it, or write ${NAME:-default}", "the environment has no %s", name);
    return put(output, value, strlen(value));
}

static bool expand(struct output *output, const char *text)
{
    bool ok = true;
    while (*text && ok) {
        size_t plain = strcspn(text, "$");
        bool escape = text[plain] == '$' && text[plain + 1] == '$';
        bool variable = text[plain] == '$' && text[plain + 1] == '{';
        if (text[plain] == '$' && !variable)
            plain++;
        ok = put(output, text, plain);
        text += plain + escape;
        if (variable && ok)
            ok = put_variable(output, &text);
    }
    return ok;
}

char *variables_expand(const char *text, variables_lookup lookup, void *owner, char *why,
                       size_t why_size, const char **remedy)
{
    bool plain = !strchr(text, '$');
    struct output output = {.lookup = lookup,
                            .owner = owner,
                            .why = why,
                            .why_size = why_size,
                            .text = plain ? strdup(text) : calloc(1, VARIABLES_TEXT_MAX + 1)};
    if (!output.text) {
        fail(&output, NULL, "out of memory");
    } else if (plain || expand(&output, text)) {
        return output.text;
    } else {
        explicit_bzero(output.text, output.length);
        free(output.text);
    }
    *remedy = output.remedy;
    return NULL;
}

bool variables_is_one(const char *text)
{
    if (strncmp(text, "${", 2) != 0)
        return false;
    size_t length = name_length(text + 2);
    return length > 0 && strcmp(text + 2 + length, "}") == 0;
}

char *variables_escape(const char *text)
{
    size_t length = strlen(text);
    char *escaped = calloc(1, 2 * length + 1), *end = escaped;
    for (size_t i = 0; escaped && i < length; i++) {
        if (text[i] == '$')
            *end++ = '$';
        *end++ = text[i];
    }
    return escaped;
}
