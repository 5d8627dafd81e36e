#include "core/tokens/token_destination.h"

#include "base/text/secret.h"
#include "core/tokens/resolver_answer.h"

void token_destination_set(struct token_destination *destination, bool is_unix, struct slice host,
                           uint16_t port)
{
    wsl_assert(host.len < sizeof(destination->text));
    memcpy(destination->text, host.ptr, host.len);
    destination->text[host.len] = '\0';
    destination->address = (struct config_address){
        .kind = is_unix ? CONFIG_ADDRESS_UNIX : CONFIG_ADDRESS_TCP,
        .host = is_unix ? NULL : destination->text,
        .path = is_unix ? destination->text : NULL,
        .port = port,
    };
    destination->shown = destination->chosen_by = NULL;
    destination->no_link = false;
}

void token_destination_clear(struct token_destination *destination)
{
    secret_free(destination->answer, sizeof(*destination->answer));
    destination->answer = NULL;
}

void token_destination_free(struct token_destination *destination)
{
    if (!destination)
        return;
    token_destination_clear(destination);
    explicit_bzero(destination->text, sizeof(destination->text)); /* a socket's may be its token */
    free(destination);
}
