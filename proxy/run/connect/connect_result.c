#include "run/connect/connect_result.h"

#include "base/text/printable.h"

/* RFC 6455 section 7.4.1 */
#define CLOSE_NORMAL 1000

/* The stage of connecting that failed. */
static const char *stage_of(enum reason reason)
{
    switch ((int)reason) {
    case REASON_target_unresolved:
        return "name look-up";
    case REASON_target_refused:
    case REASON_target_unreachable:
    case REASON_target_timeout:
        return "connection";
    case REASON_target_proxy_unreachable:
    case REASON_target_proxy_refused:
    case REASON_target_proxy_auth:
    case REASON_target_proxy_failed:
        return "proxy";
    case REASON_target_tls:
    case REASON_target_untrusted:
        return "TLS";
    case REASON_target_upgrade:
        return "WebSocket handshake";
    default:
        return "session";
    }
}

/* Faults that have a remedy on the command line, by the words of OpenSSL and of target_upgrade. */
static const struct {
    enum reason reason;
    const char *words, *remedy;
} remedies[] = {
    {REASON_target_untrusted, "self-signed certificate", "if you trust it, see --ca and --pin"},
    {REASON_target_untrusted, "issuer certificate", "if you trust its authority, see --ca"},
    {REASON_target_untrusted, "pinned keys", "see --pin"},
    {REASON_target_untrusted, "mismatch", "it is of another name: see --server-name"},
    {REASON_target_tls, "wrong version number",
     "this port speaks no TLS: write ws:// or another port"},
    {REASON_target_eof, "end of the input", "if it drops its answer at a FIN, see --eof=wait"},
    {REASON_target_upgrade, ": HTTP 400", "if this port speaks TLS, write wss://"},
    {REASON_target_upgrade, ": HTTP 401", "see --user and --bearer-file"},
};

/* "": none is known. */
static const char *remedy_of(const struct connect_result *result)
{
    for (size_t i = 0; i < WSL_COUNT(remedies); i++)
        if (remedies[i].reason == result->reason && strstr(result->detail, remedies[i].words))
            return remedies[i].remedy;
    return "";
}

/* An end in good order of the connection does not make up for bytes that could not be written. */
static bool is_clean(const struct connect_result *result)
{
    if (result->error != 0)
        return false;
    if (result->closed)
        return result->code == CLOSE_NORMAL || result->code == 0;
    return result->reason == REASON_client_eof;
}

int connect_result_judge(const struct connect_result *result, char line[static CONNECT_RESULT_LINE])
{
    const struct reason_row *row = reason_row(result->reason);
    line[0] = '\0';
    if (is_clean(result))
        return EXIT_SUCCESS;
    if (result->signalled)
        return EXIT_FAILURE;
    if (result->error != 0) {
        snprintf(line, CONNECT_RESULT_LINE, "standard input or output failed: %s",
                 strerror(result->error));
    } else if (result->closed) {
        snprintf(line, CONNECT_RESULT_LINE, "closed by the server: %u", result->code);
        printable_append(line, CONNECT_RESULT_LINE, result->text);
    } else {
        const char *words = result->detail[0] != '\0' ? result->detail : row->text;
        snprintf(line, CONNECT_RESULT_LINE, "%s failed:", stage_of(result->reason));
        const char *remedy = remedy_of(result);
        printable_append(line, CONNECT_RESULT_LINE, slice_of(words));
        size_t length = strlen(line);
        if (*remedy)
            snprintf(line + length, CONNECT_RESULT_LINE - length, "; %s", remedy);
    }
    return EXIT_FAILURE;
}
