#include "config/model/cidr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool bit_is_set(const struct config_cidr *cidr, unsigned bit)
{
    return cidr->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

int cidr_print(const struct config_cidr *cidr, char *buffer, size_t size)
{
    char number[INET6_ADDRSTRLEN];
    bool v4 = cidr->bits >= 96 && memcmp(cidr->bytes, v4_mapped, sizeof(v4_mapped)) == 0;
    inet_ntop(v4 ? AF_INET : AF_INET6, cidr->bytes + (v4 ? sizeof(v4_mapped) : 0), number,
              sizeof(number));
    if (cidr->bits == 128)
        return snprintf(buffer, size, "%s", number);
    return snprintf(buffer, size, "%s/%d", number, cidr->bits - (v4 ? 96 : 0));
}

/* An address within a range is refused: it may have been meant as one address. */
static enum cidr_verdict check_prefix(const struct config_cidr *cidr, char *why, size_t why_size)
{
    struct config_cidr range = *cidr, address = *cidr;
    char shown_range[INET6_ADDRSTRLEN + 4], shown_address[INET6_ADDRSTRLEN + 4];
    bool inside = false;
    for (unsigned bit = cidr->bits; bit < 128; bit++) {
        inside = inside || bit_is_set(cidr, bit);
        range.bytes[bit / 8] &= (uint8_t) ~(1U << (7 - bit % 8));
    }
    if (!inside)
        return CIDR_OK;
    address.bits = 128;
    cidr_print(&range, shown_range, sizeof(shown_range));
    cidr_print(&address, shown_address, sizeof(shown_address));
    snprintf(why, why_size, "must be %s for the range or %s for one address", shown_range,
             shown_address);
    return CIDR_MALFORMED;
}

static enum cidr_verdict malformed(char *why, size_t why_size)
{
    snprintf(why, why_size, "must be an address or a range, such as 10.0.0.0/8 or fd00::/8");
    return CIDR_MALFORMED;
}

enum cidr_verdict cidr_parse(const char *text, struct config_cidr *cidr, char *why, size_t why_size)
{
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    char number[INET6_ADDRSTRLEN] = "";
    if (length >= sizeof(number))
        return malformed(why, why_size);
    memcpy(number, text, length);

    uint64_t most = 128, bits;
    *cidr = (struct config_cidr){0};
    memcpy(cidr->bytes, v4_mapped, sizeof(v4_mapped));
    if (inet_pton(AF_INET, number, cidr->bytes + sizeof(v4_mapped)) == 1)
        most = 32;
    else if (inet_pton(AF_INET6, number, cidr->bytes) != 1)
        return malformed(why, why_size);
    bits = most;
    if (slash && !ascii_decimal(slice_of(slash + 1), most, &bits)) {
        snprintf(why, why_size, "the prefix length must be a number from 0 to %d", (int)most);
        return CIDR_OUT_OF_RANGE;
    }
    cidr->bits = (uint8_t)(128 - most + bits);
    return check_prefix(cidr, why, why_size);
}
