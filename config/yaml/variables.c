#include "config/yaml/variables.h"

#include <stdarg.h>

#include "base/ascii.h"
#include "base/text/text.h"

enum { NAME_LENGTH_MAX = 100 };

struct output {
    struct text text;
    variables_lookup lookup;
    void *owner;
    char *why; /* the error, and what to do about it */
    size_t why_size;
    const char *remedy;
};

WSL_PRINTF(3, 4)
static bool fail(struct output *output, const char *remedy, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(output->why, output->why_size, format, args);
    va_end(args);
    output->remedy = remedy;
    return false;
}

static bool put(struct output *output, struct slice bytes)
{
    if (bytes.len > VARIABLES_TEXT_MAX - output->text.length)
        return fail(output, NULL, "longer than 64 KiB");
    text_add(&output->text, bytes);
    return true;
}

/* Letters, digits and '_', as a shell has them. */
static size_t name_length(const char *text)
{
    size_t length = 0;
    while (ascii_is_letter(text[length]) || text[length] == '_' ||
           (length > 0 && ascii_is_digit(text[length])))
        length++;
    return length;
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
        return put(output, (struct slice){rest + 2, (size_t)(close - rest - 2)});
    if (!value)
        return fail(output, "set it, or write ${NAME:-default}", "the environment has no %s", name);
    return put(output, slice_of(value));
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
        ok = put(output, (struct slice){text, plain});
        text += plain + escape;
        if (variable && ok)
            ok = put_variable(output, &text);
    }
    return ok;
}

char *variables_expand(const char *text, variables_lookup lookup, void *owner, char *why,
                       size_t why_size, const char **remedy)
{
    struct output output = {.lookup = lookup, .owner = owner, .why = why, .why_size = why_size};
    size_t length, room = strchr(text, '$') ? VARIABLES_TEXT_MAX : strlen(text);
    /* All at once: a text that grows would leave copies of a secret behind. */
    bool ready = text_reserve(&output.text, room) != NULL;
    if (!ready)
        fail(&output, NULL, "out of memory");
    if (ready && expand(&output, text))
        return text_take(&output.text, &length);
    if (ready)
        explicit_bzero(output.text.bytes, output.text.length);
    text_free(&output.text);
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
