"""Turns runs into rows: medians, spread, ratios, and the verdict on each bar."""

import statistics

METRICS = {"p99_us": "p99 latency", "base_mib": "PSS MiB of the idle program", "cost": ""}


def number(value):
    """Three significant digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def values(runs, metric="cost"):
    return [run[metric] for run in runs if run is not None and metric in run]


def median(runs, metric="cost"):
    found = values(runs, metric)
    return statistics.median(found) if found else None


def spread(runs, metric="cost"):
    found = values(runs, metric)
    return f"{number(min(found))}..{number(max(found))}"


def ratio(runs, others, metric="cost"):
    """The median of the ratios of the rounds with both: noise of a round cancels out."""
    pairs = [(a[metric], b[metric]) for a, b in zip(runs, others) if a and b and b.get(metric)]
    return statistics.median(a / b for a, b in pairs) if pairs else None


def judge(bar, runs):
    """(value, name of the contender it is compared with), or None without a verdict."""
    subject = runs.get(bar.subject)
    if not subject or not values(subject, bar.metric):
        return None
    if not bar.against:
        return median(subject, bar.metric), None
    rivals = [name for name in bar.against if values(runs.get(name, []), bar.metric)]
    if len(rivals) < len(bar.against):
        return None
    best = min(rivals, key=lambda name: median(runs[name], bar.metric))
    return ratio(subject, runs[best], bar.metric), best


def verdict(bar, runs):
    """The line of one bar."""
    what = METRICS[bar.metric] + " " if METRICS[bar.metric] else ""
    limit = f"1/{round(1 / bar.limit)}" if bar.limit < 0.01 else f"{bar.limit:g}"
    against = f" x {' or '.join(bar.against)}" if bar.against else ""
    found = judge(bar, runs)
    if found is None:
        return f"{what}<= {limit}{against}: not measured", None
    value, best = found
    shown = f"1/{round(1 / value)}" if bar.limit < 0.01 else number(value)
    beside = f" (against {best})" if len(bar.against) > 1 else ""
    passes = value <= bar.limit
    return (f"{what}<= {limit}{against}: {shown}{beside}: {'pass' if passes else 'FALLS SHORT'}",
            passes)


def text(scenario, runs):
    """The rows of one scenario for a terminal."""
    lines = [f"{scenario.name}: {scenario.title} ({scenario.unit})"]
    subject = scenario.bars[0].subject
    own = runs.get(subject, [])
    for name, measured in runs.items():
        if not values(measured):
            lines.append(f"  {name:<13} failed")
            continue
        beside = ratio(own, measured) if measured is not own and values(own) else None
        extra = f"{subject} {number(beside)} x  " if beside else ""
        if not scenario.is_memory:
            extra += (f"core {median(measured, 'proxy_share'):.0%}, load "
                      f"{median(measured, 'load_share'):.0%}, others "
                      f"{median(measured, 'others_share'):.0%}")
        if values(measured, "p99_us"):
            extra += (f"  p50 {number(median(measured, 'p50_us'))} µs"
                      f" p99 {number(median(measured, 'p99_us'))} µs"
                      f" ({spread(measured, 'p99_us')})")
        if values(measured, "base_mib"):
            extra += f"base {number(median(measured, 'base_mib'))} MiB"
        loud = sum(not run["quiet"] for run in measured if run)
        extra += f"  ({loud} of {len(values(measured))} runs not quiet)" if loud else ""
        lines.append(f"  {name:<13} {number(median(measured)):>8}  {spread(measured):<16} {extra}")
    lines += [f"  bar {verdict(bar, runs)[0]}" for bar in scenario.bars]
    return "\n".join(lines)


def conditions(environment):
    versions = ", ".join(dict.fromkeys(environment["versions"].values()))
    return (f"{environment['cpu']}, {environment['cores']} cores; Linux {environment['kernel']}; "
            f"congestion control {environment['congestion_control']}; "
            f"tcp_rmem {environment['tcp_rmem']}, tcp_wmem {environment['tcp_wmem']}; "
            f"{environment['suite']}; {environment['rounds']} rounds; {versions}")


def markdown(results, environment):
    """The table of the README: absolute numbers, and each bar beside its value."""
    columns = ("wsluice", "floor", "haproxy", "nginx", "websockify")
    lines = ["| what | " + " | ".join(columns) + " | bars |", "| --- |" + " ---: |" * 5 + " --- |"]
    for scenario, runs in results:
        named = dict(runs)
        named["wsluice"] = runs.get(scenario.bars[0].subject, [])
        named["nginx"] = runs.get("nginx-http" if scenario.mode in ("handshake", "idle")
                                  and not scenario.tls else "nginx-stream", [])
        cells = []
        for name in columns:
            value = median(named.get(name, []))
            latency = median(named.get(name, []), "p99_us")
            cells.append("" if value is None else number(value)
                         + (f" (p99 {number(latency)} µs)" if latency else ""))
        bars = "; ".join(verdict(bar, runs)[0] for bar in scenario.bars)
        lines.append(f"| {scenario.title}, {scenario.unit} | {' | '.join(cells)} | {bars} |")
    return "\n".join(lines) + f"\n\n{conditions(environment)}"
