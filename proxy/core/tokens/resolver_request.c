#include "core/tokens/resolver_request.h"

bool resolver_request_write(const struct resolver_request *request, const char *template,
                            struct text *target, struct text *fields)
{
    static const char place[] = "{token}";
    const char *found = strstr(template, place);
    if (request->token.len == 0 || slice_equal(request->token, SLICE(".")) ||
        slice_equal(request->token, SLICE("..")))
        return false;
    wsl_assert(found);
    text_add(target, (struct slice){template, (size_t)(found - template)});
    text_add_escaped(target, request->token);
    text_add_string(target, found + sizeof(place) - 1);

    client_facts_add(fields, "Accept", SLICE("application/json, text/plain"));
    client_facts_add(fields, "User-Agent", SLICE("wsluice"));
    client_facts_write(fields, &request->client);
    client_facts_copy(fields, request->client.head, "Origin");
    if (request->user.ptr)
        client_facts_add(fields, "Remote-User", request->user);
    return true;
}
