#include "run/cli_result.h"

#include <stdlib.h>

void cli_result_free_request(struct load_request *request)
{
    for (size_t i = 0; i < request->override_count; i++)
        free(request->overrides[i].text);
    free(request->overrides);
    free(request->path);
}

void cli_result_free(struct cli_result *result)
{
    cli_result_free_request(&result->file);
    config_release(result->config);
}
