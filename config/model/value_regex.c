#include "config/model/value_regex.h"

#include <ctype.h>

enum { DIGITS_MAX = 20 }; /* of UINT64_MAX */

/* A character of a host, without a colon: is_host_form in value.c. */
#define HOST_CHARACTER "([!\"$-.0-9;->A-Z\\\\^-~]|[^\x01-\x7f])"
#define IPV6           "[0-9A-Fa-f]*:[0-9A-Fa-f:.]+"
#define HOST           "(" HOST_CHARACTER "+|" IPV6 "(%(" HOST_CHARACTER "|:)*)?)"
#define HOST_OR_NONE   "(" HOST "|\\[" HOST "?\\])"

/* ws_url_is_target */
#define TARGET_CHARACTER "([!$&-;=?-[_a-z{}~]|\\]|%[0-9A-Fa-f]{2})"

#define OCTET "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define IPV4  OCTET "(\\." OCTET "){3}"

/* ---- numbers ---- */

static void put_digit(struct text *regex, char from, char to)
{
    text_add_format(regex, from == to ? "%c" : "[%c-%c]", from, to);
}

static void put_any(struct text *regex, size_t count)
{
    if (count > 0)
        text_add_format(regex, count == 1 ? "[0-9]" : "[0-9]{%zu}", count);
}

/* Numbers of `count` digits from `low` to `high`, which begin with as many; NULL: no bound. */
static void put_span(struct text *regex, const char *low, const char *high, size_t count)
{
    if (low && strspn(low, "0") >= count)
        low = NULL;
    if (high && strspn(high, "9") == count)
        high = NULL;
    if (!low && !high) {
        put_any(regex, count);
        return;
    }
    char first = low ? *low : '0', last = high ? *high : '9';
    if (first == last) {
        put_digit(regex, first, first);
        put_span(regex, low ? low + 1 : NULL, high ? high + 1 : NULL, count - 1);
        return;
    }
    bool cut_low = low && strspn(low + 1, "0") < count - 1;
    bool cut_high = high && strspn(high + 1, "9") != count - 1;
    bool whole = first + cut_low <= last - cut_high; /* first digits that any others may follow */
    bool several = cut_low + cut_high + whole > 1;
    text_add_string(regex, several ? "(" : "");
    if (cut_low) {
        put_digit(regex, first, first);
        put_span(regex, low + 1, NULL, count - 1);
    }
    if (whole) {
        text_add_string(regex, cut_low ? "|" : "");
        put_digit(regex, (char)(first + cut_low), (char)(last - cut_high));
        put_any(regex, count - 1);
    }
    if (cut_high) {
        text_add_format(regex, "|%c", last);
        put_span(regex, NULL, high + 1, count - 1);
    }
    text_add_string(regex, several ? ")" : "");
}

static void put_numbers(struct text *regex, uint64_t min, uint64_t max)
{
    char low[DIGITS_MAX + 1], high[DIGITS_MAX + 1], power[DIGITS_MAX + 1];
    size_t least = (size_t)snprintf(low, sizeof(low), "%llu", (unsigned long long)min);
    size_t most = (size_t)snprintf(high, sizeof(high), "%llu", (unsigned long long)max);
    memset(power, '0', DIGITS_MAX);
    power[0] = '1'; /* with at least `count` digits */
    power[DIGITS_MAX] = '\0';
    text_add_string(regex, "0*(");
    for (size_t count = least; count <= most; count++) {
        text_add_string(regex, count == least ? "" : "|");
        put_span(regex, count == least ? low : power, count == most ? high : NULL, count);
    }
    text_add_byte(regex, ')');
}

/* "[Mm][Ss]" */
static void put_unit(struct text *regex, const struct value_unit *unit)
{
    for (const char *p = unit->name; *p; p++)
        text_add_format(regex, "[%c%c]", toupper((unsigned char)*p), tolower((unsigned char)*p));
}

static void put_with_units(const struct value_spec *spec, struct text *regex)
{
    uint64_t bare;
    const struct value_unit *units = value_units(spec->type, &bare);
    const char *bar = "";
    for (const struct value_unit *unit = units; unit->name; unit++) {
        uint64_t min = spec->min / unit->factor + (spec->min % unit->factor != 0);
        if (min > spec->max / unit->factor)
            continue;
        text_add_string(regex, bar);
        put_numbers(regex, min, spec->max / unit->factor);
        text_add_byte(regex, '(');
        put_unit(regex, unit);
        text_add_string(regex, unit->factor == bare ? ")?" : ")");
        bar = "|";
    }
    if (!spec->zero)
        return;
    text_add_string(regex, "|0+(");
    for (const struct value_unit *unit = units; unit->name; unit++) {
        put_unit(regex, unit);
        text_add_string(regex, unit[1].name ? "|" : ")?");
    }
}

static void put_count(const struct value_spec *spec, struct text *regex)
{
    put_numbers(regex, spec->min, spec->max);
    if (spec->zero)
        text_add_string(regex, "|0+");
}

/* "round[-_]robin|first" */
static void put_names(const struct value_spec *spec, struct text *regex)
{
    const char *bar = "";
    for (const struct value_name *name = value_names(spec); name->name; name++) {
        text_add_string(regex, bar);
        if (!name->alias && strcmp(name->name, "off") == 0)
            text_add_string(regex, "false|");
        for (const char *p = name->name; *p; p++) {
            if (*p == '_')
                text_add_string(regex, "[-_]");
            else
                text_add_format(regex, *p == '.' ? "\\%c" : "%c", *p);
        }
        bar = "|";
    }
}

/* ---- addresses ---- */

/* Of ports and sockets, the expression checks less than value_parse. */
static void put_ws(struct text *regex)
{
    text_add_string(regex, "|wss?://" HOST_OR_NONE "(:[0-9]{1,5})?(/" TARGET_CHARACTER "*)?");
    text_add_string(regex, "|wss?[+]unix:[/@].*");
}

static void put_address(bool listen, bool bare, struct text *regex)
{
    if (listen)
        text_add_string(regex, "((" HOST_OR_NONE ")?:)?");
    else
        text_add_string(regex,
                        bare ? "(tcp://)?" HOST_OR_NONE ":" : "((tcp|tls)://)?" HOST_OR_NONE ":");
    put_numbers(regex, listen ? 0 : 1, UINT16_MAX);
    text_add_string(regex, listen ? "|fd:[0-9]+" : "");
    text_add_string(regex, "|unix:([^@]|@.).{0,106}");
    if (!listen && !bare)
        put_ws(regex);
}

static void put_cidr(struct text *regex)
{
    text_add_string(regex, IPV4 "(/");
    put_numbers(regex, 0, 32);
    text_add_string(regex, ")?|" IPV6 "(/");
    put_numbers(regex, 0, 128);
    text_add_string(regex, ")?");
}

void value_regex_put(const struct value_spec *spec, struct text *regex)
{
    switch (spec->type) {
    case VALUE_BOOL:
    case VALUE_ENUM:
        put_names(spec, regex);
        break;
    case VALUE_COUNT:
        put_count(spec, regex);
        break;
    case VALUE_DURATION:
    case VALUE_SIZE:
        put_with_units(spec, regex);
        break;
    case VALUE_MODE:
        text_add_string(regex, "(0[Oo])?[0-7]+");
        break;
    case VALUE_TEXT:
        text_add_string(regex, spec->form ? spec->form->regex : spec->may_be_empty ? ".*" : ".+");
        break;
    case VALUE_PATH:
        text_add_string(regex, ".+");
        break;
    case VALUE_LISTEN:
    case VALUE_TARGET:
        put_address(spec->type == VALUE_LISTEN, spec->bare, regex);
        break;
    case VALUE_CIDR:
        put_cidr(regex);
        break;
    }
}
