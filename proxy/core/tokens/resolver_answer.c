#include "core/tokens/resolver_answer.h"

#include "base/ascii.h"
#include "codec/b64.h"
#include "codec/json_value.h"
#include "config/model/value.h"

#define DURATION_MOST VALUE_DAYS(30)
#define EXPIRES_MOST  INT64_C(253402300799) /* the year 9999 */

/* ---- texts ---- */

/* Copies a text without control characters, with its NUL. */
static bool take_text(const struct json_value *value, char *out, size_t size)
{
    struct slice text;
    if (!json_value_text(value, &text) || text.len == 0 || text.len >= size ||
        ascii_has_control(text))
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

static const char *read_user(const struct json_value *value, struct resolver_answer *answer)
{
    return take_text(value, answer->user, sizeof(answer->user)) ? NULL : "has no valid user";
}

/* A plain file name: letters, digits, '-', '_' and '.', which does not come first. */
static const char *read_record(const struct json_value *value, struct resolver_answer *answer)
{
    bool valid = take_text(value, answer->record, sizeof(answer->record));
    for (const char *c = answer->record; valid && *c; c++)
        valid = ascii_is_alphanumeric(*c) || strchr("-_.", *c);
    return valid && answer->record[0] != '.' ? NULL : "has no valid record";
}

static const char *read_preamble(const struct json_value *value, struct resolver_answer *answer)
{
    struct slice text;
    long length = json_value_text(value, &text)
                      ? b64_decode(answer->preamble, sizeof(answer->preamble), text)
                      : -1;
    if (length < 0)
        return "has a preamble that is not base64, or too long";
    answer->preamble_length = (size_t)length;
    return NULL;
}

/* ---- numbers ---- */

static const char *read_expires(const struct json_value *value, struct resolver_answer *answer)
{
    return json_value_integer(value, 1, EXPIRES_MOST, &answer->expires)
               ? NULL
               : "has an expires that is not a Unix time";
}

static bool read_duration(const struct json_value *value, uint32_t *milliseconds)
{
    static const struct value_spec spec = {
        .type = VALUE_DURATION, .min = VALUE_SECONDS(1), .max = DURATION_MOST};
    char text[32], why[128];
    int64_t seconds;
    struct value parsed;
    if (json_value_integer(value, 1, DURATION_MOST / 1000, &seconds))
        snprintf(text, sizeof(text), "%lld", (long long)seconds);
    else if (!take_text(value, text, sizeof(text)))
        return false;
    if (value_parse(&spec, text, &parsed, why, sizeof(why)) != VALUE_OK)
        return false;
    *milliseconds = (uint32_t)parsed.number;
    return true;
}

static const char *read_max_duration(const struct json_value *value, struct resolver_answer *answer)
{
    return read_duration(value, &answer->max_duration_ms) ? NULL : "has no valid max_duration";
}

static const char *read_idle_timeout(const struct json_value *value, struct resolver_answer *answer)
{
    return read_duration(value, &answer->idle_timeout_ms) ? NULL : "has no valid idle_timeout";
}

/* ---- TLS and the target ---- */

static bool is_host_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!ascii_is_alphanumeric(*c) && !strchr("-._:", *c))
            return false;
    return true;
}

static const char *read_tls(const struct json_value *value, struct resolver_answer *answer)
{
    void *cursor = NULL;
    const char *name;
    const struct json_value *member;
    bool wanted = true;
    if (json_value_type(value) != JSON_VALUE_OBJECT && !json_value_bool(value, &wanted))
        return "has a tls that is neither true, false nor an object";
    if (!wanted && answer->tls == RESOLVER_TLS_ON)
        return "has a tls:// target without tls";
    answer->tls = wanted ? RESOLVER_TLS_ON : RESOLVER_TLS_OFF;
    while (json_value_next(value, &cursor, &name, &member)) {
        if (strcmp(name, "server_name") != 0)
            return "has an unknown member in tls";
        if (!take_text(member, answer->server_name, sizeof(answer->server_name)) ||
            !is_host_name(answer->server_name))
            return "has no valid server_name";
    }
    return NULL;
}

static const char *parse_target(struct resolver_answer *answer, struct slice text)
{
    if (slice_cut_prefix(&text, SLICE("tls://")))
        answer->tls = RESOLVER_TLS_ON;
    else
        (void)slice_cut_prefix(&text, SLICE("tcp://"));
    return token_file_target(text, &answer->target) ? "has no valid target" : NULL;
}

static const char *read_target(const struct json_value *value, struct resolver_answer *answer)
{
    if (!take_text(value, answer->text, sizeof(answer->text)))
        return "has no valid target";
    return parse_target(answer, slice_of(answer->text));
}

/* "unix_socket" is a host of websockify, whose port is the path. */
static const char *read_host(const struct json_value *object, struct resolver_answer *answer)
{
    const struct json_value *port = json_value_member(object, "port");
    const struct json_value *whole = json_value_member(object, "host");
    char host[RESOLVER_ANSWER_TEXT / 2], text[RESOLVER_ANSWER_TEXT / 4];
    int64_t number;
    if (json_value_type(port) == JSON_VALUE_NONE &&
        take_text(whole, answer->text, sizeof(answer->text)) &&
        !token_file_target(slice_of(answer->text), &answer->target))
        return NULL;
    if (json_value_integer(port, 1, UINT16_MAX, &number))
        snprintf(text, sizeof(text), "%u", (unsigned)number);
    else if (!take_text(port, text, sizeof(text)))
        return "has no valid port";
    if (!take_text(whole, host, sizeof(host)) || strchr(host, '/'))
        return "has no valid host";
    snprintf(answer->text, sizeof(answer->text), "%s:%s", host, text);
    return token_file_target(slice_of(answer->text), &answer->target) ? "has no valid host and port"
                                                                      : NULL;
}

/* ---- the whole ---- */

/* The target comes first: tls:// and `tls` must agree. */
static const struct {
    const char *name;
    const char *(*read)(const struct json_value *value, struct resolver_answer *answer);
} members[] = {
    {"target", read_target},
    {"tls", read_tls},
    {"preamble", read_preamble},
    {"user", read_user},
    {"expires", read_expires},
    {"max_duration", read_max_duration},
    {"idle_timeout", read_idle_timeout},
    {"record", read_record},
};

static bool is_known(const char *name)
{
    for (size_t i = 0; i < WSL_COUNT(members); i++)
        if (strcmp(members[i].name, name) == 0)
            return true;
    return false;
}

static const char *check_names(const struct json_value *object)
{
    void *cursor = NULL;
    const char *name;
    const struct json_value *member;
    while (json_value_next(object, &cursor, &name, &member)) {
        if (strcmp(name, "host") == 0 || strcmp(name, "port") == 0)
            return "has both target and host or port";
        if (!is_known(name))
            return "has an unknown member";
    }
    return NULL;
}

const char *resolver_answer_read(const struct json_value *object, struct resolver_answer *answer)
{
    const char *fault;
    memset(answer, 0, sizeof(*answer));
    if (json_value_type(object) != JSON_VALUE_OBJECT)
        return "is no JSON object";
    fault = json_value_member(object, "target") ? check_names(object) : read_host(object, answer);
    for (size_t i = 0; !fault && i < WSL_COUNT(members); i++) {
        const struct json_value *value = json_value_member(object, members[i].name);
        if (json_value_type(value) != JSON_VALUE_NONE)
            fault = members[i].read(value, answer);
    }
    if (!fault && answer->target.is_unix && answer->tls == RESOLVER_TLS_ON &&
        answer->server_name[0] == '\0')
        return "has tls for a Unix socket without a server_name";
    return fault;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char *resolver_answer_parse_target(struct slice text, struct resolver_answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    if (text.len == 0 || text.len >= sizeof(answer->text))
        return text.len == 0 ? "is empty" : "is no target";
    for (size_t i = 0; i < text.len; i++)
        if ((uint8_t)text.ptr[i] < ' ' || (uint8_t)text.ptr[i] >= 0x7F)
            return "is no target";
    memcpy(answer->text, text.ptr, text.len);
    return parse_target(answer, (struct slice){answer->text, text.len}) ? "is no target" : NULL;
}

const char *resolver_answer_parse(struct slice body, struct resolver_answer *answer)
{
    while (body.len > 0 && is_space(body.ptr[0]))
        body = slice_from(body, 1);
    while (body.len > 0 && is_space(body.ptr[body.len - 1]))
        body.len--;
    if (body.len == 0 || body.ptr[0] != '{')
        return resolver_answer_parse_target(body, answer);
    const char *fault;
    struct json_value *document = json_value_parse(body, JSON_VALUE_DEPTH, &fault);
    if (!document)
        return JSON_VALUE_IS_BUILT_IN ? "is no valid JSON" : JSON_VALUE_LIBRARY;
    fault = resolver_answer_read(document, answer);
    json_value_wipe(document);
    json_value_free(document);
    return fault;
}
