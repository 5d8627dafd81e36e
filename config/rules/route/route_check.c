#include "config/rules/route/route_check.h"

struct option_ref route_check_option(const struct route_check *check, const char *key)
{
    return (struct option_ref){.section = OPTIONS_ROUTE, .outer = check->index, .key = key};
}

struct option_ref route_check_target(const struct route_check *check, size_t target,
                                     const char *key)
{
    return (struct option_ref){
        .section = OPTIONS_TARGET, .outer = check->index, .inner = target, .key = key};
}

void route_check_report(const struct route_check *check, struct option_ref option,
                        const char *remedy, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    option_ref_complain_args(check->names, check->diag, DIAG_ERROR, option, remedy, format, args);
    va_end(args);
}
