#include "run/args/cli_word.h"

#include "base/base.h"

static const struct cli_word words[] = {
    {"demo", "[[HOST:]PORT]", CLI_WORD_NOTHING, "serve a built-in echo, and a page that shows it"},
    {"check", "[--connect] FILE", CLI_WORD_FILE, "say all that is wrong with a configuration file"},
    {"reload", "FILE", CLI_WORD_FILE,
     "check the file, and have the process that serves it read it again"},
    {"status", "[--watch] [FILE]", CLI_WORD_FILE,
     "show sessions and targets of a running process, that of FILE"},
    {"kill", "ID... [FILE]", CLI_WORD_FILE, "end sessions by the ids that status shows"},
    {"health", "[URL|FILE]", CLI_WORD_FILE,
     "exit with 0 if a running process is ready for clients"},
    {"help-config", "[PATH]", CLI_WORD_OPTION_PATH,
     "explain the options of the file, or the one at PATH"},
    {"schema", "", CLI_WORD_NOTHING, "print a JSON Schema of the file, for editors"},
};

bool cli_word_next(size_t *cursor, struct cli_word *word)
{
    if (*cursor >= WSL_COUNT(words))
        return false;
    *word = words[(*cursor)++];
    return true;
}
