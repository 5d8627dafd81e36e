#include "run/cli/cli_passwd.h"

#include <errno.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/text/utf8.h"
#include "core/auth/users_edit.h"
#include "run/cli/call/cli_call.h"
#include "run/passwd/password_make.h"
#include "run/passwd/password_prompt.h"
#include "run/passwd/users_write.h"

#define ERROR_MAX 512

/* By the names of --method. */
static const struct {
    const char *name;
    enum users_hash kind;
} methods[] = {
    {"yescrypt", USERS_HASH_yescrypt},
    {"bcrypt", USERS_HASH_bcrypt},
    {"sha512", USERS_HASH_sha512},
};

static const char *method_name(enum users_hash kind)
{
    for (size_t i = 0; i < WSL_COUNT(methods); i++)
        if (methods[i].kind == kind)
            return methods[i].name;
    return "";
}

/* EXIT_SUCCESS, or a status with its error printed. Without --method: the first that there is. */
static int choose_method(const struct cli_call *call, enum users_hash *kind)
{
    const char *wanted = cli_scan_value(call->scan, "method");
    bool known = !wanted;
    for (size_t i = 0; i < WSL_COUNT(methods); i++) {
        if (wanted && strcmp(wanted, methods[i].name) != 0)
            continue;
        known = true;
        *kind = methods[i].kind;
        if (password_supports(*kind))
            return EXIT_SUCCESS;
    }
    if (!known)
        return cli_call_wrong_usage(call, "--method", "must be yescrypt, bcrypt or sha512");
    return cli_call_cannot(call, wanted ? "this build of wsluice cannot hash so: its C library "
                                          "lacks that method; choose another --method"
                                        : "this build of wsluice cannot hash passwords: its C "
                                          "library has no crypt(3)");
}

/* ---- the password ---- */

/* NULL, or why no client could send it. */
static const char *check_password(struct slice password)
{
    if (ascii_has_control(password))
        return "a control character in the password: browsers do not send it";
    return utf8_is_valid(password) ? NULL : "the password is not UTF-8: browsers send UTF-8";
}

static const char *problem_of(enum password_prompt result, const struct password_typed *typed)
{
    switch (result) {
    case PASSWORD_PROMPT_READ:
        return check_password(password_prompt_slice(typed));
    case PASSWORD_PROMPT_NOTHING:
        return "no password was given; nothing is changed";
    case PASSWORD_PROMPT_LONG:
        return "the password is longer than 511 bytes";
    case PASSWORD_PROMPT_FAILED:
        break;
    }
    return strerror(errno);
}

/* EXIT_SUCCESS, or a status with its error printed. */
static int ask(const struct cli_call *call, const char *question, struct password_typed *typed)
{
    enum password_prompt result = password_prompt_read(STDIN_FILENO, call->err, question, typed);
    const char *problem = problem_of(result, typed);
    return problem ? cli_call_cannot(call, problem) : EXIT_SUCCESS;
}

/* A terminal is asked twice. */
static int ask_for_new(const struct cli_call *call, const char *user, struct password_typed *typed)
{
    char question[USERS_NAME_MAX + 32];
    struct password_typed again = {0};
    snprintf(question, sizeof(question), "New password of %s: ", user);
    int status = ask(call, question, typed);
    if (status != EXIT_SUCCESS || !isatty(STDIN_FILENO))
        return status;
    status = ask(call, "The same again: ", &again);
    if (status == EXIT_SUCCESS &&
        !slice_equal(password_prompt_slice(typed), password_prompt_slice(&again)))
        status = cli_call_cannot(call, "the two passwords differ; nothing is changed");
    explicit_bzero(&again, sizeof(again));
    return status;
}

static int make_hash(const struct cli_call *call, enum users_hash kind, struct slice password,
                     char hash[static USERS_HASH_MAX + 1])
{
    if (kind == USERS_HASH_bcrypt && password.len > PASSWORD_BCRYPT_MAX)
        return cli_call_cannot(call, "bcrypt takes 72 bytes of a password: choose a shorter one, "
                                     "or another --method");
    return password_make_hash(password, kind, hash)
               ? EXIT_SUCCESS
               : cli_call_cannot(call, "the password cannot be hashed: it is too long for this "
                                       "method, or memory is short");
}

/* ---- the file ---- */

static int fault_of(const struct cli_call *call, const char *path, const struct users_edit *edit)
{
    char message[ERROR_MAX];
    snprintf(message, sizeof(message), "%s:%u: %s", path, edit->line, edit->fault);
    return cli_call_cannot(call, message);
}

static int absent(const struct cli_call *call, const char *path, const char *user)
{
    char message[ERROR_MAX];
    snprintf(message, sizeof(message), "%s: there is no user %s", path, user);
    return cli_call_cannot(call, message);
}

/* `hash` empty: deletes the user. `how` says what was done. */
static int change(const struct cli_call *call, struct users_write *file, struct slice hash,
                  const char *how)
{
    const char *user = cli_call_operand(call, 1);
    char error[ERROR_MAX];
    struct users_edit edit;
    struct text out = {0};
    enum users_edit_result result = users_edit_apply((struct slice){file->text, file->length},
                                                     slice_of(user), hash, &out, &edit);
    if (result == USERS_EDIT_REFUSED)
        return fault_of(call, file->path, &edit);
    if (result == USERS_EDIT_ABSENT)
        return absent(call, file->path, user);
    bool written = !out.failed && users_write_replace(file, text_slice(&out), error, sizeof(error));
    if (out.failed)
        snprintf(error, sizeof(error), "out of memory");
    text_free(&out);
    if (!written)
        return cli_call_cannot(call, error);
    fprintf(call->out, "%s: %s %s%s\n", file->path, user,
            result == USERS_EDIT_ADDED ? "added"
            : hash.len > 0             ? "changed"
                                       : "deleted",
            how);
    if (edit.line > 0)
        fprintf(call->err, "wsluice: warning: %s:%u: %s\n", file->path, edit.line, edit.fault);
    return EXIT_SUCCESS;
}

/* Judges the file before anyone types a password for it. */
static int preview(const struct cli_call *call, const struct users_write *file)
{
    struct users_edit edit;
    struct text out = {0};
    enum users_edit_result result =
        users_edit_apply((struct slice){file->text, file->length},
                         slice_of(cli_call_operand(call, 1)), SLICE("-"), &out, &edit);
    text_free(&out);
    return result == USERS_EDIT_REFUSED ? fault_of(call, file->path, &edit) : EXIT_SUCCESS;
}

static int set_password(const struct cli_call *call, struct users_write *file)
{
    enum users_hash kind = USERS_HASH_yescrypt;
    struct password_typed typed = {0};
    char hash[USERS_HASH_MAX + 1], how[32];
    int status = choose_method(call, &kind);
    if (status == EXIT_SUCCESS)
        status = preview(call, file);
    if (status == EXIT_SUCCESS)
        status = ask_for_new(call, cli_call_operand(call, 1), &typed);
    if (status == EXIT_SUCCESS)
        status = make_hash(call, kind, password_prompt_slice(&typed), hash);
    explicit_bzero(&typed, sizeof(typed));
    if (status != EXIT_SUCCESS)
        return status;
    snprintf(how, sizeof(how), " (%s)", method_name(kind));
    return change(call, file, slice_of(hash), how);
}

static int verify(const struct cli_call *call, const struct users_write *file)
{
    const char *user = cli_call_operand(call, 1);
    char question[USERS_NAME_MAX + 32];
    struct users_edit edit;
    struct password_typed typed = {0};
    struct slice hash =
        users_edit_find((struct slice){file->text, file->length}, slice_of(user), &edit);
    if (edit.line > 0)
        return fault_of(call, file->path, &edit);
    if (hash.len == 0)
        return absent(call, file->path, user);
    snprintf(question, sizeof(question), "Password of %s: ", user);
    int status = ask(call, question, &typed);
    if (status != EXIT_SUCCESS)
        return status;
    enum password_verdict verdict = password_verify(password_prompt_slice(&typed), hash);
    explicit_bzero(&typed, sizeof(typed));
    if (verdict == PASSWORD_RIGHT) {
        fprintf(call->out, "%s: the password of %s is right\n", file->path, user);
        return EXIT_SUCCESS;
    }
    return cli_call_cannot(call,
                           verdict == PASSWORD_WRONG ? "the password is wrong" : "out of memory");
}

/* ---- the command ---- */

static int run_on(const struct cli_call *call, struct users_write *file)
{
    if (cli_scan_has(call->scan, "verify"))
        return verify(call, file);
    if (cli_scan_has(call->scan, "delete"))
        return change(call, file, (struct slice){"", 0}, "");
    return set_password(call, file);
}

static int run_passwd(const struct cli_call *call)
{
    const char *path = cli_call_operand(call, 0), *user = cli_call_operand(call, 1);
    const char *fault = users_file_name(slice_of(user));
    bool removes = cli_scan_has(call->scan, "delete"),
         verifies = cli_scan_has(call->scan, "verify");
    bool chooses = cli_scan_has(call->scan, "method");
    char error[ERROR_MAX];
    struct users_write file;
    if (fault)
        return cli_call_wrong_usage(call, "USER", fault);
    if (removes + verifies + chooses > 1)
        return cli_call_wrong_usage(call, "", "--delete, --verify and --method exclude each other");
    int status = users_write_open(&file, path, error, sizeof(error)) ? run_on(call, &file)
                                                                     : cli_call_cannot(call, error);
    users_write_close(&file);
    return status;
}

static const struct options_flag passwd_flags[] = {
    {.name = "method",
     .argument = "yescrypt|bcrypt|sha512",
     .help = "hash the password so; yescrypt if it is not given"},
    {.name = "delete", .help = "delete the user"},
    {.name = "verify", .help = "ask for the password, and say whether it is the user's"},
};

const struct cli_command cli_passwd_command = {
    .name = "passwd",
    .operands = "FILE USER",
    .operands_min = 2,
    .operands_max = 2,
    .operand = CLI_OPERAND_FILE,
    .flags = passwd_flags,
    .flag_count = WSL_COUNT(passwd_flags),
    .help = "set the password of a user in a users file, for auth",
    .details = "Asks twice for the password of USER, and writes USER:HASH into FILE, which is\n"
               "made if it is missing. Without a terminal the password is one line of the\n"
               "standard input:\n"
               "\n"
               "  wsluice passwd /etc/wsluice/users ann\n"
               "  openssl rand -base64 15 | tee ann.txt | wsluice passwd /etc/wsluice/users ann\n"
               "\n"
               "The file is replaced as a whole and keeps its owner and mode. A new one is\n"
               "readable for its owner alone: let the user of the service read it, too. A\n"
               "running wsluice takes it up by itself. Sessions that are open stay open;\n"
               "`wsluice kill` ends them.\n"
               "\n"
               "Exit status: 0; 1 if it failed, or if the password is wrong (--verify).\n",
    .run = run_passwd,
};
