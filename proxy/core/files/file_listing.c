#include "core/files/file_listing.h"

#include "base/ascii.h"
#include "base/text/utf8.h"
#include "codec/http/http_date.h"
#include "codec/web/html.h"

static const char style[] =
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.25rem;overflow-wrap:anywhere}"
    "table{width:100%;border-collapse:collapse}"
    "td{padding:.35rem .5rem;border-top:1px solid #8884;white-space:nowrap}"
    "td:first-child{width:100%;white-space:normal;overflow-wrap:anywhere}"
    "td+td{text-align:right;opacity:.7;font-variant-numeric:tabular-nums}"
    "tr:hover td{background:#8881}"
    "a{text-decoration:none}a:hover{text-decoration:underline}"
    "@media(max-width:40rem){td:last-child{display:none}}";

/* Escapes HTML; control characters become U+FFFD. */
static void put_byte(FILE *out, char c)
{
    const char *entity = html_entity(c);
    if (entity || ascii_is_control(c))
        fputs(entity ? entity : "\xEF\xBF\xBD", out);
    else
        fputc(c, out);
}

/* The length of the first character; 0: it is not UTF-8. */
static size_t character(struct slice text)
{
    struct utf8 state = {0};
    for (size_t length = 1; length <= 4 && length <= text.len; length++) {
        if (!utf8_feed(&state, (const uint8_t *)text.ptr + length - 1, 1))
            return 0;
        if (utf8_is_complete(&state))
            return length;
    }
    return 0;
}

/* Bytes that are not UTF-8 are shown as U+FFFD. */
static void put_text(FILE *out, struct slice text)
{
    while (text.len > 0) {
        size_t length = character(text);
        if (length == 0)
            fputs("\xEF\xBF\xBD", out);
        else if (length == 1)
            put_byte(out, text.ptr[0]);
        else
            fwrite(text.ptr, 1, length, out);
        text = slice_from(text, length ? length : 1);
    }
}

/* Escapes all but unreserved characters (RFC 3986 section 2.3), so that HTML needs no quoting. */
static void put_reference(FILE *out, const char *name)
{
    for (; *name; name++) {
        if (ascii_is_unreserved(*name))
            fputc(*name, out);
        else
            fprintf(out, "%%%02X", (unsigned)(uint8_t)*name);
    }
}

static void put_size(FILE *out, uint64_t size)
{
    static const char units[] = " KMGTPE";
    size_t unit = 0;
    double shown = (double)size;
    while (shown >= 1000 && unit < sizeof(units) - 2) {
        shown /= 1000;
        unit++;
    }
    if (unit == 0)
        fprintf(out, "%u B", (unsigned)size);
    else
        fprintf(out, shown < 9.95 ? "%.1f %cB" : "%.0f %cB", shown, units[unit]);
}

/* "06 Nov 1994 08:49" of the date in a field. */
static void put_time(FILE *out, int64_t seconds)
{
    char date[HTTP_DATE_LENGTH + 1];
    http_date_format(seconds, date);
    fprintf(out, "%.17s", date + strlen("Sun, "));
}

static void put_entry(FILE *out, const struct file_listing_entry *entry)
{
    const char *slash = entry->folder ? "/" : "";
    fputs("<tr><td><a href=\"./", out);
    put_reference(out, entry->name);
    fprintf(out, "%s\">", slash);
    put_text(out, slice_of(entry->name));
    fprintf(out, "%s</a><td>", slash);
    if (!entry->folder)
        put_size(out, entry->size);
    fputs("<td>", out);
    put_time(out, entry->modified);
    fputc('\n', out);
}

static void put_page(FILE *out, const struct file_listing *listing)
{
    fputs("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
          out);
    put_text(out, listing->title);
    fprintf(out, "</title>\n<style>%s</style>\n<h1>", style);
    put_text(out, listing->title);
    fputs("</h1>\n<table>\n", out);
    if (listing->has_parent)
        fputs("<tr><td><a href=\"../\">../</a><td><td>\n", out);
    for (size_t i = 0; i < listing->count; i++)
        put_entry(out, &listing->entries[i]);
    fputs("</table>\n", out);
    if (listing->cut)
        fprintf(out, "<p>Only %zu entries are shown.\n", listing->count);
}

static int compare(const void *a, const void *b)
{
    const struct file_listing_entry *left = a, *right = b;
    if (left->folder != right->folder)
        return left->folder ? -1 : 1;
    return strcmp(left->name, right->name);
}

char *file_listing_page(const struct file_listing *listing, size_t *length)
{
    char *page = NULL;
    FILE *out = open_memstream(&page, length);
    if (!out)
        return NULL;
    if (listing->count > 0)
        qsort(listing->entries, listing->count, sizeof(*listing->entries), compare);
    put_page(out, listing);
    bool good = !ferror(out);
    if (fclose(out) == 0 && good)
        return page;
    free(page);
    return NULL;
}
