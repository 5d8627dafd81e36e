#include "run/args/cli_command.h"

#include <string.h>

#include "config/model/diag.h"

const struct cli_command *cli_command_find(const struct cli_command_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->commands[i]->name, name) == 0)
            return list->commands[i];
    return NULL;
}

const struct cli_command *cli_command_nearest(const struct cli_command_list *list, const char *word)
{
    struct diag_guess guess = diag_guess(word, strlen(word));
    for (size_t i = 0; i < list->count; i++)
        diag_guess_offer(&guess, list->commands[i]->name);
    return guess.best ? cli_command_find(list, guess.best) : NULL;
}
