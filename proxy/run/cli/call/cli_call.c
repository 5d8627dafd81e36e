#include "run/cli/call/cli_call.h"

#include "run/help/cli_help.h"

const char *cli_call_operand(const struct cli_call *call, size_t index)
{
    return index < call->scan->operand_count ? call->scan->operands[index] : NULL;
}

int cli_call_wrong_usage(const struct cli_call *call, const char *word, const char *message)
{
    cli_help_synopsis(call->command, call->err);
    fprintf(call->err, "wsluice: error: %s%s%s\n", word, *word ? ": " : "", message);
    return CLI_STATUS_USAGE;
}

int cli_call_cannot(const struct cli_call *call, const char *message)
{
    fprintf(call->err, "wsluice: error: %s\n", message);
    return CLI_STATUS_FAILED;
}
