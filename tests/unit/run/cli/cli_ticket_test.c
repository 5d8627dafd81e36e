#include "run/cli/cli_ticket.h"

#include "base/base.h"
#include "codec/json_value.h"
#include "lib/cli_run.h"

/* The output of a line that succeeds, without its newline. */
static void output_of(const char *line, char *out, size_t size)
{
    struct run run;
    parse(&run, line);
    if (run.result.exit_status != 0)
        fail_msg("%s: %s", line, run.err);
    snprintf(out, size, "%s", run.out);
    out[strcspn(out, "\n")] = '\0';
    done(&run);
}

static void write_output(const char *line, const char *file)
{
    struct run run;
    parse(&run, line);
    if (run.result.exit_status != 0)
        fail_msg("%s: %s", line, run.err);
    write_file(file, run.out);
    done(&run);
}

static void each_algorithm_goes_around(void **state)
{
    static const char *const names[] = {"HS256", "HS384", "HS512", "PS256",
                                        "ES256", "ES384", "ES512", "EdDSA"};
    for (size_t i = 0; i < WSL_COUNT(names); i++) {
        char line[512], token[350];
        struct stat status;
        bool secret = names[i][0] == 'H';
        snprintf(line, sizeof(line), "ticket key --algorithm=%s %s.key", names[i], names[i]);
        says(line, 0, "", "");
        snprintf(line, sizeof(line), "%s.key", names[i]);
        assert_int_equal(stat(line, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        if (strcmp(names[i], "PS256") == 0) /* its tickets are longer than a line of the test */
            continue;
        snprintf(line, sizeof(line), "ticket mint --algorithm=%s --key=%s.key --user=ann", names[i],
                 names[i]);
        output_of(line, token, sizeof(token));
        if (!secret) {
            snprintf(line, sizeof(line), "ticket key --public --algorithm=%s %s.key", names[i],
                     names[i]);
            write_output(line, "public");
        }
        snprintf(line, sizeof(line), "ticket verify --algorithm=%s --key=%s%s %s", names[i],
                 secret ? names[i] : "public", secret ? ".key" : "", token);
        says(line, 0, "\"sub\":\"ann\"", "");
    }
}

static void sets_of_keys_go_around(void **state)
{
    char line[512], token[400];
    write_output("ticket key --jwk --algorithm=ES256 --kid=first", "one.jwk");
    says("ticket key --jwk --algorithm=EdDSA two.jwk", 0, "", "");
    write_output("ticket key --jwk --public one.jwk", "set");
    output_of("ticket mint --key=one.jwk", token, sizeof(token));
    snprintf(line, sizeof(line), "ticket verify --key=set %s", token);
    says(line, 0, "\"exp\":", "");
    snprintf(line, sizeof(line), "ticket show %s", token);
    says(line, 0, "\"kid\":\"first\"", "");
    snprintf(line, sizeof(line), "ticket verify --key=two.jwk %s", token);
    says(line, 1, "", "no key has the kid of the ticket");
    says("ticket mint --key=one.jwk --kid=other", 1, "", "no private key of that kid");
    says("ticket mint --key=set", 1, "", "there is no private key in the file");
}

static void claims(void **state)
{
    char line[512], token[400];
    says("ticket key s", 0, "", "");
    output_of("ticket mint --key=s --algorithm=HS256 --audience=a --audience=b --issuer=i --once "
              "--claim=to=x --claim=n:=7 --lifetime=90s",
              token, sizeof(token));
    snprintf(line, sizeof(line), "ticket show %s", token);
    says(line, 0, "{\"iss\":\"i\",\"aud\":[\"a\",\"b\"],\"iat\":", "");
    says(line, 0, "\"jti\":\"", "");
    says(line, 0, "\"to\":\"x\",\"n\":7}", "");
    says(line, 0, ", in 1m", "");
    snprintf(line, sizeof(line), "ticket verify --key=s --algorithm=HS256 %s", token);
    says(line, 1, "", "the ticket is for another audience; if it is yours, write --audience=NAME");
    snprintf(line, sizeof(line), "ticket verify --key=s --algorithm=HS256 --audience=b %s", token);
    says(line, 0, "\"iss\":\"i\"", "");
    snprintf(line, sizeof(line),
             "ticket verify --key=s --algorithm=HS256 --audience=b --issuer=j %s", token);
    says(line, 1, "", "the ticket is from another issuer");
    snprintf(line, sizeof(line), "ticket verify --key=s --algorithm=HS256 %.40s", token);
    says(line, 1, "", "no JSON Web Token");
}

static void mistakes(void **state)
{
    says("ticket", 2, "", "missing");
    says("ticket mnt", 2, "", "mnt: write key, mint, verify or show");
    says("ticket show a b", 2, "", "too many arguments");
    says("ticket key --user=ann", 2, "", "--user: is not for 'wsluice ticket key'");
    says("ticket show --key=s x.y.z", 2, "", "--key: is not for 'wsluice ticket show'");
    says("ticket key --algorithm=none", 2, "", "--algorithm: must be HS, RS, PS or ES");
    says("ticket key --kid=a", 2, "", "--kid: needs --jwk");
    says("ticket mint", 2, "", "write --key=FILE");
    says("ticket mint x", 2, "", "x: mint takes options only");
    says("ticket mint --key=none.key", 1, "", "none.key: No such file or directory");
    says("ticket key s", 0, "", "");
    says("ticket key s", 1, "", "s: File exists; a key is not replaced");
    says("ticket key no/s", 1, "", "no/s: No such file or directory");
    says("ticket mint --key=s", 1, "", "does not say its algorithm");
    says("ticket mint --key=s --algorithm=ES256", 1, "", "neither a key in PEM format nor a JWK");
    says("ticket mint --key=s --algorithm=HS512", 1, "", "needs at least 64");
    says("ticket key --public --algorithm=HS256 s", 1, "", "a secret has no public part");
    says("ticket mint --key=s --algorithm=HS256 --lifetime=0", 2, "", "must be 1s to 3660d");
    says("ticket mint --key=s --algorithm=HS256 --claim=a", 2, "", "write NAME=TEXT");
    says("ticket mint --key=s --algorithm=HS256 --claim=exp:=1", 1, "", "the same name");
    says("ticket mint --key=s --algorithm=HS256 --issuer=a --issuer=b", 2, "", "one issuer");
    says("ticket verify --key=s --algorithm=HS256 ~", 1, "", "no ticket was given");
}

static void says_what_it_lacks(void **state)
{
    says("ticket key", 1, "", JSON_VALUE_LIBRARY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(each_algorithm_goes_around),
        IN_DIRECTORY(sets_of_keys_go_around),
        IN_DIRECTORY(claims),
        IN_DIRECTORY(mistakes),
    };
    const struct CMUnitTest without[] = {IN_DIRECTORY(says_what_it_lacks)};
    if (!JSON_VALUE_IS_BUILT_IN)
        return cmocka_run_group_tests(without, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
