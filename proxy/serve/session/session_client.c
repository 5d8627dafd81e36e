#include "serve/session/session_client.h"

#include <unistd.h>

#include "serve/site/site.h"

void session_client_drop(struct session_client *client)
{
    close(client->fd);
    limits_leave(&client->usage);
    site_release(client->site);
}
