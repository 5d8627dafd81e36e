#include "run/cli/call/cli_result.h"

#include <stdlib.h>

#include "base/text/secret.h"

void cli_result_free_memory(struct cli_memory *memory)
{
    for (size_t i = 0; i < memory->count; i++)
        free(memory->texts[i]);
    for (size_t i = 0; i < memory->word_count; i++)
        secret_free_text(memory->words[i]);
    free(memory->words);
    free(memory->texts);
    free(memory->overrides);
    free(memory->path);
}

void cli_result_free(struct cli_result *result)
{
    cli_result_free_memory(&result->memory);
    rebind_release(&result->rebind);
    config_release(result->config);
}
