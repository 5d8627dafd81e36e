#include "run/cli/cli.h"

#include <stdio.h>

#include "config/load.h"
#include "lib/cli_run.h"
#include "lib/config_equal.h"
#include "run/args/cli_flag.h"

static const char gateway[] = "log: {level: warn, file: a.log}\n"
                              "listeners: [\":6080\", \":6081\"]\n"
                              "routes: [{path: /a, target: \"tcp://h:1\"}]\n";

static void takes_a_file(void **state)
{
    const char *directory = *state;
    char expected[128];
    struct run run;
    write_file("gateway.yaml", gateway);
    parse_file(&run, "--config gateway.yaml -v --workers=3");
    assert_int_equal(run.result.action, CLI_RUN);
    const struct config *config = run.result.config;
    assert_int_equal(config->listener_count, 2);
    assert_int_equal(config->log.level, CONFIG_LOG_DEBUG);
    assert_int_equal(config->log.target, CONFIG_LOG_FILE);
    snprintf(expected, sizeof(expected), "%s/a.log", directory);
    assert_string_equal(config->log.file, expected);
    assert_int_equal(config->workers, 3);
    assert_string_equal(run.result.file.path, "gateway.yaml");
    done(&run);

    parse_file(&run, "-D --log-file=b.log --config=gateway.yaml");
    assert_true(run.result.daemon);
    snprintf(expected, sizeof(expected), "%s/gateway.yaml", directory);
    assert_string_equal(run.result.file.path, expected);
    snprintf(expected, sizeof(expected), "%s/b.log", directory);
    assert_string_equal(run.result.config->log.file, expected);
    /* A reload loads the same again, from any directory. */
    struct diag diag;
    diag_init(&diag);
    assert_int_equal(chdir("/"), 0);
    const struct config *again = load_config(&run.result.file, &diag);
    assert_int_equal(chdir(directory), 0);
    assert_true(config_equal(again, run.result.config));
    config_release(again);
    diag_free(&diag);
    done(&run);
}

static void a_file_has_its_own_addresses(void **state)
{
    write_file("gateway.yaml", gateway);
    refuses("--config=gateway.yaml 6080 h:1", 2, "the addresses are in the file of --config");
    refuses("--config=gateway.yaml --heartbeat=5", 2,
            "--heartbeat: belongs to listeners or routes, which are in the file; write it there");
    refuses("--config=gateway.yaml --workers=many", 2, "--workers: must be a number");
    refuses("--config=", 2, "--config: the file name is empty");
    refuses("--config ~ -D", 2, "--config: the file name is empty");
    refuses("--config=none.yaml", 1, "cannot read 'none.yaml': No such file");
    refuses("--config", 2, "--config: needs an argument; write --config=FILE");
    write_file("gateway.yaml", "listeners: [\":1\"]\nroutes: [{path: /}]\n");
    struct run run;
    parse(&run, "--config=gateway.yaml");
    assert_int_equal(run.result.exit_status, 1);
    assert_non_null(
        strstr(run.err, "gateway.yaml:2:10: error: routes[0]: the route has no target"));
    assert_non_null(strstr(run.err, "     2 | routes: [{path: /}]\n       |          ^\n"));
    done(&run);
}

static void options_stand_behind_the_command(void **state)
{
    refuses("-v check g.yaml", 2, "write the command first: wsluice check g.yaml");
    refuses("--log-level debug status", 2, "write the command first: wsluice status\n");
    refuses("-v reload g.yaml x", 2, "write the command first: wsluice reload g.yaml");
    struct run run;
    parse(&run, "-v demo");
    assert_int_equal(run.result.action, CLI_DEMO);
    done(&run);
}

static void print_config_loads_to_the_same(void **state)
{
    const char *lines[] = {
        "6080 localhost:5900",
        "--unix-listen=s --unix-listen-mode=0660 --unix-target=@t",
        "--cert=c.pem --key=k.pem --ssl-only --verify-client --cafile=c.pem 443 [::1]:5900",
        "--ssl-target --ssl-target-name=n --log-file=l --heartbeat=0 -6 h:0 h:1",
        "--ssl-target-name=n 7 h:1",
        "--text=refuse --connect=first --max-duration=1d --ssl-ciphers=A+B:!C 80 h:1",
        "--config=gateway.yaml --log-level=error",
    };
    create("c.pem");
    create("k.pem");
    write_file("gateway.yaml", gateway);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char line[300];
        struct run run, printed;
        parse_file(&run, lines[i]);
        snprintf(line, sizeof(line), "--print-config %s", lines[i]);
        parse(&printed, line);
        assert_int_equal(printed.result.exit_status, 0);
        write_file("printed.yaml", printed.out);
        /* Paths of the quick command line stay relative; those of a file become absolute. */
        struct run loaded, again;
        parse_file(&loaded, "--config=printed.yaml");
        parse(&again, "--print-config --config=printed.yaml");
        assert_string_equal(again.out, printed.out);
        if (!strstr(lines[i], ".pem") && !strstr(lines[i], "unix") && !strstr(lines[i], "=l"))
            assert_true(config_equal(run.result.config, loaded.result.config));
        done(&run);
        done(&printed);
        done(&loaded);
        done(&again);
    }
    refuses("--print-config demo", 2, "--print-config: a file cannot say demo");
}

/* A valid value that is not the default. */
static const char *sample(const struct options_row *row, const char *directory)
{
    static char path[128];
    static const char *const texts[][2] = {
        {"token-plugin", "TokenFileName"},
        {"ssl-version", "tlsv1_3"},
        {"sandbox", "require"},
        {"wrap-mode", "ignore"},
        {"log-level", "error"},
        {"log-format", "json"},
        {"connect", "first"},
        {"sandbox", "off"},
        {"permit", "10.0.0.0/8:5900"},
        {"text", "refuse"},
        {"ssl-ciphers", "AES128-SHA"},
        {"unix-listen", "@l"},
        {"unix-target", "@t"},
        {"syslog", "@s"},
        {"origins", "https://a,https://*.b"},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        for (size_t j = 0; j < OPTIONS_FLAGS_MAX; j++)
            if (row->flags[j].name && strcmp(row->flags[j].name, texts[i][0]) == 0)
                return texts[i][1];
    snprintf(path, sizeof(path), "%s/c.pem", directory);
    switch (row->value.type) {
    case VALUE_PATH:
        return path;
    case VALUE_MODE:
        return "0640";
    case VALUE_SIZE:
        return "2KiB";
    default:
        return "12";
    }
}

/* The other arguments that a flag needs. */
static const char *needed_with(const char *flag, const char *directory)
{
    static char line[200];
    static const struct {
        const char *flag, *line;
    } needed[] = {
        {"unix-listen", "h:1"},
        {"inetd", "h:1"},
        {"unix-target", "7"},
        {"unix-listen-mode", "--unix-listen=@l h:1"},
        {"legacy-syslog", "--syslog=@s 7 h:1"},
        {"file-only", "--web=%s 7 h:1"},
        {"key", "--cert=%s/c.pem 7 h:1"},
        {"ssl-only", "--cert=%s/c.pem 7 h:1"},
        {"verify-client", "--cert=%s/c.pem 7 h:1"},
        {"cafile", "--cert=%s/c.pem --verify-client 7 h:1"},
        {"ssl-version", "--cert=%s/c.pem 7 h:1"},
        {"ssl-ciphers", "--cert=%s/c.pem 7 h:1"},
        {"ssl-target-name", "--ssl-target 7 h:1"},
        {"ssl-target-insecure", "--ssl-target 7 h:1"},
        {"ssl-target-ca", "--ssl-target 7 h:1"},
        {"token-source", "--token-plugin=TokenFile 7"},
        {"token-plugin", "--token-source=%s 7"},
        {"target-config", "7"},
        {"host-token", "--target-config=%s/c.pem 7"},
        {"permit", "--target-config=%s/c.pem 7"},
        {"wrap-mode", "7 h:1 -- command --with ~ -- words"},
    };
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (strcmp(needed[i].flag, flag) != 0)
            continue;
        const char *place = strstr(needed[i].line, "%s");
        int before = place ? (int)(place - needed[i].line) : (int)strlen(needed[i].line);
        snprintf(line, sizeof(line), "%.*s%s%s", before, needed[i].line, place ? directory : "",
                 place ? place + 2 : "");
        return line;
    }
    return "7 h:1";
}

/* A word of the line, by what is in front of it; what ps would show. */
static const char *word_after(const struct run *run, const char *flag)
{
    for (int i = 1; i + 1 < run->argc; i++)
        if (strcmp(run->argv[i], flag) == 0)
            return run->argv[i + 1];
    fail_msg("no %s", flag);
    return "";
}

static void passwords_are_erased_from_the_arguments(void **state)
{
    struct run run;
    static const struct {
        const char *line, *flag;
        bool erased;
    } rows[] = {
        {"--cert c.pem --key-password hush 7 h:1", "--key-password", true},
        {"--key-password hush --no-such 7 h:1", "--key-password", true},
        {"--auth-plugin BasicHTTPAuth --auth-source user:hush 7 h:1", "--auth-source", true},
        {"--token-plugin TokenRedis --token-source h:6379:0:hush 7", "--token-source", true},
        {"--token-plugin websockify.token_plugins.TokenRedis --token-source h:1:0:hush 7",
         "--token-source", true},
        {"--token-plugin TokenRedis --target-config h:6379:0:hush 7", "--target-config", true},
        {"--token-plugin TokenFile --token-source redis://u:hush@h/ 7", "--token-source", true},
        {"--token-plugin TokenFile --token-source redis://h/ 7", "--token-source", false},
        {"--token-plugin TokenFile --token-source /etc/tokens 7", "--token-source", false},
        {"--cert c.pem 7 h:1", "--cert", false},
    };
    for (size_t i = 0; i < WSL_COUNT(rows); i++) {
        parse_words(&run, "wsluice", rows[i].line);
        const char *word = word_after(&run, rows[i].flag);
        if ((word[0] == '\0') != rows[i].erased)
            fail_msg("%s: '%s' is left", rows[i].line, word);
        for (size_t j = 0; j < sizeof(run.line) - 4; j++)
            assert_int_not_equal(memcmp(run.line + j, "hush", 4), 0);
        done(&run);
    }
    parse_words(&run, "wsluice", "--key-password=hush --cert=c.pem 7 h:1");
    assert_string_equal(run.argv[1], "--key-password=");
    done(&run);
}

static void check_printed(const struct cli_flag *flag, const char *directory)
{
    char words[400], line[420];
    struct run run, printed, loaded;
    const char *argument = flag->flag->argument ? sample(flag->row, directory) : "";
    snprintf(words, sizeof(words), "--%s%s%s %s", flag->flag->name, *argument ? "=" : "", argument,
             needed_with(flag->flag->name, directory));
    snprintf(line, sizeof(line), "--print-config %s", words);
    parse_file(&run, words);
    if (run.result.action != CLI_RUN)
        fail_msg("%s: %s", words, run.err);
    parse(&printed, line);
    write_file("printed.yaml", printed.out);
    parse_file(&loaded, "--config=printed.yaml");
    if (loaded.result.action != CLI_RUN)
        fail_msg("%s: %s", words, loaded.err);
    if (!config_equal(run.result.config, loaded.result.config))
        fail_msg("%s: is not the same as\n%s", words, printed.out);
    done(&run);
    done(&printed);
    done(&loaded);
}

/* All but secrets, which are not printed. */
static void print_config_keeps_every_flag(void **state)
{
    struct cli_flag flag;
    create("c.pem");
    for (size_t cursor = 0; cli_flag_next(NULL, &cursor, &flag);)
        if (flag.meaning == CLI_FLAG_OPTION && !flag.row->secret)
            check_printed(&flag, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(takes_a_file),
        IN_DIRECTORY(a_file_has_its_own_addresses),
        IN_DIRECTORY(options_stand_behind_the_command),
        IN_DIRECTORY(print_config_loads_to_the_same),
        IN_DIRECTORY(passwords_are_erased_from_the_arguments),
        IN_DIRECTORY(print_config_keeps_every_flag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
