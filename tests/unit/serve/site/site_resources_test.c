/* Resources before and after a reload: TLS resumption, sharing, refused files. */
#include "serve/site/site_resources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "config/model/config.h"
#include "lib/failing_alloc.h"
#include "lib/pki.h"
#include "lib/tls_peer.h"
#include "net/tls/context/tls_facts.h"
#include "net/tls/context/tls_store.h"
#include "net/tls/tls.h"
#include "net/tls/tls_scratch.h"

#define DAY 86400

struct world {
    struct pki pki;
    struct tls_scratch *scratch[2]; /* as if of two workers */
    struct pki_path paths[3], ca;
    struct config *config;
    struct config_certificate certificates[2][2];
    struct config_listener listeners[3];
    struct config_target target;
    struct config_route route;
    char error[512];
};

/* Listeners 0 and 1 with TLS, 2 plain; one route to a TLS target. */
static void describe(struct world *world)
{
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++)
            world->certificates[i][j] = (struct config_certificate){
                .certificate = world->paths[j].text,
                .place = {"gateway.yaml", (uint32_t)(10 * i + j + 1), 7}};
        world->listeners[i] = (struct config_listener){
            .tls = {.mode = CONFIG_TLS_REQUIRED,
                    .certificates = world->certificates[i],
                    .certificate_count = 2,
                    .client_ca = world->ca.text,
                    .client_verify = i == 0 ? CONFIG_VERIFY_OFF : CONFIG_VERIFY_REQUIRED,
                    .min_version = CONFIG_TLS_1_2},
            .place = {"gateway.yaml", 3, 5}};
    }
    world->listeners[2] = (struct config_listener){.tls = {.mode = CONFIG_TLS_OFF}};
    world->target = (struct config_target){.address = {.host = "desk.test", .port = 443},
                                           .tls = true,
                                           .ca = world->ca.text,
                                           .certificate = world->paths[2].text};
    world->route = (struct config_route){.targets = &world->target, .target_count = 1};
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    pki_create(&world->pki);
    static const char *const files[] = {"a.pem", "b.pem", "c.pem"};
    for (int i = 0; i < 3; i++) {
        char names[32];
        snprintf(names, sizeof(names), "DNS:%c.test", 'a' + i);
        pki_write_leaf(&world->pki, files[i], files[i], names);
        world->paths[i] = pki_path(&world->pki, files[i]);
    }
    world->ca = pki_path(&world->pki, "ca.pem");
    world->config = config_new();
    describe(world);
    world->config->listeners = world->listeners;
    world->config->listener_count = 3;
    world->config->routes = &world->route;
    world->config->route_count = 1;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    config_release(world->config);
    for (int i = 0; i < 2; i++)
        tls_scratch_free(world->scratch[i]);
    pki_remove(&world->pki);
    free(world);
    return 0;
}

static struct site_resources *open_resources(struct world *world,
                                             const struct site_resources *previous)
{
    world->error[0] = '\0';
    struct site_resources *resources =
        site_resources_create(world->config, previous, world->error, sizeof(world->error));
    assert_string_equal(world->error, "");
    assert_non_null(resources);
    return resources;
}

static void assert_refused(struct world *world, const struct site_resources *previous,
                           const char *beginning, const char *complaint)
{
    assert_null(site_resources_create(world->config, previous, world->error, sizeof(world->error)));
    if (strstr(world->error, beginning) != world->error || !strstr(world->error, complaint))
        fail_msg("expected \"%s\" and \"%s\" in: %s", beginning, complaint, world->error);
    assert_int_equal(ERR_peek_error(), 0);
}

/* ---- resumption ---- */

struct client {
    SSL_CTX *ctx;
    SSL_SESSION *session; /* the latest ticket */
};

static int keep_cb(SSL *ssl, SSL_SESSION *session)
{
    struct client *client = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    SSL_SESSION_free(client->session);
    client->session = session;
    return 1;
}

static void open_client(struct client *client, const struct world *world, int version)
{
    *client = (struct client){.ctx = SSL_CTX_new(TLS_client_method())};
    SSL_CTX_set_app_data(client->ctx, client);
    SSL_CTX_set_min_proto_version(client->ctx, version);
    SSL_CTX_set_max_proto_version(client->ctx, version);
    SSL_CTX_set_session_cache_mode(client->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client->ctx, keep_cb);
    SSL_CTX_use_certificate_file(client->ctx, world->paths[2].text, SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(client->ctx, world->paths[2].text, SSL_FILETYPE_PEM);
}

static void close_client(struct client *client)
{
    SSL_SESSION_free(client->session);
    SSL_CTX_free(client->ctx);
}

/* Whether the client's ticket is accepted there; the client keeps the next one. */
static bool resumes(struct world *world, const struct site_resources *resources, int listener,
                    int worker, struct client *client)
{
    struct tls_peer peer;
    int fd = tls_peer_open(&peer, client->ctx, 0);
    struct transport *t =
        tls_create(resources->listener_tls[listener], &world->scratch[worker], fd);
    SSL_set_connect_state(peer.ssl);
    tls_peer_ask_for(&peer, "b.test");
    if (client->session)
        assert_int_equal(SSL_set_session(peer.ssl, client->session), 1);
    assert_int_equal(tls_peer_handshake(&peer, t).status, IO_OK);
    char byte;
    (void)tls_peer_read(&peer, &byte, 1);
    bool reused = SSL_session_reused(peer.ssl) == 1;
    struct tls_facts facts;
    tls_facts(t, &facts);
    assert_string_equal(facts.server_name, "b.test");
    assert_string_equal(facts.common_name, listener == 1 ? "c.pem" : "");
    SSL_set_shutdown(peer.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* else it is dropped */
    transport_close(t);
    tls_peer_close(&peer);
    return reused;
}

static void test_tickets_outlive_a_reload(void **state)
{
    struct world *world = *state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        for (int listener = 0; listener < 2; listener++) {
            struct client client;
            open_client(&client, world, version);
            struct site_resources *first = open_resources(world, NULL);
            assert_false(resumes(world, first, listener, 0, &client));
            struct site_resources *second = open_resources(world, first);
            site_resources_free(first);
            assert_true(resumes(world, second, listener, 1, &client));
            struct site_resources *third = open_resources(world, second);
            site_resources_free(second);
            assert_true(resumes(world, third, listener, 0, &client));
            site_resources_free(third);
            /* As another process, without these ticket keys. */
            struct site_resources *unrelated = open_resources(world, NULL);
            assert_false(resumes(world, unrelated, listener, 0, &client));
            site_resources_free(unrelated);
            close_client(&client);
        }
    }
}

static void test_tickets_are_for_one_policy(void **state)
{
    struct world *world = *state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct client client;
        open_client(&client, world, version);
        struct site_resources *resources = open_resources(world, NULL);
        assert_false(resumes(world, resources, 0, 0, &client));
        assert_false(resumes(world, resources, 1, 0, &client));
        assert_false(resumes(world, resources, 0, 0, &client));

        /* Renewed certificates change nothing. */
        pki_write_leaf(&world->pki, "b.pem", "renewed", "DNS:b.test");
        struct site_resources *renewed = open_resources(world, resources);
        assert_true(resumes(world, renewed, 0, 1, &client));
        assert_false(resumes(world, renewed, 1, 1, &client));
        site_resources_free(renewed);

        /* Another CA does, though its file has the same name. */
        struct pki_pair other = pki_issue(&world->pki, EVP_EC_gen("P-256"), "CA 2", NULL, NULL);
        FILE *file = pki_open(&world->pki, "ca.pem");
        PEM_write_X509(file, world->pki.ca.certificate);
        PEM_write_X509(file, other.certificate);
        fclose(file);
        struct site_resources *trusting = open_resources(world, resources);
        assert_false(resumes(world, trusting, 1, 0, &client));
        assert_true(resumes(world, trusting, 1, 0, &client));
        site_resources_free(trusting);
        world->listeners[1].tls.ciphers = "ECDHE+AESGCM";
        struct site_resources *stricter = open_resources(world, resources);
        assert_false(resumes(world, stricter, 1, 0, &client));
        site_resources_free(stricter);
        describe(world);
        pki_write(&world->pki, "ca.pem", world->pki.ca.certificate, NULL, NULL);
        pki_free_pair(&other);
        site_resources_free(resources);
        close_client(&client);
    }
}

/* ---- files ---- */

static void changed(struct site_resources *resources)
{
    assert_false(site_resources_files_changed(resources));
    assert_true(site_resources_files_changed(resources));
    assert_false(site_resources_files_changed(resources));
}

static void test_bad_file_keeps_the_old_resources(void **state)
{
    struct world *world = *state;
    struct site_resources *resources = open_resources(world, NULL);
    assert_false(site_resources_files_changed(resources));
    pki_write_text(&world->pki, "b.pem", "no PEM at all\n");
    changed(resources);
    assert_refused(world, resources, "gateway.yaml:2:7: ", "b.pem' holds no certificate");
    for (int i = 0; i < 5; i++)
        assert_false(site_resources_files_changed(resources)); /* reported once */
    struct client client;
    open_client(&client, world, TLS1_3_VERSION);
    assert_false(resumes(world, resources, 0, 0, &client));
    assert_true(resumes(world, resources, 0, 0, &client));

    pki_write_leaf(&world->pki, "b.pem", "renewed", "DNS:b.test");
    changed(resources);
    struct site_resources *next = open_resources(world, resources);
    site_resources_free(resources);
    assert_false(site_resources_files_changed(next));
    assert_true(resumes(world, next, 0, 0, &client));
    close_client(&client);
    site_resources_free(next);
}

static void test_every_file_is_looked_at(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {"a.pem", "b.pem", "c.pem", "ca.pem"};
    struct site_resources *resources = open_resources(world, NULL);
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        pki_write_text(&world->pki, names[i], names[i]);
        changed(resources);
    }
    site_resources_free(resources);
}

static void test_a_new_certificate_is_shown(void **state)
{
    struct world *world = *state;
    struct site_resources *resources = open_resources(world, NULL);
    pki_write_leaf(&world->pki, "b.pem", "renewed", "DNS:b.test,DNS:more.test");
    struct site_resources *next = open_resources(world, resources);
    for (int i = 0; i < 2; i++) {
        SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
        struct tls_peer peer;
        int fd = tls_peer_open(&peer, ctx, 0);
        struct transport *t =
            tls_create((i ? next : resources)->listener_tls[0], &world->scratch[0], fd);
        char shown[TLS_FACTS_NAME_MAX];
        SSL_set_connect_state(peer.ssl);
        tls_peer_ask_for(&peer, "b.test");
        assert_int_equal(tls_peer_handshake(&peer, t).status, IO_OK);
        tls_facts_common_name(SSL_get0_peer_certificate(peer.ssl), shown, sizeof(shown));
        assert_string_equal(shown, i ? "renewed" : "b.pem");
        transport_close(t);
        tls_peer_close(&peer);
        SSL_CTX_free(ctx);
    }
    site_resources_free(resources);
    site_resources_free(next);
}

/* ---- privileges ---- */

static const struct tls_store_certificate *certificate_of(const struct site_resources *resources,
                                                          const char *file)
{
    size_t count;
    const struct tls_store_certificate *all = tls_store_certificates(resources->store, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].file, file) == 0)
            return &all[i];
    return NULL;
}

/* As after the start with "user:"; a test that does not run as root has none to drop. */
static void drop_privileges(struct world *world, bool drop)
{
    if (getuid() == 0)
        assert_int_equal(seteuid(drop ? 65534 : 0), 0);
    else
        assert_int_equal(chmod(world->pki.directory, drop ? 0 : 0700), 0);
}

static void assert_denied(const struct site_resources *resources, const char *file, bool denied)
{
    const struct tls_store_certificate *certificate = certificate_of(resources, file);
    assert_non_null(certificate);
    assert_int_equal(certificate->denied, denied);
}

static void test_unreadable_files_stand_for_what_was_read(void **state)
{
    struct world *world = *state;
    struct site_resources *resources = open_resources(world, NULL);
    struct client client;
    open_client(&client, world, TLS1_3_VERSION);
    assert_false(resumes(world, resources, 0, 0, &client));
    /* CA files are public and must stay readable. */
    world->listeners[1].tls.client_verify = CONFIG_VERIFY_OFF;
    world->target.ca = NULL;
    drop_privileges(world, true);
    for (int i = 0; i < 3; i++)
        assert_false(site_resources_files_changed(resources));
    struct site_resources *next = open_resources(world, resources);
    struct site_resources *last = open_resources(world, next);
    for (int i = 0; i < 3; i++)
        assert_denied(last, world->paths[i].text, true);
    world->certificates[1][1].certificate = world->ca.text;
    assert_refused(world, last, "gateway.yaml:12:7: ", "Permission denied");
    drop_privileges(world, false);
    assert_true(resumes(world, last, 0, 1, &client));
    describe(world);
    struct site_resources *again = open_resources(world, last);
    assert_denied(again, world->paths[1].text, false);
    close_client(&client);
    struct site_resources *all[] = {resources, next, last, again};
    for (size_t i = 0; i < WSL_COUNT(all); i++)
        site_resources_free(all[i]);
}

/* A certificate that anybody may read, and a key that only root may. */
static void test_new_certificate_without_its_key_is_refused(void **state)
{
    struct world *world = *state;
    struct pki_pair pair[2];
    for (int i = 0; i < 2; i++)
        pair[i] = pki_issue(&world->pki, EVP_EC_gen("P-256"), "k", "DNS:k.test", &world->pki.ca);
    pki_write(&world->pki, "k.crt", pair[0].certificate, NULL, NULL);
    pki_write(&world->pki, "k.key", NULL, pair[0].key, NULL);
    struct pki_path certificate = pki_path(&world->pki, "k.crt");
    struct pki_path key = pki_path(&world->pki, "k.key");
    world->certificates[0][0].certificate = certificate.text;
    world->certificates[0][0].key = key.text;
    struct site_resources *resources = open_resources(world, NULL);
    assert_int_equal(chmod(world->pki.directory, 0755), 0);
    assert_int_equal(chmod(key.text, 0), 0);
    if (getuid() == 0)
        assert_int_equal(seteuid(65534), 0);
    struct site_resources *next = open_resources(world, resources);
    assert_denied(next, certificate.text, true);
    site_resources_free(next);
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    pki_write(&world->pki, "k.crt", pair[1].certificate, NULL, NULL);
    if (getuid() == 0)
        assert_int_equal(seteuid(65534), 0);
    assert_refused(world, resources, "gateway.yaml:1:7: key file ", "Permission denied");
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    site_resources_free(resources);
    for (int i = 0; i < 2; i++)
        pki_free_pair(&pair[i]);
}

/* ---- expiry ---- */

static void write_dated(struct world *world, const char *name, long from, long to)
{
    struct pki_pair pair =
        pki_issue(&world->pki, EVP_EC_gen("P-256"), name, "DNS:b.test", &world->pki.ca);
    pki_date(&pair, &world->pki.ca, from, to);
    pki_write(&world->pki, name, pair.certificate, pair.key, NULL);
    pki_free_pair(&pair);
}

/* It serves, at a start and at a reload that brings it. */
static void test_expired_is_no_error(void **state)
{
    struct world *world = *state;
    struct site_resources *resources = open_resources(world, NULL);
    write_dated(world, "b.pem", -20L * DAY, -10);
    struct site_resources *next = open_resources(world, resources);
    site_resources_free(resources);
    site_resources_free(next);
    resources = open_resources(world, NULL);
    assert_true(certificate_of(resources, world->paths[1].text)->not_after < time(NULL));
    site_resources_free(resources);

    /* So does a chain with an expired certificate, and it is known. */
    struct pki_pair leaf =
        pki_issue(&world->pki, EVP_EC_gen("P-256"), "x", "DNS:x", &world->pki.ca);
    struct pki_pair middle = pki_issue(&world->pki, EVP_EC_gen("P-256"), "m", NULL, NULL);
    pki_date(&middle, &middle, -20L * DAY, -1L * DAY);
    FILE *file = pki_open(&world->pki, "b.pem");
    PEM_write_X509(file, leaf.certificate);
    PEM_write_PrivateKey(file, leaf.key, NULL, NULL, 0, NULL, NULL);
    PEM_write_X509(file, middle.certificate);
    fclose(file);
    pki_free_pair(&leaf);
    pki_free_pair(&middle);
    resources = open_resources(world, NULL);
    assert_true(certificate_of(resources, world->paths[1].text)->not_after < time(NULL));
    site_resources_free(resources);
}

static void test_not_yet_valid_is_no_error(void **state)
{
    struct world *world = *state;
    write_dated(world, "b.pem", 2L * DAY, 20L * DAY);
    site_resources_free(open_resources(world, NULL));
}

static void test_certificates_are_listed_once(void **state)
{
    struct world *world = *state;
    struct site_resources *resources = open_resources(world, NULL);
    size_t count;
    (void)tls_store_certificates(resources->store, &count);
    assert_int_equal(count, 3); /* a and b twice, c as the target's */
    for (int i = 0; i < 3; i++) {
        const struct tls_store_certificate *one = certificate_of(resources, world->paths[i].text);
        char name[16];
        snprintf(name, sizeof(name), "%c.test", 'a' + i);
        assert_string_equal(one->name, name);
        assert_in_range(one->not_after, time(NULL) + 3500, time(NULL) + 3600);
    }
    site_resources_free(resources);
}

static void assert_warning(const struct tls_store_certificate *certificate, int64_t now,
                           const char *expected)
{
    char text[300] = "";
    int length = tls_store_warning(certificate, now, text, sizeof(text));
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(text));
}

static void test_warnings_come_in_time(void **state)
{
    (void)state;
    char name[] = "b.test", none[] = "";
    const int64_t from = 1767225600, to = from + 90LL * DAY; /* 2026-01-01 to 04-01 */
    struct tls_store_certificate certificate = {.file = "b.pem",
                                                .name = name,
                                                .not_before = from,
                                                .not_after = to,
                                                .place = {"gateway.yaml", 1, 7}};
    assert_warning(&certificate, from - 1,
                   "gateway.yaml:1:7: certificate 'b.pem' (b.test) is not valid before 2026-01-01; "
                   "check the clock and the file");
    assert_warning(&certificate, from, "");
    assert_warning(&certificate, to - 14LL * DAY, "");
    assert_warning(&certificate, to - 14LL * DAY + 1,
                   "gateway.yaml:1:7: certificate 'b.pem' (b.test) expires on 2026-04-01, in 13 "
                   "days; renew it");
    certificate.denied = true;
    assert_warning(&certificate, from,
                   "gateway.yaml:1:7: certificate 'b.pem' (b.test) or its key can no longer be "
                   "read, so the old one stays in use; give the user that wsluice runs as read "
                   "access");
    certificate.name = none;
    certificate.place.file = NULL;
    assert_warning(&certificate, to,
                   "certificate 'b.pem' expires on 2026-04-01, in 0 days; renew it");
    assert_warning(&certificate, to + 1, "certificate 'b.pem' expired on 2026-04-01; renew it");
}

/* ---- creation and failure ---- */

static void test_without_tls(void **state)
{
    struct world *world = *state;
    world->listeners[0].tls.mode = world->listeners[1].tls.mode = CONFIG_TLS_OFF;
    world->target.tls = false;
    struct site_resources *resources = open_resources(world, NULL);
    for (int i = 0; i < 3; i++)
        assert_null(resources->listener_tls[i]);
    assert_false(site_resources_files_changed(resources));
    site_resources_free(resources);
    site_resources_free(NULL);
}

static void test_targets_are_refused_too(void **state)
{
    struct world *world = *state;
    world->target.key = "/nowhere/key.pem";
    world->target.place = (struct config_place){"gateway.yaml", 30, 9};
    assert_refused(world, NULL, "gateway.yaml:30:9: target ", "key file '/nowhere/key.pem'");
}

static void test_each_allocation_fails(void **state)
{
    struct world *world = *state;
    for (int reload = 0; reload < 2; reload++) {
        struct site_resources *previous = reload ? open_resources(world, NULL) : NULL;
        bool failed = true;
        for (unsigned n = 1; failed; n++) {
            failing_alloc_arm(n);
            struct site_resources *resources =
                site_resources_create(world->config, previous, world->error, sizeof(world->error));
            failed = failing_alloc_disarm();
            assert_int_equal(resources == NULL, failed);
            site_resources_free(resources);
        }
        site_resources_free(previous);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tickets_outlive_a_reload),
        TEST(test_tickets_are_for_one_policy),
        TEST(test_bad_file_keeps_the_old_resources),
        TEST(test_every_file_is_looked_at),
        TEST(test_a_new_certificate_is_shown),
        TEST(test_unreadable_files_stand_for_what_was_read),
        TEST(test_new_certificate_without_its_key_is_refused),
        TEST(test_expired_is_no_error),
        TEST(test_not_yet_valid_is_no_error),
        TEST(test_certificates_are_listed_once),
        TEST(test_warnings_come_in_time),
        TEST(test_without_tls),
        TEST(test_targets_are_refused_too),
        TEST(test_each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
