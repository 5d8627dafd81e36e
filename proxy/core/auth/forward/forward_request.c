#include "core/auth/forward/forward_request.h"

/* Path and query as they were sent, behind the authority if there is one. */
static void write_uri(struct text *uri, const struct http_head *head)
{
    text_add(uri, head->path);
    if (head->query.ptr) {
        text_add_byte(uri, '?');
        text_add(uri, head->query);
    }
}

void forward_request_write(struct text *fields, const struct client_facts *client)
{
    static const char *const passed[] = {"Cookie",          "Authorization",   "Origin",
                                         "Accept",          "Accept-Language", "User-Agent",
                                         "X-Requested-With"};
    const struct http_head *head = client->head;
    struct text uri = {0}, url = {0};
    write_uri(&uri, head);
    text_add_string(&url, client->secure ? "https://" : "http://");
    text_add(&url, head->host);
    text_add(&url, text_slice(&uri));
    fields->failed = fields->failed || uri.failed || url.failed;
    client_facts_write(fields, client);
    client_facts_add(fields, "X-Forwarded-Method", head->method);
    client_facts_add(fields, "X-Forwarded-Uri", text_slice(&uri));
    client_facts_add(fields, "X-Original-Method", head->method);
    client_facts_add(fields, "X-Original-URI", text_slice(&uri));
    client_facts_add(fields, "X-Original-URL", text_slice(&url));
    for (size_t i = 0; i < WSL_COUNT(passed); i++)
        client_facts_copy(fields, head, passed[i]);
    text_free(&uri);
    text_free(&url);
}
