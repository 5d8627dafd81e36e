/*
 * Packets of a link, as a request and as an answer: what is read of them is bounded and terminated,
 * and what is printed again is read as the same.
 */
#include "core/status/link_message.h"

#include "serve/status/link_row.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_rows(struct slice body)
{
    struct slice line, again, rest;
    struct link_message_facts facts, same;
    while (link_message_line(&body, &line)) {
        struct session_row row, second;
        struct link_row_storage storage, other;
        struct text text = {0};
        link_message_facts_parse(line, &facts);
        link_message_facts_print(&facts, &text);
        rest = text_slice(&text);
        wsl_assert(link_message_line(&rest, &again) && rest.len == 0);
        link_message_facts_parse(again, &same);
        wsl_assert(facts.pid == same.pid && facts.killed == same.killed &&
                   facts.sessions == same.sessions && strcmp(facts.version, same.version) == 0 &&
                   strcmp(facts.state, same.state) == 0);
        text_free(&text);
        if (!link_row_parse(line, 1, &row, &storage))
            continue;
        wsl_assert(row.client && row.listener && row.route && session_row_state(&row));
        wsl_assert(row.stalled < 4 && row.id != 0);
        link_row_print(&row, &text);
        rest = text_slice(&text);
        wsl_assert(link_message_line(&rest, &again) && rest.len == 0);
        wsl_assert(link_row_parse(again, 1, &second, &other));
        wsl_assert(second.id == row.id && second.bytes_up == row.bytes_up &&
                   second.state == row.state && strcmp(second.route, row.route) == 0);
        text_free(&text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice packet = {(const char *)data, size};
    struct link_message_request request;
    uint64_t nonce;
    bool last;
    struct slice body;
    if (link_message_parse(packet, &request))
        wsl_assert(request.query.len < size && request.verb < LINK_MESSAGE_VERBS);
    if (link_message_answer(packet, &nonce, &last, &body))
        read_rows(body);
    return 0;
}
