/*
 * A listing has as many tags and quotes as one of plain names, and is valid UTF-8 without control
 * characters.
 *
 * Input: NUL-terminated names; the first byte of each is its kind.
 */
#include "base/text/utf8.h"
#include "core/files/file_listing.h"

#define ENTRIES_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct marks {
    size_t open, close, quotes;
};

static struct marks marks_of(const struct file_listing *listing)
{
    struct marks marks = {0};
    struct utf8 state = {0};
    size_t length;
    char *page = file_listing_page(listing, &length);
    wsl_assert(page && strlen(page) == length);
    wsl_assert(utf8_feed(&state, (const uint8_t *)page, length) && utf8_is_complete(&state));
    for (const char *c = page; *c; c++) {
        wsl_assert(((uint8_t)*c >= ' ' && *c != 0x7F) || *c == '\n');
        marks.open += *c == '<';
        marks.close += *c == '>';
        marks.quotes += *c == '"';
    }
    free(page);
    return marks;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct file_listing_entry entries[ENTRIES_MAX], plain[ENTRIES_MAX];
    struct file_listing listing = {.title = SLICE("/plain/"), .entries = plain};
    char *text = malloc(size + 1), name[] = "plain";
    wsl_assert(text);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    /* A name ends at a NUL; its first byte is the kind. */
    for (size_t at = 0; at < size && listing.count < ENTRIES_MAX; listing.count++) {
        bool folder = text[at] & 1;
        uint64_t number = (uint64_t)(uint8_t)text[at] << (at % 57);
        at++;
        entries[listing.count] =
            (struct file_listing_entry){text + at, folder, number, (int64_t)number};
        plain[listing.count] = (struct file_listing_entry){name, folder, number, (int64_t)number};
        at += strlen(text + at) + 1;
        if (at > size)
            at = size;
    }
    struct marks wanted = marks_of(&listing);
    listing.entries = entries;
    listing.title = (struct slice){text, size};
    struct marks found = marks_of(&listing);
    wsl_assert(found.open == wanted.open && found.close == wanted.close &&
               found.quotes == wanted.quotes);
    free(text);
    return 0;
}
