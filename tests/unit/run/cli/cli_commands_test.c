#include "run/cli/cli_commands.h"

#include "lib/cli_run.h"

static void answers(const char *line, const char *out)
{
    struct run run;
    parse(&run, line);
    assert_int_equal(run.result.exit_status, 0);
    if (!strstr(run.out, out))
        fail_msg("%s: expected '%s' in: %s", line, out, run.out);
    assert_string_equal(run.err, "");
    done(&run);
}

static void each_has_its_help(void **state)
{
    const struct cli_command_list *list = cli_commands_list();
    const char *const asks[] = {"--help", "-h", "a b c --help", "--hel"};
    for (size_t i = 0; i < list->count; i++) {
        for (size_t j = 0; j < WSL_COUNT(asks); j++) {
            char line[80], usage[80];
            snprintf(line, sizeof(line), "%s %s", list->commands[i]->name, asks[j]);
            snprintf(usage, sizeof(usage), "usage: wsluice %s", list->commands[i]->name);
            answers(line, usage);
        }
        for (size_t j = 0; j < list->commands[i]->flag_count; j++) {
            char line[80], name[80];
            snprintf(line, sizeof(line), "%s --help", list->commands[i]->name);
            snprintf(name, sizeof(name), " --%s", list->commands[i]->flags[j].name);
            answers(line, name);
        }
    }
}

static void help_is_no_wider_than_a_terminal(void **state)
{
    const struct cli_command_list *list = cli_commands_list();
    for (size_t i = 0; i < list->count; i++) {
        struct run run;
        char line[80];
        snprintf(line, sizeof(line), "%s --help", list->commands[i]->name);
        parse(&run, line);
        for (char *p = run.out, *end; (end = strchr(p, '\n')); p = end + 1)
            assert_true(end - p <= 80);
        done(&run);
    }
}

/* The grammar is that of the command line without a subcommand. */
static void options_are_written_in_every_way(void **state)
{
    write_file("gateway.yaml", "listeners: [\":1\"]\nroutes: [{path: /, target: \"tcp://h:1\"}]\n");
    answers("check -- gateway.yaml", "gateway.yaml: ok");
    answers("check gateway.yaml --", "gateway.yaml: ok");
    answers("help-config --mark", "# The configuration file");
    answers("status --socket none --hel", "usage: wsluice status");
    answers("check gateway.yaml --syn", "gateway.yaml: ok");
}

static void wrong_usage_is_explained(void **state)
{
    refuses("status --watsh", 2, "--watsh: unknown option; did you mean --watch?");
    refuses("status --zzz", 2, "--zzz: unknown option; see wsluice status --help");
    refuses("status -x", 2, "-x: unknown option; see wsluice status --help");
    refuses("status --s", 2, "--s: ambiguous option; it could be --sort, --socket");
    refuses("status --json=yes", 2, "--json: takes no argument");
    refuses("status --socket", 2, "--socket: needs an argument; write --socket=FILE");
    refuses("status --socket --json", 2, "--socket: needs an argument");
    refuses("status --socket=", 2, "--socket: must not be empty");
    refuses("status a b", 2, "b: too many arguments");
    refuses("check", 2, "FILE is missing");
    refuses("reload --zzz", 2, "--zzz: unknown option");
    refuses("check --syntax --connect x.yaml", 2, "--connect: not with --syntax");
    refuses("check -- --odd --even", 2, "--even: too many arguments");
    refuses("schema x", 2, "x: takes no arguments");
    refuses("help-config --markdown limits", 2, "limits: a PATH or an option, not both");
    refuses("help-config --man", 2, "--man: ");
    refuses("kill", 2, "name a session id");
    refuses("kill file --socket=s", 2, "file: name a session id");
    refuses("check --config g.yaml", 2,
            "--config: unknown option; name the file without it: wsluice check FILE");
    refuses("reload -c g.yaml", 2, "-c: unknown option; name the file without it");
    refuses("schema --config=g.yaml", 2, "--config: unknown option; see wsluice schema --help");
    refuses("health http://h/ --socket=s", 2, "--socket or a URL, not both");
}

/* Two mistakes of one command line are two lines. */
static void all_mistakes_are_reported(void **state)
{
    struct run run;
    parse(&run, "status --zzz W --json=1 a");
    assert_int_equal(run.result.exit_status, 2);
    assert_non_null(strstr(run.err, "--zzz"));
    assert_non_null(strstr(run.err, "--json"));
    assert_null(strstr(run.err, "too many"));
    done(&run);
}

static void a_misspelt_command_is_told_the_nearest(void **state)
{
    refuses("statsu", 2, "wsluice: error: statsu: unknown command; did you mean 'wsluice status'?");
    refuses("chekc g.yaml", 2, "did you mean 'wsluice check'?");
    refuses("stauts --json --watsh", 2, "stauts: unknown command; did you mean 'wsluice status'?");
    refuses("help-confg", 2, "did you mean 'wsluice help-config'?");
    refuses("dmeo", 2, "did you mean 'wsluice demo'?");
    refuses("-v statsu", 2, "statsu: unknown command; did you mean 'wsluice status'?");
    refuses("-v status", 2, "write the command first: wsluice status");
    refuses("--check g.yaml", 2, "--check: unknown option; did you mean 'wsluice check'?");
    refuses("--status", 2, "--status: unknown option; did you mean 'wsluice status'?");
    refuses("--config=g.yaml chekc", 2, "chekc: unknown command; did you mean 'wsluice check'?");
}

/* Words that are no command's, or that an address may be. */
static void other_command_lines_are_as_before(void **state)
{
    const char *const lines[] = {"6080 check:5900",
                                 "demo",
                                 "status:6080 check:1",
                                 "--unix-target=status 6080",
                                 "--unix-listen=chekc man:1",
                                 "--log-file status 6080 a:1",
                                 "6080 -- statsu"};
    for (size_t i = 0; i < WSL_COUNT(lines); i++) {
        struct run run;
        parse(&run, lines[i]);
        assert_string_equal(run.err, "");
        assert_int_equal(run.result.exit_status, 0);
        done(&run);
    }
    refuses("x a:1", 2, "Error parsing listen port");
    refuses("http localhost:80", 2, "Error parsing listen port");
    refuses("gw.yaml", 2, "did you mean --config=gw.yaml?");
    refuses("entirelydifferent", 2,
            "entirelydifferent: neither a command nor a port; see wsluice --help");
    refuses("localhost:5900", 2, "Too few arguments");
}

static void names_are_unique(void **state)
{
    const struct cli_command_list *list = cli_commands_list();
    for (size_t i = 0; i < list->count; i++)
        assert_ptr_equal(cli_command_find(list, list->commands[i]->name), list->commands[i]);
    assert_null(cli_command_find(list, "chec"));
    assert_null(cli_command_find(list, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(each_has_its_help),
        IN_DIRECTORY(help_is_no_wider_than_a_terminal),
        IN_DIRECTORY(options_are_written_in_every_way),
        IN_DIRECTORY(wrong_usage_is_explained),
        IN_DIRECTORY(all_mistakes_are_reported),
        IN_DIRECTORY(a_misspelt_command_is_told_the_nearest),
        IN_DIRECTORY(other_command_lines_are_as_before),
        IN_DIRECTORY(names_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
