/*
 * A body that is taken has values without NUL, in UTF-8, of the size that fits. Encoded again, with
 * every byte escaped, it is read as the same.
 */
#include "codec/web/form.h"

#include "base/text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VALUE_MAX 64

struct form {
    struct form_field fields[2];
    char user[VALUE_MAX], password[VALUE_MAX];
};

static bool read_form(struct form *form, struct slice body)
{
    form->fields[0] =
        (struct form_field){.name = SLICE("user"), .out = form->user, .capacity = VALUE_MAX};
    form->fields[1] = (struct form_field){
        .name = SLICE("password"), .out = form->password, .capacity = VALUE_MAX};
    return form_read(body, form->fields, 2);
}

static void check_field(const struct form_field *field)
{
    wsl_assert(field->length < field->capacity && strlen(field->out) == field->length);
    wsl_assert(utf8_is_valid((struct slice){field->out, field->length}));
    wsl_assert(field->found || field->length == 0);
}

static size_t encode(char *out, const char *name, const struct form_field *field)
{
    if (!field->found)
        return 0;
    size_t length = (size_t)snprintf(out, 32, "&%s=", name);
    for (size_t i = 0; i < field->length; i++)
        length += (size_t)snprintf(out + length, 4, "%%%02X", (uint8_t)field->out[i]);
    return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct form form, again;
    if (!read_form(&form, (struct slice){(const char *)data, size})) {
        wsl_assert(!form.fields[0].found && !form.fields[1].found);
        for (size_t i = 0; i < VALUE_MAX; i++)
            wsl_assert(form.user[i] == '\0' && form.password[i] == '\0');
        return 0;
    }
    check_field(&form.fields[0]);
    check_field(&form.fields[1]);
    char body[2 * (16 + 3 * VALUE_MAX)];
    size_t length = encode(body, "user", &form.fields[0]);
    length += encode(body + length, "p%61ssword", &form.fields[1]);
    wsl_assert(read_form(&again, (struct slice){body, length}));
    for (size_t i = 0; i < 2; i++) {
        wsl_assert(again.fields[i].found == form.fields[i].found);
        wsl_assert(again.fields[i].length == form.fields[i].length);
        wsl_assert(memcmp(again.fields[i].out, form.fields[i].out, form.fields[i].length) == 0);
    }
    return 0;
}
