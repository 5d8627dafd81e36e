#include "core/ticket/ticket_jws.h"

#include "codec/b64.h"

static enum ticket_verdict read_kid(const struct json_value *header, struct ticket_jws *jws)
{
    struct slice kid;
    const struct json_value *member = json_value_member(header, "kid");
    if (!member)
        return TICKET_VALID;
    if (!json_value_text(member, &kid))
        return TICKET_HEADER;
    if (kid.len > sizeof(jws->kid_text))
        return TICKET_KEY;
    if (kid.len > 0)
        memcpy(jws->kid_text, kid.ptr, kid.len);
    jws->kid = (struct slice){jws->kid_text, kid.len};
    return TICKET_VALID;
}

static enum ticket_verdict read_members(const struct json_value *header, struct ticket_jws *jws)
{
    struct slice alg;
    if (json_value_type(header) != JSON_VALUE_OBJECT ||
        !json_value_text(json_value_member(header, "alg"), &alg))
        return TICKET_HEADER;
    if (json_value_member(header, "crit"))
        return TICKET_CRITICAL;
    jws->alg = ticket_alg_find(alg);
    return jws->alg ? read_kid(header, jws) : TICKET_ALGORITHM;
}

static enum ticket_verdict read_header(struct ticket_jws *jws)
{
    char text[TICKET_JWS_HEADER_MAX];
    const char *fault;
    long length = b64_url_decode((uint8_t *)text, sizeof(text), jws->header);
    if (length < 0)
        return TICKET_MALFORMED;
    struct json_value *header =
        json_value_parse((struct slice){text, (size_t)length}, JSON_VALUE_DEPTH, &fault);
    if (!header)
        return TICKET_HEADER;
    enum ticket_verdict verdict = read_members(header, jws);
    json_value_free(header);
    return verdict;
}

enum ticket_verdict ticket_jws_read(struct slice token, struct ticket_jws *jws)
{
    struct slice rest = token;
    jws->kid = (struct slice){0};
    if (token.len > TICKET_JWS_MAX || !slice_cut_to(&rest, '.', &jws->header) ||
        !slice_cut_to(&rest, '.', &jws->payload))
        return TICKET_MALFORMED;
    jws->signed_part = (struct slice){token.ptr, jws->header.len + 1 + jws->payload.len};
    enum ticket_verdict verdict = read_header(jws);
    if (verdict != TICKET_VALID)
        return verdict;
    /* Another dot is no base64url. */
    long length = b64_url_decode(jws->signature, sizeof(jws->signature), rest);
    if (length <= 0)
        return TICKET_MALFORMED;
    jws->signature_length = (size_t)length;
    return TICKET_VALID;
}
