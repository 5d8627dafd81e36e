#include "core/access/permit.h"

#include "base/ascii.h"
#include "codec/ip.h"
#include "config/model/permit_rule.h"
#include "core/access/access.h"

struct permit {
    size_t count;
    struct permit_rule rules[];
};

struct permit *permit_create(const struct config_texts *rules)
{
    struct permit *permit = calloc(1, sizeof(*permit) + rules->count * sizeof(permit->rules[0]));
    for (size_t i = 0; permit && i < rules->count; i++)
        if (!permit_rule_parse(rules->items[i], &permit->rules[permit->count]))
            permit->count++;
    return permit;
}

void permit_free(struct permit *permit)
{
    free(permit);
}

/* ---- patterns ---- */

static char identity(char c)
{
    return c;
}

/*
 * '*' stands for any characters but `separator`. Only the last '*' has to be tried again: an
 * earlier one of the same part could take no more than what this one takes, and none crosses a
 * separator.
 */
static bool matches(struct slice pattern, struct slice text, char separator, char (*fold)(char c))
{
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.len && fold(pattern.ptr[p]) == fold(text.ptr[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX && text.ptr[mark] != separator) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

/* "*." stands for one label or more. */
static bool matches_name(struct slice pattern, struct slice host)
{
    if (!slice_cut_prefix(&pattern, SLICE("*.")))
        return matches(pattern, host, '.', ascii_lower);
    for (size_t i = 1; i < host.len; i++)
        if (host.ptr[i] == '.' && matches(pattern, slice_from(host, i + 1), '.', ascii_lower))
            return true;
    return false;
}

/* ---- hosts ---- */

static struct slice without_final_dot(struct slice host)
{
    if (host.len > 1 && host.ptr[host.len - 1] == '.')
        host.len--;
    return host;
}

/* Other hosts, and names that end in a number, are addresses for getaddrinfo, or for nobody. */
static bool is_name(struct slice host)
{
    const char *dot = host.len > 0 ? memrchr(host.ptr, '.', host.len) : NULL;
    struct slice last = dot ? slice_from(host, (size_t)(dot - host.ptr) + 1) : host;
    if (last.len >= 2 && last.ptr[0] == '0' && ascii_lower(last.ptr[1]) == 'x')
        return false;
    for (size_t i = 0; i < host.len; i++)
        if (!ascii_is_alphanumeric(host.ptr[i]) && !memchr("-_.", host.ptr[i], 3))
            return false;
    for (size_t i = 0; i < last.len; i++)
        if (!ascii_is_digit(last.ptr[i]))
            return true;
    return false;
}

static bool names(const struct permit_rule *rule, struct slice host)
{
    if (slice_equal(rule->pattern, SLICE("*")))
        return true;
    host = without_final_dot(host);
    return is_name(host) && matches_name(rule->pattern, host);
}

/* RFC 6761 section 6.3: the name, and those below it, are loopback. */
static bool names_loopback(const struct permit_rule *rule)
{
    static const struct slice local = {"localhost", 9};
    struct slice name = rule->pattern;
    if (name.len < local.len || memchr(name.ptr, '*', name.len))
        return false;
    size_t labels = name.len - local.len;
    return slice_equal_nocase(slice_from(name, labels), local) &&
           (labels == 0 || name.ptr[labels - 1] == '.');
}

static bool has_port(const struct permit_rule *rule, uint16_t port)
{
    return port >= rule->lowest && port <= rule->highest;
}

/* ---- addresses that need a rule ---- */

#define V4(a, b, c, d)                                                                             \
    {                                                                                              \
        [10] = 0xff, [11] = 0xff, a, b, c, d                                                       \
    }
#define ONE 128

enum need {
    NO_NEED,       /* any rule opens it */
    NEEDS_PART,    /* a rule of at least as many bits as the range has */
    NEEDS_ADDRESS, /* a rule for this address alone */
};

static const struct {
    struct config_cidr range;
    enum need need;
    bool loopback;
} special[] = {
    {{V4(0, 0, 0, 0), 96 + 8}, NEEDS_PART, false},         /* this network, RFC 1122 */
    {{V4(127, 0, 0, 0), 96 + 8}, NEEDS_PART, true},        /* loopback */
    {{V4(169, 254, 0, 0), 96 + 16}, NEEDS_PART, false},    /* link-local, RFC 3927 */
    {{V4(224, 0, 0, 0), 96 + 4}, NEEDS_PART, false},       /* multicast */
    {{V4(255, 255, 255, 255), ONE}, NEEDS_ADDRESS, false}, /* broadcast */
    {{V4(169, 254, 169, 254), ONE}, NEEDS_ADDRESS, false}, /* metadata: AWS, Google, Azure ... */
    {{V4(169, 254, 170, 2), ONE}, NEEDS_ADDRESS, false},   /* AWS, containers' credentials */
    {{V4(169, 254, 170, 23), ONE}, NEEDS_ADDRESS, false},  /* AWS, pods' credentials */
    {{V4(169, 254, 42, 42), ONE}, NEEDS_ADDRESS, false},   /* Scaleway */
    {{V4(168, 63, 129, 16), ONE}, NEEDS_ADDRESS, false},   /* Azure's host */
    {{V4(100, 100, 100, 200), ONE}, NEEDS_ADDRESS, false}, /* Alibaba */
    {{V4(192, 0, 0, 192), ONE}, NEEDS_ADDRESS, false},     /* Oracle */
    {{{0}, 96}, NEEDS_PART, false},                        /* IPv4-compatible, unspecified */
    {{{[15] = 1}, ONE}, NEEDS_ADDRESS, true},              /* loopback */
    {{{0xfe, 0x80}, 10}, NEEDS_PART, false},               /* link-local */
    {{{0xff}, 8}, NEEDS_PART, false},                      /* multicast */
    {{{0x20, 0x01}, 32}, NEEDS_PART, false},               /* Teredo */
    {{{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48}, NEEDS_PART, false}, /* NAT64, RFC 8215 */
    {{{0xfd, 0x00, 0x0e, 0xc2}, 32}, NEEDS_PART, false},             /* AWS, all local services */
    {{{0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, 0x54}, ONE}, NEEDS_ADDRESS, false}, /* AWS, metadata */
    {{{0xfd, 0x20, 0x00, 0xce, [14] = 0x02, 0x54}, ONE}, NEEDS_ADDRESS, false}, /* Google */
    {{{0xfd, 0x00, 0x00, 0x42, [15] = 0x42}, ONE}, NEEDS_ADDRESS, false},       /* Scaleway */
    {{{0xfd, 0x00, 0x00, 0xc1, [12] = 0xa9, 0xfe, 0xa9, 0xfe}, ONE},
     NEEDS_ADDRESS,
     false}, /* Oracle */
};

/* The IPv4 address that packets to an IPv6 one are sent to. */
static const struct {
    uint8_t offset, length; /* of the bytes that tell such addresses */
    uint8_t bytes[12];
    uint8_t embedded; /* offset of the IPv4 address */
} embeddings[] = {
    {0, 12, {0x00, 0x64, 0xff, 0x9b}, 12},       /* NAT64, RFC 6052 */
    {0, 12, {[8] = 0xff, 0xff, 0x00, 0x00}, 12}, /* IPv4-translated, RFC 2765 */
    {0, 2, {0x20, 0x02}, 2},                     /* 6to4, RFC 3056 */
    {8, 4, {0x00, 0x00, 0x5e, 0xfe}, 12},        /* ISATAP, RFC 5214 */
    {8, 4, {0x02, 0x00, 0x5e, 0xfe}, 12},        /* the same, for a global address */
};

struct demand {
    unsigned bits; /* a range that opens the address has at least so many; 0: any does */
    bool loopback;
};

static struct demand demand_of_plain(const uint8_t *address)
{
    struct demand demand = {0};
    for (size_t i = 0; i < WSL_COUNT(special); i++) {
        const struct config_cidrs one = {&special[i].range, 1};
        unsigned bits = special[i].need == NEEDS_ADDRESS ? ONE : special[i].range.bits;
        if (!access_is_in_ranges(&one, address) || bits <= demand.bits)
            continue;
        demand = (struct demand){bits, special[i].loopback};
    }
    return demand;
}

static struct demand demand_of(const uint8_t *address)
{
    struct demand demand = demand_of_plain(address);
    for (size_t i = 0; i < WSL_COUNT(embeddings); i++) {
        uint8_t v4[IP_BYTES];
        if (memcmp(address + embeddings[i].offset, embeddings[i].bytes, embeddings[i].length) != 0)
            continue;
        ip_from_v4(address + embeddings[i].embedded, v4);
        if (demand_of_plain(v4).bits > 0)
            return (struct demand){.bits = ONE};
    }
    return demand;
}

/* ---- verdicts ---- */

static bool opens(const struct permit_rule *rule, struct slice host, const uint8_t *address,
                  struct demand demand)
{
    const struct config_cidrs range = {&rule->range, 1};
    if (rule->kind == PERMIT_RULE_RANGE)
        return rule->range.bits >= demand.bits && access_is_in_ranges(&range, address);
    return rule->kind == PERMIT_RULE_NAME && names(rule, host) &&
           (demand.bits == 0 || (demand.loopback && names_loopback(rule)));
}

bool permit_has_address(const struct permit *permit, struct slice host, const uint8_t *address,
                        uint16_t port)
{
    if (!permit)
        return true;
    struct demand demand = demand_of(address);
    if (permit->count == 0)
        return demand.bits == 0;
    for (size_t i = 0; i < permit->count; i++)
        if (has_port(&permit->rules[i], port) && opens(&permit->rules[i], host, address, demand))
            return true;
    return false;
}

bool permit_has_host(const struct permit *permit, struct slice host, uint16_t port)
{
    if (!permit || permit->count == 0)
        return true;
    for (size_t i = 0; i < permit->count; i++) {
        const struct permit_rule *rule = &permit->rules[i];
        if (rule->kind != PERMIT_RULE_UNIX && has_port(rule, port) &&
            (rule->kind == PERMIT_RULE_RANGE || names(rule, host)))
            return true;
    }
    return false;
}

/* Where the next segment begins; at the end there is none. */
static size_t next_segment(struct slice path, size_t at)
{
    while (at < path.len && path.ptr[at] != '/')
        at++;
    return at < path.len ? at + 1 : at;
}

/* A '*' at the beginning of a segment does not stand for a dot there. */
static bool matches_path(struct slice pattern, struct slice path)
{
    size_t at = 0, segment = 0;
    while (at < pattern.len && segment < path.len) {
        if (pattern.ptr[at] == '*' && path.ptr[segment] == '.')
            return false;
        at = next_segment(pattern, at);
        segment = next_segment(path, segment);
    }
    return matches(pattern, path, '/', identity);
}

bool permit_has_path(const struct permit *permit, struct slice path)
{
    if (!permit)
        return true;
    for (size_t i = 0; i < permit->count; i++)
        if (permit->rules[i].kind == PERMIT_RULE_UNIX &&
            matches_path(permit->rules[i].pattern, path))
            return true;
    return false;
}
