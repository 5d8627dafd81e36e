#include "config/model/value.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/model/cidr.h"
#include "config/model/ws_url.h"

enum {
    PRINTED_MAX = 24,
    UNIX_PATH_MAX = 107, /* sun_path without its NUL; an abstract name's '@' stands for one byte */
    PORT_MAX = 65535,
    FD_MAX = 65535,
};

static const char unix_prefix[] = "unix:", fd_prefix[] = "fd:";
static const char tcp_scheme[] = "tcp://", tls_scheme[] = "tls://"; /* of one length */

/* Largest first: print_number takes the first one that divides. */
static const struct value_unit duration_units[] = {
    {"d", UINT64_C(86400000)}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0},
};
static const struct value_unit size_units[] = {
    {"GiB", UINT64_C(1) << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {NULL, 0},
};
static const struct value_unit no_units[] = {{NULL, 0}};

static const enum value_verdict cidr_verdicts[] = {
    [CIDR_OK] = VALUE_OK,
    [CIDR_MALFORMED] = VALUE_MALFORMED,
    [CIDR_OUT_OF_RANGE] = VALUE_OUT_OF_RANGE,
};

static const struct value_name bool_names[] = {
    {"false", 0, false}, {"true", 1, false}, {"off", 0, true}, {"on", 1, true},
    {"no", 0, true},     {"yes", 1, true},   {NULL, 0, false},
};

/* Digits at the front of *text, which moves behind them. False: none, or more than 64 bits. */
static bool take_digits(const char **text, unsigned base, uint64_t *number)
{
    const char *p = *text;
    uint64_t sum = 0;
    for (; *p >= '0' && *p < (char)('0' + base); p++)
        if (__builtin_mul_overflow(sum, base, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(*p - '0'), &sum))
            return false;
    bool some = p != *text;
    *text = p;
    *number = sum;
    return some;
}

const struct value_name *value_names(const struct value_spec *spec)
{
    return spec->type == VALUE_BOOL ? bool_names : spec->names;
}

const struct value_unit *value_units(enum value_type type, uint64_t *bare)
{
    *bare = type == VALUE_DURATION ? 1000 : 1;
    return type == VALUE_DURATION ? duration_units : type == VALUE_SIZE ? size_units : no_units;
}

static int print_number(const struct value_spec *spec, uint64_t number, char *buffer, size_t size)
{
    if (number == 0 && spec->zero)
        return snprintf(buffer, size, "%s", spec->zero);
    if (spec->type == VALUE_MODE)
        return snprintf(buffer, size, "%04llo", (unsigned long long)number);
    if (spec->type == VALUE_DURATION || spec->type == VALUE_SIZE) {
        uint64_t bare;
        const struct value_unit *unit = value_units(spec->type, &bare);
        while (number == 0 ? unit[1].name != NULL : number % unit->factor != 0)
            unit++;
        return snprintf(buffer, size, "%llu%s", (unsigned long long)(number / unit->factor),
                        unit->name);
    }
    return snprintf(buffer, size, "%llu", (unsigned long long)number);
}

static enum value_verdict malformed(char *why, size_t why_size, const char *wanted)
{
    snprintf(why, why_size, "%s", wanted);
    return VALUE_MALFORMED;
}

static enum value_verdict check_range(const struct value_spec *spec, uint64_t number, char *why,
                                      size_t why_size)
{
    if (number == 0 && spec->zero)
        return VALUE_OK;
    if (number >= spec->min && number <= spec->max)
        return VALUE_OK;
    char min[PRINTED_MAX], max[PRINTED_MAX];
    print_number(spec, spec->min, min, sizeof(min));
    print_number(spec, spec->max, max, sizeof(max));
    snprintf(why, why_size, "must be %s to %s%s%s", min, max, spec->zero ? ", or " : "",
             spec->zero ? spec->zero : "");
    return VALUE_OUT_OF_RANGE;
}

static enum value_verdict no_number(const struct value_spec *spec, const char *wanted, char *why,
                                    size_t why_size)
{
    snprintf(why, why_size, "%s%s%s", wanted, spec->zero ? ", or " : "",
             spec->zero ? spec->zero : "");
    return VALUE_MALFORMED;
}

/* Programs that write YAML 1.1 turn a plain `off` into `false`. */
static bool is_word(const char *text, const char *word)
{
    return strcmp(text, word) == 0 || (strcmp(word, "off") == 0 && strcmp(text, "false") == 0);
}

static enum value_verdict parse_number(const struct value_spec *spec, const char *text,
                                       const char *wanted, struct value *value, char *why,
                                       size_t why_size)
{
    if (spec->zero && is_word(text, spec->zero)) {
        value->number = 0;
        return VALUE_OK;
    }
    uint64_t number;
    if (!take_digits(&text, 10, &number))
        return no_number(spec, wanted, why, why_size);
    uint64_t bare;
    const struct value_unit *units = value_units(spec->type, &bare);
    uint64_t factor = *text ? 0 : bare;
    for (const struct value_unit *unit = units; unit->name && factor == 0; unit++)
        if (strcasecmp(text, unit->name) == 0)
            factor = unit->factor;
    if (factor == 0)
        return no_number(spec, wanted, why, why_size);
    if (__builtin_mul_overflow(number, factor, &value->number))
        value->number = UINT64_MAX;
    return check_range(spec, value->number, why, why_size);
}

static enum value_verdict parse_mode(const struct value_spec *spec, const char *text,
                                     struct value *value, char *why, size_t why_size)
{
    if (text[0] == '0' && (text[1] == 'o' || text[1] == 'O'))
        text += 2;
    if (!take_digits(&text, 8, &value->number) || *text)
        return malformed(why, why_size, "must be permission bits in octal, such as 0660");
    return check_range(spec, value->number, why, why_size);
}

static bool same_name(const char *text, const char *name)
{
    for (; *text && *name; text++, name++)
        if (*text != *name && !(*text == '-' && *name == '_'))
            return false;
    return *text == *name;
}

static enum value_verdict parse_name(const struct value_name *names, const char *text,
                                     struct value *value, char *why, size_t why_size)
{
    size_t offered = 0;
    for (const struct value_name *name = names; name->name; name++) {
        if (same_name(text, name->name) || is_word(text, name->name)) {
            value->number = name->number;
            return VALUE_OK;
        }
        offered += !name->alias;
    }
    size_t used = (size_t)snprintf(why, why_size, "must be"), index = 0;
    for (const struct value_name *name = names; name->name; name++) {
        if (name->alias || used >= why_size)
            continue;
        const char *separator = index == 0 ? " " : index + 1 < offered ? ", " : " or ";
        used += (size_t)snprintf(why + used, why_size - used, "%s%s", separator, name->name);
        index++;
    }
    return VALUE_MALFORMED;
}

static enum value_verdict parse_text(const struct value_spec *spec, const char *text,
                                     struct value *value, char *why, size_t why_size)
{
    value->text = slice_of(text);
    const char *wrong = *text || spec->may_be_empty ? NULL : "must not be empty";
    if (!wrong && spec->form)
        wrong = spec->form->check(text);
    return wrong ? malformed(why, why_size, wrong) : VALUE_OK;
}

static enum value_verdict parse_unix(struct slice path, struct value *value, char *why,
                                     size_t why_size)
{
    value->kind = CONFIG_ADDRESS_UNIX;
    value->text = path;
    if (path.len == 0 || slice_equal(path, SLICE("@")))
        return malformed(why, why_size, "must be the path of a Unix socket, or @NAME");
    if (value->text.len > UNIX_PATH_MAX) {
        snprintf(why, why_size, "too long for a Unix socket, whose path has at most %d bytes",
                 UNIX_PATH_MAX);
        return VALUE_OUT_OF_RANGE;
    }
    return VALUE_OK;
}

/* The form of a name, an IPv4 or an IPv6 address, which may have a scope. */
static bool is_host_form(struct slice host)
{
    if (host.len > VALUE_HOST_MAX)
        return false;
    for (size_t i = 0; i < host.len; i++)
        if (host.ptr[i] <= ' ' || host.ptr[i] == '\x7f' || strchr("/[]@?#", host.ptr[i]))
            return false;
    if (!memchr(host.ptr, ':', host.len))
        return true;
    const char *scope = memchr(host.ptr, '%', host.len);
    size_t length = scope ? (size_t)(scope - host.ptr) : host.len;
    char number[INET6_ADDRSTRLEN] = "";
    struct in6_addr address;
    if (length >= sizeof(number))
        return false;
    memcpy(number, host.ptr, length);
    return inet_pton(AF_INET6, number, &address) == 1;
}

/* "fd:0"; "fd::1:80" is an address. */
static bool parse_fd(const char *text, struct value *value)
{
    uint64_t number;
    if (strncmp(text, fd_prefix, strlen(fd_prefix)) != 0)
        return false;
    text += strlen(fd_prefix);
    if (!take_digits(&text, 10, &number) || *text || number > FD_MAX)
        return false;
    value->kind = CONFIG_ADDRESS_FD;
    value->port = (uint16_t)number;
    return true;
}

/* [HOST:]PORT or [HOST][:PORT], `port` 0: there is no default. Splits at the last colon, as
 * websockify does, so that "::1:80" needs no brackets. */
static enum value_verdict parse_place(const struct value_spec *spec, struct slice text,
                                      uint16_t port, const char *wanted, struct value *value,
                                      char *why, size_t why_size)
{
    bool listen = spec->type == VALUE_LISTEN;
    const char *end = text.ptr + text.len, *colon = memrchr(text.ptr, ':', text.len);
    if (port && colon && colon > text.ptr && end[-1] == ']')
        colon = NULL; /* inside an IPv6 address */
    if (!colon && !listen && !port)
        return malformed(why, why_size, wanted);
    struct slice host = {text.ptr, colon ? (size_t)(colon - text.ptr) : port ? text.len : 0};
    if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = (struct slice){host.ptr + 1, host.len - 2};
    bool is_url = colon && strncmp(colon, "://", 3) == 0;
    if (is_url || !is_host_form(host) || (host.len == 0 && !listen))
        return malformed(why, why_size, wanted);

    const char *digits = colon ? colon + 1 : text.ptr;
    uint64_t number = port, lowest = listen ? 0 : 1;
    bool has_digits = colon || !port;
    if (has_digits && (!take_digits(&digits, 10, &number) || digits != end || number < lowest ||
                       number > PORT_MAX)) {
        snprintf(why, why_size, "the port must be a number from %d to %d", (int)lowest, PORT_MAX);
        return VALUE_BAD_PORT;
    }
    value->kind = CONFIG_ADDRESS_TCP;
    value->port = (uint16_t)number;
    value->text = host.len ? host : (struct slice){NULL, 0};
    return VALUE_OK;
}

static enum value_verdict parse_ws(const struct value_spec *spec, const char *text,
                                   struct value *value, char *why, size_t why_size)
{
    struct ws_url url;
    const char *fault = ws_url_split(text, &url);
    if (fault)
        return malformed(why, why_size, fault);
    value->tls = url.tls;
    value->target = url.target;
    if (url.is_socket)
        return parse_unix(url.place, value, why, why_size);
    return parse_place(spec, url.place, url.port, "must be ws://HOST[:PORT]/PATH or wss://...",
                       value, why, why_size);
}

static enum value_verdict parse_address(const struct value_spec *spec, const char *text,
                                        struct value *value, char *why, size_t why_size)
{
    bool listen = spec->type == VALUE_LISTEN, schemes = !listen && !spec->bare;
    if (strncmp(text, unix_prefix, strlen(unix_prefix)) == 0)
        return parse_unix(slice_of(text + strlen(unix_prefix)), value, why, why_size);
    if (listen && parse_fd(text, value))
        return VALUE_OK;
    if (schemes && ws_url_has_scheme(text))
        return parse_ws(spec, text, value, why, why_size);
    if (schemes && strncmp(text, tls_scheme, strlen(tls_scheme)) == 0)
        value->tls = true;
    if (value->tls || (!listen && strncmp(text, tcp_scheme, strlen(tcp_scheme)) == 0))
        text += strlen(tcp_scheme);
    const char *wanted =
        listen       ? "must be PORT, HOST:PORT, [IPV6]:PORT, unix:PATH or fd:N"
        : spec->bare ? "must be HOST:PORT or unix:PATH"
                     : "must be tcp://HOST:PORT, tls://HOST:PORT, unix:PATH or wss://HOST/PATH";
    return parse_place(spec, slice_of(text), 0, wanted, value, why, why_size);
}

enum value_verdict value_parse(const struct value_spec *spec, const char *text, struct value *value,
                               char *why, size_t why_size)
{
    *value = (struct value){0};
    switch (spec->type) {
    case VALUE_BOOL:
    case VALUE_ENUM:
        return parse_name(value_names(spec), text, value, why, why_size);
    case VALUE_COUNT:
        return parse_number(spec, text, "must be a number", value, why, why_size);
    case VALUE_DURATION:
        return parse_number(spec, text, "must be a duration, such as 250ms, 30s, 5m or 1h", value,
                            why, why_size);
    case VALUE_SIZE:
        return parse_number(spec, text, "must be a size, such as 512, 16KiB or 1MiB", value, why,
                            why_size);
    case VALUE_MODE:
        return parse_mode(spec, text, value, why, why_size);
    case VALUE_TEXT:
    case VALUE_PATH:
        return parse_text(spec, text, value, why, why_size);
    case VALUE_LISTEN:
    case VALUE_TARGET:
        return parse_address(spec, text, value, why, why_size);
    case VALUE_CIDR:
        return cidr_verdicts[cidr_parse(text, &value->cidr, why, why_size)];
    }
    abort();
}

static int print_name(const struct value_name *names, uint64_t number, char *buffer, size_t size)
{
    const struct value_name *name = names;
    while (name->name && name->number != number)
        name++;
    return snprintf(buffer, size, "%s", name->name ? name->name : "");
}

static int print_address(const struct value *value, char *buffer, size_t size)
{
    int length = (int)value->text.len, rest = (int)value->target.len;
    const char *text = value->text.ptr ? value->text.ptr : "";
    const char *target = value->target.ptr ? value->target.ptr : "";
    const char *scheme = value->target.ptr ? value->tls ? "wss" : "ws" : "";
    if (value->kind == CONFIG_ADDRESS_UNIX)
        return snprintf(buffer, size, "%s%s%s%.*s%s%.*s", scheme, *scheme ? "+" : "", unix_prefix,
                        length, text, *scheme ? ":" : "", rest, target);
    if (value->kind == CONFIG_ADDRESS_FD)
        return snprintf(buffer, size, "%s%u", fd_prefix, value->port);
    bool brackets = memchr(text, ':', value->text.len) != NULL;
    return snprintf(buffer, size, "%s%s%s%.*s%s:%u%.*s",
                    *scheme      ? scheme
                    : value->tls ? tls_scheme
                                 : "",
                    *scheme ? "://" : "", brackets ? "[" : "", length, text, brackets ? "]" : "",
                    value->port, rest, target);
}

int value_print(const struct value_spec *spec, const struct value *value, char *buffer, size_t size)
{
    switch (spec->type) {
    case VALUE_BOOL:
    case VALUE_ENUM:
        return print_name(value_names(spec), value->number, buffer, size);
    case VALUE_COUNT:
    case VALUE_DURATION:
    case VALUE_SIZE:
    case VALUE_MODE:
        return print_number(spec, value->number, buffer, size);
    case VALUE_TEXT:
    case VALUE_PATH:
        return snprintf(buffer, size, "%.*s", (int)value->text.len, value->text.ptr);
    case VALUE_LISTEN:
    case VALUE_TARGET:
        return print_address(value, buffer, size);
    case VALUE_CIDR:
        return cidr_print(&value->cidr, buffer, size);
    }
    abort();
}
