#include "config/model/cidr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void reads_as(const char *text, const char *printed, unsigned bits)
{
    struct config_cidr cidr;
    char why[160] = "", out[64];
    if (cidr_parse(text, &cidr, why, sizeof(why)) != CIDR_OK)
        fail_msg("%s: %s", text, why);
    assert_int_equal(cidr.bits, bits);
    assert_int_equal(cidr_print(&cidr, out, sizeof(out)), strlen(printed));
    assert_string_equal(out, printed);
}

static void refused(const char *text, enum cidr_verdict verdict, const char *phrase)
{
    struct config_cidr cidr;
    char why[160] = "";
    assert_int_equal(cidr_parse(text, &cidr, why, sizeof(why)), verdict);
    if (!strstr(why, phrase))
        fail_msg("%s: %s", text, why);
}

static void ranges_and_single_addresses(void **state)
{
    reads_as("10.0.0.0/8", "10.0.0.0/8", 104);
    reads_as("0.0.0.0/0", "0.0.0.0/0", 96);
    reads_as("10.0.0.1", "10.0.0.1", 128);
    reads_as("10.0.0.1/32", "10.0.0.1", 128);
    reads_as("FD00::/8", "fd00::/8", 8);
    reads_as("::/0", "::/0", 0);
    reads_as("::1", "::1", 128);
}

static void refusals(void **state)
{
    refused("", CIDR_MALFORMED, "must be an address or a range");
    refused("10.0.0/8", CIDR_MALFORMED, "must be an address or a range");
    refused("10.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0", CIDR_MALFORMED, "must be");
    refused("10.1.2.3/8", CIDR_MALFORMED, "10.0.0.0/8 for the range or 10.1.2.3 for one address");
    refused("fd00::1/64", CIDR_MALFORMED, "fd00::/64 for the range");
    refused("10.0.0.0/33", CIDR_OUT_OF_RANGE, "from 0 to 32");
    refused("fd00::/129", CIDR_OUT_OF_RANGE, "from 0 to 128");
    refused("fd00::/", CIDR_OUT_OF_RANGE, "from 0 to 128");
    refused("fd00::/+1", CIDR_OUT_OF_RANGE, "from 0 to 128");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_and_single_addresses),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
