#include "codec/http/http_date.h"

#include "base/ascii.h"

#define DAY_S    86400
#define YEAR_MAX 9999

/* Seven or twelve words, in their order. */
static const char *const day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct date {
    int64_t year;
    unsigned month, day, hour, minute, second; /* month 0..11, day 1..31 */
};

/* ---- the calendar ---- */

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_of(int64_t year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month] + (month == 1 && is_leap(year));
}

/* From 1 January of year 0 to 1 January of that year; years are not negative here. */
static int64_t days_before(int64_t year)
{
    int64_t last = year - 1;
    return year == 0 ? 0 : 366 + last * 365 + last / 4 - last / 100 + last / 400;
}

static int64_t seconds_of(const struct date *date)
{
    int64_t days = days_before(date->year) - days_before(1970) + date->day - 1;
    for (unsigned month = 0; month < date->month; month++)
        days += days_of(date->year, month);
    return days * DAY_S + date->hour * 3600 + date->minute * 60 + date->second;
}

static struct date date_of(int64_t seconds)
{
    int64_t days = seconds / DAY_S, rest = seconds % DAY_S;
    if (rest < 0) {
        rest += DAY_S;
        days--;
    }
    days += days_before(1970);
    struct date date = {
        .year = days / 366, /* the right year or an earlier one */
        .hour = (unsigned)(rest / 3600),
        .minute = (unsigned)(rest / 60 % 60),
        .second = (unsigned)(rest % 60),
    };
    while (days_before(date.year + 1) <= days)
        date.year++;
    days -= days_before(date.year);
    for (; days >= days_of(date.year, date.month); date.month++)
        days -= days_of(date.year, date.month);
    date.day = (unsigned)days + 1;
    return date;
}

void http_date_format(int64_t seconds, char out[HTTP_DATE_LENGTH + 1])
{
    const struct date first = {.day = 1};
    const struct date last = {YEAR_MAX, 11, 31, 23, 59, 59};
    if (seconds < seconds_of(&first))
        seconds = seconds_of(&first);
    if (seconds > seconds_of(&last))
        seconds = seconds_of(&last);
    struct date date = date_of(seconds);
    /* 1 January of year 0 was a Saturday. */
    int64_t weekday = (seconds_of(&date) - seconds_of(&first)) / DAY_S + 6;
    snprintf(out, HTTP_DATE_LENGTH + 1, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
             day_names[weekday % 7], date.day % 100, months + 3 * (size_t)date.month,
             (unsigned)date.year % 10000, date.hour % 100, date.minute % 100, date.second % 100);
}

/* ---- the three forms ---- */

static bool take_number(struct slice *rest, size_t digits, unsigned *number)
{
    uint64_t value;
    if (rest->len < digits || !ascii_decimal((struct slice){rest->ptr, digits}, UINT32_MAX, &value))
        return false;
    *number = (unsigned)value;
    *rest = slice_from(*rest, digits);
    return true;
}

static bool take_day_name(struct slice *rest, bool in_full)
{
    for (size_t i = 0; i < WSL_COUNT(day_names); i++)
        if (slice_cut_prefix(rest,
                             (struct slice){day_names[i], in_full ? strlen(day_names[i]) : 3}))
            return true;
    return false;
}

static bool take_month(struct slice *rest, struct date *date)
{
    for (date->month = 0; date->month < 12; date->month++)
        if (slice_cut_prefix(rest, (struct slice){months + 3 * (size_t)date->month, 3}))
            return true;
    return false;
}

static bool take_time(struct slice *rest, struct date *date)
{
    return take_number(rest, 2, &date->hour) && slice_cut_prefix(rest, SLICE(":")) &&
           take_number(rest, 2, &date->minute) && slice_cut_prefix(rest, SLICE(":")) &&
           take_number(rest, 2, &date->second);
}

static bool take_year(struct slice *rest, struct date *date)
{
    unsigned year = 0;
    bool taken = take_number(rest, 4, &year);
    date->year = year;
    return taken;
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool read_fixdate(struct slice rest, struct date *date)
{
    return take_day_name(&rest, false) && slice_cut_prefix(&rest, SLICE(", ")) &&
           take_number(&rest, 2, &date->day) && slice_cut_prefix(&rest, SLICE(" ")) &&
           take_month(&rest, date) && slice_cut_prefix(&rest, SLICE(" ")) &&
           take_year(&rest, date) && slice_cut_prefix(&rest, SLICE(" ")) &&
           take_time(&rest, date) && slice_cut_prefix(&rest, SLICE(" GMT")) && rest.len == 0;
}

/* Sunday, 06-Nov-94 08:49:37 GMT */
static bool read_rfc850(struct slice rest, struct date *date)
{
    unsigned year = 0;
    bool taken = take_day_name(&rest, true) && slice_cut_prefix(&rest, SLICE(", ")) &&
                 take_number(&rest, 2, &date->day) && slice_cut_prefix(&rest, SLICE("-")) &&
                 take_month(&rest, date) && slice_cut_prefix(&rest, SLICE("-")) &&
                 take_number(&rest, 2, &year) && slice_cut_prefix(&rest, SLICE(" ")) &&
                 take_time(&rest, date) && slice_cut_prefix(&rest, SLICE(" GMT")) && rest.len == 0;
    date->year = year;
    return taken;
}

/* Sun Nov  6 08:49:37 1994 */
static bool read_asctime(struct slice rest, struct date *date)
{
    if (!take_day_name(&rest, false) || !slice_cut_prefix(&rest, SLICE(" ")) ||
        !take_month(&rest, date) || !slice_cut_prefix(&rest, SLICE(" ")))
        return false;
    return take_number(&rest, slice_cut_prefix(&rest, SLICE(" ")) ? 1 : 2, &date->day) &&
           slice_cut_prefix(&rest, SLICE(" ")) && take_time(&rest, date) &&
           slice_cut_prefix(&rest, SLICE(" ")) && take_year(&rest, date) && rest.len == 0;
}

/* A second 60 is a leap second. */
static bool is_date(const struct date *date)
{
    return date->day >= 1 && date->day <= days_of(date->year, date->month) && date->hour < 24 &&
           date->minute < 60 && date->second <= 60;
}

/* The latest year with these last two digits that is no more than 50 years ahead. */
static int64_t full_year(int64_t two_digits, int64_t now)
{
    int64_t latest = date_of(now).year + 50;
    return latest - (latest - two_digits) % 100;
}

bool http_date_parse(struct slice text, int64_t now, int64_t *seconds)
{
    struct date date = {0};
    if (!read_fixdate(text, &date) && !read_asctime(text, &date)) {
        if (!read_rfc850(text, &date))
            return false;
        date.year = full_year(date.year, now);
    }
    if (!is_date(&date))
        return false;
    *seconds = seconds_of(&date);
    return true;
}
