#include "config/unknown_key.h"

#include "config/model/diag.h"

bool unknown_key_may_be_secret(const char *key)
{
    struct diag_guess guess = diag_guess(key, strlen(key));
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->secret)
            diag_guess_offer(&guess, row->key);
    return guess.best != NULL;
}

/* Every key of a section. */
static void offer_section(struct diag_guess *guess, enum options_section section)
{
    const struct options_row *row;
    for (size_t i = 0; (row = options_at(i)); i++)
        if (row->section == section)
            diag_guess_offer(guess, row->key);
    for (enum options_section inner = section; options_next_child(section, &inner);) {
        const struct options_section_row *child = options_section(inner);
        diag_guess_offer(guess, child->key);
        if (child->single)
            diag_guess_offer(guess, child->single);
    }
    if (section == OPTIONS_PROCESS)
        diag_guess_offer(guess, "include");
}

static bool is_inside(enum options_section section, enum options_section outer)
{
    while (section != outer && section != OPTIONS_PROCESS)
        section = options_section(section)->parent;
    return section == outer;
}

/*
 * The section that has the name, or the nearest one: in this section and those inside it, then in
 * all. A section of that name goes before an option: a "target" with wrong indentation is a
 * route's, not the log's. False: none is near.
 */
static bool find_section(enum options_section outer, const char *key, enum options_section *found,
                         struct diag_guess *guess)
{
    for (int anywhere = 0; anywhere <= 1; anywhere++) {
        for (int i = OPTIONS_PROCESS; i < OPTIONS_SECTION_COUNT; i++) {
            enum options_section section = (enum options_section)i;
            enum options_section child;
            size_t distance = guess->distance;
            bool alike = options_contents(section) != section && section != outer;
            if (alike || options_section(section)->shape == OPTIONS_MAP ||
                !(anywhere || is_inside(section, outer)))
                continue;
            offer_section(guess, section);
            if (guess->distance < distance || options_child(section, key, &child))
                *found = section;
        }
        if (guess->best)
            return true;
    }
    return false;
}

void unknown_key_remedy(enum options_section section, const char *key, char *buffer, size_t size)
{
    char path[100];
    enum options_section found = section;
    struct diag_guess guess = diag_guess(key, strlen(key));
    offer_section(&guess, section);
    if (guess.best && guess.distance <= 1) {
        snprintf(buffer, size, "did you mean %s?", guess.best);
        return;
    }
    if (!find_section(section, key, &found, &guess)) {
        snprintf(buffer, size, "see wsluice help-config");
        return;
    }
    options_path(found, NULL, path, sizeof(path));
    if (found == section)
        snprintf(buffer, size, "did you mean %s?", guess.best);
    else if (guess.distance == 0)
        snprintf(buffer, size, "move it to %s", path[0] ? path : "the top level");
    else
        snprintf(buffer, size, "did you mean %s%s%s?", path, path[0] ? "." : "", guess.best);
}
