"""The picture of the README: a row of bars for each scenario, as SVG."""

import html

import report

ROWS = (  # scenario, metric, title
    ("mixed-down-8", "p50_us", "a keystroke beside 8 downloads, µs"),
    ("mixed-down-8", "p99_us", "the slowest of 100 of them, µs"),
    ("down-1", "cost", "server to client, 1 session, CPU s/GB"),
    ("down-16", "cost", "server to client, 16 sessions, CPU s/GB"),
    ("up-1k", "cost", "client to server, 1 KiB frames, CPU s/GB"),
    ("echo", "cost", "64-byte echo, CPU µs/message"),
    ("handshake", "cost", "connect, 101, close, CPU µs"),
    ("wss-down", "cost", "wss, server to client, CPU s/GB"),
    ("wss-up-16k", "cost", "wss, client to server, 16 KiB, CPU s/GB"),
    ("wss-handshake", "cost", "wss, full handshake, CPU µs"),
    ("idle", "cost", "memory per idle session, KiB"),
)
CONTENDERS = {"wsluice": "#0f766e", "HAProxy": "#64748b", "nginx": "#a16207", "websockify": "#9f1239"}
KINDS = {"haproxy": "HAProxy", "nginx-http": "nginx", "nginx-stream": "nginx"}
BAR, GAP, ROW_GAP, LEFT, WIDTH, LONGEST = 13, 2, 12, 330, 860, 400
CUT = 4  # a bar is at most so many times as long as the one of wsluice: it is cut there

STYLE = """text { font: 13px system-ui, sans-serif; fill: #1e293b }
.value { font-size: 11px } .title { text-anchor: end } .gap { fill: #fff }
@media (prefers-color-scheme: dark) { text { fill: #e2e8f0 } .gap { fill: #0d1117 } }"""


def measured(runs, metric):
    """{contender: value}; of two kinds of nginx the better one."""
    found = {}
    for label, one in runs.items():
        name, value = KINDS.get(label, label), report.median(one, metric)
        if name in CONTENDERS and value is not None:
            found[name] = min(value, found.get(name, value))
    return {name: found[name] for name in CONTENDERS if name in found}


def bar(y, name, value, own):
    share = value / own / CUT
    length = max(1, LONGEST * min(share, 1))
    edge = f'<path d="M{LEFT + length - 14} {y - 1} l-5 {BAR + 2} h4 l5 {-BAR - 2} z" class="gap"/>' if share > 1 else ""
    return (f'<rect x="{LEFT}" y="{y}" width="{length:.0f}" height="{BAR}" rx="2" fill="{CONTENDERS[name]}"/>{edge}'
            f'<text class="value" x="{LEFT + length + 6:.0f}" y="{y + BAR - 3}">{report.number(value)} {name}</text>')


def svg(results):
    """Of the scenarios that were measured, with wsluice in them. A shorter bar is better."""
    runs_of = {scenario.name: runs for scenario, runs in results}
    lines, y = [], 28
    for scenario, metric, title in ROWS:
        values = measured(runs_of.get(scenario, {}), metric)
        if "wsluice" not in values:
            continue
        lines.append(f'<text class="title" x="{LEFT - 12}" y="{y + BAR - 2}">{html.escape(title)}</text>')
        for name, value in values.items():
            lines.append(bar(y, name, value, values["wsluice"]))
            y += BAR + GAP
        y += ROW_GAP
    head = f'<text x="{LEFT}" y="16">shorter is better; a bar with a gap is longer than is shown</text>'
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}" role="img" '
            f'aria-label="CPU time, latency and memory of wsluice and others">\n<style>{STYLE}</style>\n'
            + "\n".join([head, *lines]) + "\n</svg>\n")
