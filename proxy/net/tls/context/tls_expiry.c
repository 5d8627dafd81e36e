#include "net/tls/context/tls_expiry.h"

#include <time.h>

#define DAY_S 86400

enum tls_expiry tls_expiry_of(int64_t not_before, int64_t not_after, int64_t now)
{
    if (now < not_before)
        return TLS_EXPIRY_EARLY;
    if (now > not_after)
        return TLS_EXPIRY_ENDED;
    return not_after - now < (int64_t)TLS_EXPIRY_WARN_DAYS * DAY_S ? TLS_EXPIRY_SOON
                                                                   : TLS_EXPIRY_VALID;
}

const char *tls_expiry_name(enum tls_expiry expiry)
{
    static const char *const names[] = {
        [TLS_EXPIRY_VALID] = "valid",
        [TLS_EXPIRY_SOON] = "expires soon",
        [TLS_EXPIRY_ENDED] = "expired",
        [TLS_EXPIRY_EARLY] = "not valid yet",
    };
    return names[expiry];
}

static const char *print_day(int64_t when, char *day, size_t size)
{
    time_t time = (time_t)when;
    struct tm parts;
    if (!gmtime_r(&time, &parts) || strftime(day, size, "%Y-%m-%d", &parts) == 0)
        snprintf(day, size, "long ago");
    return day;
}

int tls_expiry_print(int64_t not_before, int64_t not_after, int64_t now, char *text, size_t size)
{
    char day[32];
    int days = (int)((not_after - now) / DAY_S);
    switch (tls_expiry_of(not_before, not_after, now)) {
    case TLS_EXPIRY_EARLY:
        return snprintf(text, size, "is not valid before %s; check the clock and the file",
                        print_day(not_before, day, sizeof(day)));
    case TLS_EXPIRY_ENDED:
        return snprintf(text, size, "expired on %s; renew it",
                        print_day(not_after, day, sizeof(day)));
    case TLS_EXPIRY_SOON:
        return snprintf(text, size, "expires on %s, in %d day%s; renew it",
                        print_day(not_after, day, sizeof(day)), days, days == 1 ? "" : "s");
    default:
        return 0;
    }
}

bool tls_expiry_is_due(struct tls_expiry_notice *notice, unsigned problem, int64_t now)
{
    bool lasts = notice->problem == problem;
    bool recent = now >= notice->at && now - notice->at < DAY_S;
    if (problem == 0)
        notice->problem = 0;
    if (problem == 0 || (lasts && recent))
        return false;
    *notice = (struct tls_expiry_notice){now, problem};
    return true;
}
