#include "run/ticket/ticket_show.h"

#include <time.h>

#include "base/text/utf8.h"
#include "codec/b64.h"
#include "core/ticket/ticket_jws.h"

struct part {
    char text[TICKET_JWS_PAYLOAD_MAX + 1];
    size_t length;
};

/* JSON may hold escapes for control characters, and none of these themselves. */
static bool is_printable(const struct part *part)
{
    for (size_t i = 0; i < part->length; i++)
        if ((uint8_t)part->text[i] < ' ' && !strchr("\t\r\n", part->text[i]))
            return false;
    return strlen(part->text) == part->length &&
           utf8_is_valid((struct slice){part->text, part->length});
}

static bool decode(struct slice encoded, struct part *part, char *error, size_t error_size)
{
    long length = b64_url_decode((uint8_t *)part->text, TICKET_JWS_PAYLOAD_MAX, encoded);
    part->length = length < 0 ? 0 : (size_t)length;
    part->text[part->length] = '\0';
    if (length >= 0 && is_printable(part))
        return true;
    snprintf(error, error_size, "%s", ticket_verdict_phrase(TICKET_MALFORMED));
    return false;
}

/* "1h 2m", "3d 4h": the two largest units. */
static void print_span(uint64_t seconds, char *text, size_t size)
{
    static const struct {
        char name;
        uint64_t seconds;
    } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    size_t i = 0;
    while (i + 1 < WSL_COUNT(units) && seconds < units[i].seconds)
        i++;
    uint64_t count = seconds / units[i].seconds, rest = seconds % units[i].seconds;
    if (i + 1 < WSL_COUNT(units) && rest / units[i + 1].seconds > 0)
        snprintf(text, size, "%llu%c %llu%c", (unsigned long long)count, units[i].name,
                 (unsigned long long)(rest / units[i + 1].seconds), units[i + 1].name);
    else
        snprintf(text, size, "%llu%c", (unsigned long long)count, units[i].name);
}

static void print_time(const struct json_value *claims, const char *claim, const char *title,
                       int64_t now, FILE *out)
{
    double seconds;
    char date[32], span[64];
    struct tm parts;
    if (!json_value_number(json_value_member(claims, claim), &seconds) ||
        !(seconds >= 0 && seconds < 2.5e11)) /* the year 9892 */
        return;
    time_t at = (time_t)seconds;
    if (!gmtime_r(&at, &parts) || !strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &parts))
        return;
    int64_t distance = (int64_t)at - now;
    print_span((uint64_t)(distance < 0 ? -distance : distance), span, sizeof(span));
    if (distance == 0)
        fprintf(out, "%s: %s, now\n", title, date);
    else
        fprintf(out, "%s: %s, %s%s%s\n", title, date, distance < 0 ? "" : "in ", span,
                distance < 0 ? " ago" : "");
}

/* The parts of a token of any algorithm: "none" is shown as well. */
static bool split(struct slice token, struct slice *header, struct slice *payload, char *error,
                  size_t error_size)
{
    struct slice rest = token;
    if (token.len <= TICKET_JWS_MAX && slice_cut_to(&rest, '.', header) &&
        slice_cut_to(&rest, '.', payload))
        return true;
    snprintf(error, error_size, "%s", ticket_verdict_phrase(TICKET_MALFORMED));
    return false;
}

bool ticket_show_claims(struct slice token, FILE *out, char *error, size_t error_size)
{
    struct slice header, payload;
    struct part part;
    if (!split(token, &header, &payload, error, error_size) ||
        !decode(payload, &part, error, error_size))
        return false;
    fprintf(out, "%s\n", part.text);
    return true;
}

bool ticket_show_print(struct slice token, int64_t now, FILE *out, char *error, size_t error_size)
{
    struct slice header, payload;
    struct part part;
    const char *fault;
    if (!split(token, &header, &payload, error, error_size) ||
        !decode(header, &part, error, error_size))
        return false;
    fprintf(out, "header: %s\n", part.text);
    if (!decode(payload, &part, error, error_size))
        return false;
    fprintf(out, "claims: %s\n", part.text);
    struct json_value *claims =
        json_value_parse((struct slice){part.text, part.length}, JSON_VALUE_DEPTH, &fault);
    print_time(claims, "iat", "issued", now, out);
    print_time(claims, "nbf", "valid from", now, out);
    print_time(claims, "exp", "expires", now, out);
    if (!claims)
        fprintf(out, "The claims cannot be used: %s.\n", fault);
    json_value_free(claims);
    fputs("The signature was not verified: wsluice ticket verify does that.\n", out);
    return true;
}
