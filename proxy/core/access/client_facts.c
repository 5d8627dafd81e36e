#include "core/access/client_facts.h"

#include "codec/http/http_char.h"

void client_facts_add(struct text *out, const char *name, struct slice value)
{
    text_add_string(out, name);
    text_add_string(out, ": ");
    for (size_t i = 0; i < value.len; i++)
        text_add_byte(out, http_char_is(value.ptr[i], HTTP_CHAR_VALUE) ? value.ptr[i] : '?');
    text_add_string(out, "\r\n");
}

void client_facts_copy(struct text *out, const struct http_head *head, const char *name)
{
    for (unsigned i = 0; i < head->field_count; i++)
        if (slice_equal_nocase(head->fields[i].name, slice_of(name)))
            client_facts_add(out, name, head->fields[i].value);
}

void client_facts_write(struct text *out, const struct client_facts *facts)
{
    if (facts->client->known) {
        char address[IP_TEXT];
        size_t length = ip_print(facts->client->ip.address, address);
        client_facts_add(out, "X-Forwarded-For", (struct slice){address, length});
    }
    client_facts_add(out, "X-Forwarded-Proto", slice_of(facts->secure ? "https" : "http"));
    if (facts->head->host.len > 0)
        client_facts_add(out, "X-Forwarded-Host", facts->head->host);
}
