#include "core/ticket/ticket_find.h"

#include "codec/http/http_char.h"

/* The credentials of the scheme Bearer; ptr NULL: none. A head has one such field at most. */
static struct slice bearer_of(const struct http_head *head)
{
    const struct slice none = {0};
    unsigned count;
    const struct http_field *field = http_head_only(head, SLICE("authorization"), &count);
    struct slice rest = field ? field->value : none, scheme;
    if (!slice_cut_to(&rest, ' ', &scheme) || !slice_equal_nocase(scheme, SLICE("bearer")))
        return none;
    return http_char_trim(rest);
}

static enum token_find_verdict in_header(const struct http_head *head, char *out,
                                         struct slice *ticket)
{
    struct slice bearer = bearer_of(head);
    if (bearer.len == 0)
        return TOKEN_FIND_NONE;
    if (bearer.len > TOKEN_MAX)
        return TOKEN_FIND_LONG;
    memcpy(out, bearer.ptr, bearer.len);
    *ticket = (struct slice){out, bearer.len};
    return TOKEN_FIND_FOUND;
}

enum token_find_verdict ticket_find_in(const struct config_texts *places,
                                       const struct http_head *head, char out[static TOKEN_MAX],
                                       struct slice *ticket)
{
    const struct token_request request = {.head = head};
    enum token_find_verdict verdict = TOKEN_FIND_NONE;
    for (size_t i = 0; i < places->count && verdict == TOKEN_FIND_NONE; i++)
        verdict = strcmp(places->items[i], "header") == 0
                      ? in_header(head, out, ticket)
                      : token_find_in(places->items[i], &request, out, ticket);
    return verdict;
}

unsigned ticket_find_parts(const struct config_auth_set *auth)
{
    unsigned parts = 0;
    for (size_t i = 0; i < auth->count; i++)
        if (config_auth_method(&auth->methods[i]) == CONFIG_AUTH_TICKET)
            parts |= token_find_all_parts(&auth->methods[i].ticket.from);
    return parts;
}
