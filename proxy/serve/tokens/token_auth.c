#include "serve/tokens/token_auth.h"

#include "serve/tokens/token_answer.h"

static bool find(struct token_source *source, const struct token_question *question,
                 struct token_wait *wait, enum reason *reason)
{
    (void)source;
    *reason = token_answer_take_target(question->token, "auth", wait->destination);
    wait->destination->chosen_by = question->chosen_by;
    return true;
}

static bool describe(struct token_source *source, char *text, size_t size)
{
    (void)source;
    snprintf(text, size, "tokens: the targets that auth names");
    return true;
}

static void release(struct token_source *source)
{
    free(source);
}

static const struct token_source_ops ops = {release, find, NULL, describe};

struct token_source *token_auth_create(char *error, size_t error_size)
{
    struct token_source *source = malloc(sizeof(*source));
    if (source)
        *source = (struct token_source){.ops = &ops};
    else
        snprintf(error, error_size, "out of memory");
    return source;
}
