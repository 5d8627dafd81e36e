#include "serve/auth/auth_certificate.h"

#include "core/auth/certificate_name.h"
#include "net/tls/context/tls_facts.h"
#include "net/tls/tls_peer.h"
#include "net/tls/trust/tls_pins.h"

struct auth_certificate {
    struct auth_method base;
    const struct config_auth_certificate *config;
};

/* One certificate's names, as they are visited. */
struct look {
    const struct config_texts *wanted; /* none: any name names the user */
    struct auth_answer *answer;
    bool found, fits;
};

static bool is_wanted(const struct config_texts *wanted, struct slice name)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (certificate_name_matches(slice_of(wanted->items[i]), name))
            return true;
    return wanted->count == 0;
}

static bool take_name(void *context, struct slice name)
{
    struct look *look = context;
    if (!is_wanted(look->wanted, name))
        return true;
    look->found = true;
    look->fits = auth_set_user(look->answer, name);
    return false;
}

static enum auth_outcome refuse(struct auth_answer *answer, const char *why)
{
    answer->user[0] = '\0';
    snprintf(answer->detail, sizeof(answer->detail), "%s", why);
    return auth_fail(answer, REASON_auth_refused);
}

static enum auth_outcome ask(struct auth_method *method, const struct auth_question *question,
                             struct auth_waiter *waiter, struct auth_answer *answer)
{
    const struct config_auth_certificate *config =
        WSL_CONTAINER(method, struct auth_certificate, base)->config;
    struct look look = {.wanted = &config->names, .answer = answer};
    (void)waiter;
    if (!question->tls || !question->tls->peer)
        return refuse(answer, "the client has no certificate");
    if (!question->tls->verified)
        return refuse(answer, "the client's certificate is not verified");
    if (config->pins.count > 0 && !tls_pins_has(&config->pins, question->tls->peer))
        return refuse(answer, "the key of the client's certificate is not one of the pinned keys");
    tls_peer_names(question->tls->peer, take_name, &look);
    if (config->names.count > 0 && !look.found)
        return refuse(answer, "the client's certificate has none of names");
    return !look.found || look.fits ? AUTH_PASSED : refuse(answer, "the name is too long");
}

static void release(struct auth_method *method)
{
    free(WSL_CONTAINER(method, struct auth_certificate, base));
}

struct auth_method *auth_certificate_create(const struct config_auth_certificate *config)
{
    static const struct auth_method_ops ops = {.ask = ask, .release = release};
    struct auth_certificate *certificate = calloc(1, sizeof(*certificate));
    if (!certificate)
        return NULL;
    certificate->base.ops = &ops;
    certificate->config = config;
    return &certificate->base;
}
