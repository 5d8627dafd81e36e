#include "core/sandbox/sandbox_verdict.h"

#include "base/text/text.h"

#define PORTS_SHOWN 8

/*
 * A reload may name other ports, and must not fail for that, unless the administrator asks for all
 * there is.
 */
static bool are_ports_fixed(enum config_sandbox mode, const struct sandbox_plan *plan)
{
    return mode == CONFIG_SANDBOX_REQUIRE || !plan->reloads;
}

static bool refuse(struct sandbox_verdict *verdict, const char *problem)
{
    verdict->starts = false;
    snprintf(verdict->refusal, sizeof(verdict->refusal),
             "sandbox: require, but %s; write auto for a sandbox of what there is", problem);
    return false;
}

static bool is_refused(struct sandbox_verdict *verdict, enum config_sandbox mode,
                       const struct sandbox_facts *facts)
{
    if (mode != CONFIG_SANDBOX_REQUIRE)
        return false;
    if (facts->impossible)
        return !refuse(verdict, facts->impossible);
    if (facts->landlock < SANDBOX_LANDLOCK_FILES)
        return !refuse(verdict, facts->landlock_problem);
    return !facts->filter && !refuse(verdict, facts->filter_problem);
}

void sandbox_verdict_decide(struct sandbox_verdict *verdict, enum config_sandbox mode,
                            const struct sandbox_facts *facts, const struct sandbox_plan *plan)
{
    *verdict = (struct sandbox_verdict){.starts = true};
    if (mode == CONFIG_SANDBOX_OFF || is_refused(verdict, mode, facts) || facts->impossible)
        return;
    bool tcp = facts->landlock >= SANDBOX_LANDLOCK_TCP && are_ports_fixed(mode, plan);
    verdict->files = facts->landlock >= SANDBOX_LANDLOCK_FILES;
    verdict->connect = tcp && !plan->connect.any;
    verdict->bind = tcp && !plan->bind.any;
    verdict->abstract = facts->landlock >= SANDBOX_LANDLOCK_SCOPES && !plan->any_abstract;
    verdict->calls = facts->filter;
}

/* ---- the line ---- */

static void put_ports(struct text *text, const char *verb, const struct sandbox_ports *ports)
{
    text_add_format(text, ", %s", verb);
    for (size_t i = 0; i < ports->count && i < PORTS_SHOWN; i++)
        text_add_format(text, "%s %u", i ? "," : "", ports->items[i]);
    if (ports->count > PORTS_SHOWN)
        text_add_format(text, ", and %zu more", ports->count - PORTS_SHOWN);
    if (ports->count == 0)
        text_add_string(text, " none");
}

/* Why TCP ports are not limited; NULL: they are. */
static const char *ports_problem(const struct sandbox_verdict *verdict, enum config_sandbox mode,
                                 const struct sandbox_facts *facts, const struct sandbox_plan *plan)
{
    if (verdict->connect && verdict->bind)
        return NULL;
    if (facts->landlock < SANDBOX_LANDLOCK_TCP)
        return "the kernel cannot limit TCP ports (Linux 6.7 can)";
    if (!are_ports_fixed(mode, plan))
        return "a reload may name other ports (sandbox: require limits them)";
    return "tokens name targets that are not known yet (permit names their ports)";
}

void sandbox_verdict_describe(const struct sandbox_verdict *verdict, enum config_sandbox mode,
                              const struct sandbox_facts *facts, const struct sandbox_plan *plan,
                              char *line, size_t size)
{
    struct text text = {0};
    if (mode == CONFIG_SANDBOX_OFF || facts->impossible) {
        snprintf(line, size, "sandbox: %s", mode == CONFIG_SANDBOX_OFF ? "off" : facts->impossible);
        return;
    }
    text_add_string(&text, "sandbox: no new privileges");
    if (verdict->files)
        text_add_format(&text, ", files that the configuration names (Landlock %d)",
                        facts->landlock);
    else
        text_add_format(&text, "; any file: %s", facts->landlock_problem);
    const char *problem = verdict->files ? ports_problem(verdict, mode, facts, plan) : NULL;
    if (verdict->connect)
        put_ports(&text, "TCP to ports", &plan->connect);
    if (verdict->bind)
        put_ports(&text, "bind to ports", &plan->bind);
    if (verdict->calls)
        text_add_string(&text, ", only system calls of a proxy");
    else
        text_add_format(&text, "; any system call: %s", facts->filter_problem);
    if (problem)
        text_add_format(&text, "; any TCP port: %s", problem);
    size_t length;
    char *whole = text_take(&text, &length);
    snprintf(line, size, "%s", whole ? whole : "sandbox: on");
    free(whole);
}
