#include "core/sandbox/sandbox_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/failing_alloc.h"

/* The plan of a configuration that was filled by hand; the caller frees it. */
static struct sandbox_plan plan_of(const struct config *config)
{
    struct sandbox_plan plan;
    sandbox_plan_make(&plan, config);
    return plan;
}

static const struct sandbox_file *find(const struct sandbox_plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->file_count; i++)
        if (strcmp(plan->files[i].path, path) == 0)
            return &plan->files[i];
    return NULL;
}

static void has_file(const struct sandbox_plan *plan, const char *path, enum options_use use)
{
    const struct sandbox_file *file = find(plan, path);
    if (!file)
        fail_msg("%s is not in the plan", path);
    assert_int_equal(file->use, use);
}

static void an_empty_configuration_names_nothing(void **state)
{
    struct config *config = config_new();
    struct sandbox_plan plan = plan_of(config);
    assert_int_equal(plan.file_count, 0);
    assert_int_equal(plan.bind.count, 0);
    assert_int_equal(plan.connect.count, 1); /* DNS */
    assert_int_equal(plan.connect.items[0], 53);
    assert_false(plan.connect.any || plan.reloads || plan.any_abstract || plan.command);
    sandbox_plan_free(&plan);
    config_release(config);
}

static void names_files_by_their_use(void **state)
{
    struct config *config = config_new();
    struct config_certificate certificate = {.certificate = "/c.pem", .key = "/c.key"};
    struct config_listener listeners[] = {
        {.address = {.kind = CONFIG_ADDRESS_UNIX, .path = "/run/w.sock"},
         .tls = {.certificates = &certificate, .certificate_count = 1, .client_ca = "/ca.pem"}},
        {.address = {.kind = CONFIG_ADDRESS_UNIX, .path = "@w"}},
    };
    struct config_target target = {.ca = "/t.pem", .address = {.host = "h", .port = 1}};
    struct config_route route = {.targets = &target,
                                 .target_count = 1,
                                 .record = "/rec/x",
                                 .files = {.root = "/www"},
                                 .tokens = {.file = "/tokens"}};
    config->pid_file = "/run/w.pid";
    config->log.file = "/var/log/w.log";
    config->admin.socket = "/run/admin.sock";
    config->listeners = listeners, config->listener_count = 2;
    config->routes = &route, config->route_count = 1;
    assert_true(config_note_file(config, "/etc/w.yaml"));
    struct sandbox_plan plan = plan_of(config);
    assert_int_equal(plan.file_count, 12);
    has_file(&plan, "/etc/w.yaml", OPTIONS_READS);
    has_file(&plan, "/c.pem", OPTIONS_READS);
    has_file(&plan, "/c.key", OPTIONS_READS);
    has_file(&plan, "/ca.pem", OPTIONS_READS);
    has_file(&plan, "/t.pem", OPTIONS_READS);
    has_file(&plan, "/tokens", OPTIONS_READS);
    has_file(&plan, "/www", OPTIONS_READS);
    has_file(&plan, "/rec/x", OPTIONS_CREATES);
    has_file(&plan, "/run/w.pid", OPTIONS_REPLACES);
    has_file(&plan, "/var/log/w.log", OPTIONS_APPENDS);
    has_file(&plan, "/run/admin.sock", OPTIONS_BINDS);
    has_file(&plan, "/run/w.sock", OPTIONS_BINDS);
    assert_true(find(&plan, "/www")->only_within);
    assert_false(find(&plan, "/tokens")->only_within);
    assert_string_equal(find(&plan, "/c.key")->row->key, "key");
    assert_null(find(&plan, "/etc/w.yaml")->row);
    assert_true(plan.any_abstract); /* of tokens */
    sandbox_plan_free(&plan);
    config_release(config);
}

static void names_ports_once_in_order(void **state)
{
    struct config *config = config_new();
    struct config_target targets[] = {
        {.address = {.host = "a", .port = 5900}},
        {.address = {.host = "b", .port = 22}},
        {.address = {.host = "c", .port = 5900}},
        {.address = {.host = "d", .port = 65535}},
        {.address = {.host = "d", .port = 22}, .proxy = "http://me:pass@gate:3128"},
    };
    struct config_listener listeners[] = {
        {.address = {.port = 443}},
        {.address = {.port = 0}},
        {.address = {.kind = CONFIG_ADDRESS_FD, .port = 3}},
    };
    struct config_route route = {.targets = targets, .target_count = 5};
    config->routes = &route, config->route_count = 1;
    config->listeners = listeners, config->listener_count = 3;
    config->file = "/w.yaml";
    struct sandbox_plan plan = plan_of(config);
    static const uint16_t expected[] = {22, 53, 3128, 5900, 65535};
    assert_int_equal(plan.connect.count, 5);
    assert_memory_equal(plan.connect.items, expected, sizeof(expected));
    assert_int_equal(plan.bind.count, 1);
    assert_int_equal(plan.bind.items[0], 443);
    assert_true(plan.reloads);
    assert_false(plan.connect.any || plan.any_abstract);
    sandbox_plan_free(&plan);
    config_release(config);
}

static void knows_what_it_cannot_know(void **state)
{
    struct config *config = config_new();
    struct config_target target = {.address = {.kind = CONFIG_ADDRESS_UNIX, .path = "@desk"}};
    struct config_route route = {.tokens = {.file = "/tokens"}};
    const char *words[] = {"Xvnc"};
    config->routes = &route, config->route_count = 1;
    struct sandbox_plan plan = plan_of(config);
    assert_true(plan.connect.any && plan.any_abstract);
    assert_false(plan.bind.any);
    sandbox_plan_free(&plan);

    route = (struct config_route){.targets = &target, .target_count = 1};
    config->command.words = (struct config_texts){words, 1};
    plan = plan_of(config);
    assert_true(plan.any_abstract && plan.command);
    assert_false(plan.connect.any);
    sandbox_plan_free(&plan);

    target.address.path = "/run/desk";
    config->log.syslog = "@log";
    plan = plan_of(config);
    assert_true(plan.any_abstract);
    sandbox_plan_free(&plan);
    config->log.syslog = "/dev/log";
    plan = plan_of(config);
    assert_false(plan.any_abstract);
    sandbox_plan_free(&plan);
    config_release(config);
}

/* Services that are asked; tokens of any source may lead anywhere. */
static void knows_services(void **state)
{
    struct config *config = config_new();
    struct config_auth auth[] = {{.forward.url = "https://door.example/check"},
                                 {.forward.url = "unix:@door"}};
    struct config_route route = {.auth = {.methods = auth, .count = 1}};
    config->routes = &route, config->route_count = 1;
    struct sandbox_plan plan = plan_of(config);
    static const uint16_t expected[] = {53, 443};
    assert_int_equal(plan.connect.count, 2);
    assert_memory_equal(plan.connect.items, expected, sizeof(expected));
    assert_false(plan.connect.any || plan.any_abstract);
    sandbox_plan_free(&plan);

    route.tokens.redis.url = "redis://desk.example:6380/1";
    plan = plan_of(config);
    static const uint16_t more[] = {53, 443, 6380};
    assert_int_equal(plan.connect.count, 3);
    assert_memory_equal(plan.connect.items, more, sizeof(more));
    sandbox_plan_free(&plan);
    route.tokens.redis.url = NULL;

    struct config_auth keys = {.ticket.key.url = "https://id.example:8443/jwks"};
    struct config_listener listener = {.auth = {.methods = &keys, .count = 1}};
    route.auth.count = 0;
    config->listeners = &listener, config->listener_count = 1;
    plan = plan_of(config);
    assert_int_equal(plan.connect.count, 2);
    sandbox_plan_free(&plan);
    config->listener_count = 0;

    route.auth.count = 2;
    plan = plan_of(config);
    assert_true(plan.any_abstract);
    sandbox_plan_free(&plan);

    route = (struct config_route){.tokens.http.url = "http://127.0.0.1:9000/{token}"};
    plan = plan_of(config);
    assert_true(plan.connect.any);
    sandbox_plan_free(&plan);
    config_release(config);
}

static void permit_says_which_targets_tokens_have(void **state)
{
    static const struct {
        const char *permit[3];
        size_t connect; /* ports, DNS among them; 0: any */
        bool abstract;
    } rows[] = {
        {{"*:5900"}, 2, false},
        {{"10.1.0.0/16:5900-5999", "desk.lan:22"}, 102, false},
        {{"10.1.0.0/16:5900-5999", "any"}, 0, true},
        {{"desk.lan:*"}, 0, false},
        {{"desk.lan:1-1024"}, 1025 - 1, false}, /* 53 is one of them */
        {{"desk.lan:1-1025"}, 0, false},
        {{"unix:/run/desks/*"}, 1, false},
        {{"unix:@desk-*", "h:1"}, 2, true},
    };
    struct config *config = config_new();
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        size_t count = 0;
        while (count < WSL_COUNT(rows[i].permit) && rows[i].permit[count])
            count++;
        struct config_route route = {
            .tokens = {.file = "/tokens", .permit = {rows[i].permit, count}}};
        config->routes = &route, config->route_count = 1;
        struct sandbox_plan plan = plan_of(config);
        assert_int_equal(plan.connect.any, rows[i].connect == 0);
        if (!plan.connect.any)
            assert_int_equal(plan.connect.count, rows[i].connect);
        assert_int_equal(plan.any_abstract, rows[i].abstract);
        sandbox_plan_free(&plan);
    }
    config_release(config);
}

static void compares_ports(void **state)
{
    uint16_t missing, few[] = {22, 53}, more[] = {22, 53, 80};
    struct sandbox_ports none = {0}, two = {few, 2, false}, three = {more, 3, false},
                         any = {NULL, 0, true};
    assert_true(sandbox_plan_ports_cover(&three, &two, &missing));
    assert_false(sandbox_plan_ports_cover(&two, &three, &missing));
    assert_int_equal(missing, 80);
    assert_true(sandbox_plan_ports_cover(&none, &none, &missing));
    assert_true(sandbox_plan_ports_cover(&any, &any, &missing));
    assert_true(sandbox_plan_ports_cover(&any, &three, &missing));
    assert_false(sandbox_plan_ports_cover(&three, &any, &missing));
    assert_int_equal(missing, 0);
}

static void survives_without_memory(void **state)
{
    struct config *config = config_new();
    struct config_target targets[3] = {{.address = {.host = "a", .port = 1}},
                                       {.address = {.host = "a", .port = 2}},
                                       {.address = {.host = "a", .port = 3}}};
    struct config_route route = {.targets = targets, .target_count = 3, .record = "/r"};
    config->pid_file = "/p", config->log.file = "/l";
    config->routes = &route, config->route_count = 1;
    bool failed = true;
    for (unsigned n = 1; failed; n++) {
        failing_alloc_arm(n);
        struct sandbox_plan plan = plan_of(config);
        failed = failing_alloc_disarm();
        assert_int_equal(plan.failed, failed);
        sandbox_plan_free(&plan);
    }
    config_release(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_configuration_names_nothing),
        cmocka_unit_test(names_files_by_their_use),
        cmocka_unit_test(names_ports_once_in_order),
        cmocka_unit_test(knows_services),
        cmocka_unit_test(knows_what_it_cannot_know),
        cmocka_unit_test(permit_says_which_targets_tokens_have),
        cmocka_unit_test(compares_ports),
        cmocka_unit_test(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
