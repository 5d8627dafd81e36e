#include "core/outbound/proxy_env.h"

#include "base/ascii.h"
#include "codec/ip.h"
#include "core/access/access.h"

/* ---- hosts that need no proxy ---- */

/* One entry that is no address has none of them. */
static bool has_address(struct slice entry, const uint8_t *address)
{
    struct slice number = entry, rest = entry;
    struct config_cidr range = {.bits = 128};
    bool has_prefix = slice_cut_to(&rest, '/', &number);
    uint64_t bits;
    if (!ip_parse(number, range.bytes))
        return false;
    uint8_t most = ip_is_v4(range.bytes) ? 32 : 128;
    if (has_prefix && !ascii_decimal(rest, most, &bits))
        return false;
    if (has_prefix)
        range.bits = (uint8_t)(128 - most + bits);
    return access_is_in_ranges(&(struct config_cidrs){&range, 1}, address);
}

static struct slice without_last_dot(struct slice name)
{
    if (name.len > 0 && name.ptr[name.len - 1] == '.')
        name.len--;
    return name;
}

static bool has_name(struct slice entry, struct slice name)
{
    entry = without_last_dot(entry);
    (void)slice_cut_prefix(&entry, SLICE("."));
    if (entry.len == 0 || entry.len > name.len)
        return false;
    size_t labels = name.len - entry.len;
    return slice_equal_nocase(slice_from(name, labels), entry) &&
           (labels == 0 || name.ptr[labels - 1] == '.');
}

static bool next_entry(const char **list, struct slice *entry)
{
    static const char between[] = ", \t";
    *list += strspn(*list, between);
    *entry = (struct slice){*list, strcspn(*list, between)};
    *list += entry->len;
    return entry->len > 0;
}

bool proxy_env_excludes(const char *list, const char *host)
{
    uint8_t address[IP_BYTES];
    bool is_address = ip_parse(slice_of(host), address);
    struct slice entry, name = without_last_dot(slice_of(host));
    if (strcmp(list, "*") == 0)
        return true;
    while (next_entry(&list, &entry))
        if (is_address ? has_address(entry, address) : has_name(entry, name))
            return true;
    return false;
}

/* ---- the proxy ---- */

const char *proxy_env_find(bool tls, const char *host, proxy_env_get *get, void *owner,
                           const char **variable)
{
    static const char *const names[2][7] = {
        {"ws_proxy", "WS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"},
        {"wss_proxy", "WSS_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}};
    const char *value = NULL;
    for (const char *const *name = names[tls]; *name && !value; name++) {
        value = get(owner, *name);
        *variable = *name;
    }
    if (!value || !value[0])
        return NULL;
    const char *list = get(owner, "no_proxy");
    if (!list)
        list = get(owner, "NO_PROXY");
    return list && proxy_env_excludes(list, host) ? NULL : value;
}
