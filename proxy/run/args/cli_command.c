#include "run/args/cli_command.h"

#include <string.h>

const struct cli_command *cli_command_find(const struct cli_command_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->commands[i]->name, name) == 0)
            return list->commands[i];
    return NULL;
}
