#!/usr/bin/python3
"""Measures wsluice against a bare-bones bridge, websockify, nginx and HAProxy."""

import argparse
import json
import pathlib
import shutil
import signal
import sys
import tempfile

import contenders
import machine
import measure
import picture
import report
import scenarios
import smoke

ROOT = pathlib.Path(__file__).resolve().parents[2]
DESCRIPTORS = 65536
MEMORY_ROUNDS = 2  # memory varies little
EPILOG = """\
The proxy is pinned to one core, and the load (clients and target) to the
other. CPU is that of the whole process tree of the proxy, from the moment when all sessions are
open to the moment when the last byte has arrived. Within a round the contenders run one
after the other, in an order that changes from round to round. A ratio is the median of the ratios of the rounds.

The same application bytes flow through every contender: a raw relay (HAProxy tcp, nginx stream)
carries them without frames, the least work of all; nginx http and the relays
in handshakes carry WebSocket from end to end, and the load's target answers the upgrade.

"core" is the share of its core that the proxy used, "load" that of the load: with load near
100 %, read the CPU and not the rate. "others" is the use of the two cores by other processes; a
disturbed run is repeated, up to twice, and the least disturbed counts.

scenarios:
""" + "\n".join(f"  {s.name:<14} {s.title}" for s in scenarios.SCENARIOS)


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, help="rounds (default: 5; with --quick: 2)")
    parser.add_argument("--only", action="append", metavar="SCENARIO", default=[],
                        help="only this scenario; may be repeated")
    parser.add_argument("--contenders", metavar="NAMES",
                        help="only these, separated by commas, e.g. wsluice,floor")
    parser.add_argument("--quick", action="store_true", help="a quarter of the load (not for memory), two rounds")
    parser.add_argument("--smoke", action="store_true",
                        help="count instructions with callgrind instead, and compare them; under 90 s")
    parser.add_argument("--write", action="store_true", help="with --smoke: keep the numbers of now")
    parser.add_argument("--wsluice", default=str(ROOT / "build" / "wsluice"), metavar="PATH",
                        help="the binary to measure (default: build/wsluice)")
    parser.add_argument("--tools", metavar="DIR",
                        help="where load and floor are (default: tests/bench in any build folder)")
    parser.add_argument("--suite", default="TLS_AES_256_GCM_SHA384", help="TLS 1.3 cipher suite")
    parser.add_argument("--congestion", default="cubic",
                        help="congestion control to measure under (default: cubic); set for the "
                             "time of the run where we may, as bbr costs up to twice the CPU")
    parser.add_argument("--proxy-core", type=int, default=0, help="default: 0")
    parser.add_argument("--load-core", type=int, default=1, help="default: 1")
    parser.add_argument("--noise", type=float, default=0.05, metavar="SHARE",
                        help="of one core that others may take before a run (default: 0.05)")
    parser.add_argument("--patience", type=float, default=60, metavar="SECONDS",
                        help="to wait for a quiet machine before each run (default: 60)")
    parser.add_argument("--json", metavar="FILE", help="write every run to FILE")
    parser.add_argument("--markdown", action="store_true", help="print the table of the README")
    parser.add_argument("--picture", metavar="FILE", help="write the picture of the README, as SVG")
    parser.add_argument("--saved", metavar="FILE", help="measure nothing: read what --json has written")
    options = parser.parse_args(argv)
    options.rounds = options.rounds or (2 if options.quick else 5)
    unknown = set(options.only) - {s.name for s in scenarios.SCENARIOS}
    if unknown:
        parser.error(f"no scenario is called {', '.join(sorted(unknown))}; see --help")
    return options


def find_tools(options):
    """load and floor, from --tools or the newest build folder that has them."""
    folders = [pathlib.Path(options.tools)] if options.tools else \
        [load.parent for load in ROOT.glob("build*/tests/bench/load")]
    folders = [folder for folder in folders if (folder / "load").exists()]
    if not folders:
        sys.exit("run.py: load is not built; do: cmake -B build -DWSLUICE_BENCH=ON && "
                 "cmake --build build")
    return max(folders, key=lambda folder: (folder / "load").stat().st_mtime)


def find_programs(options):
    """The paths of the contenders; missing ones are left out."""
    tools = find_tools(options)
    options.load, options.fetch = str(tools / "load"), str(tools / "fetch")
    places = {"wsluice": options.wsluice, "floor": str(tools / "floor"),
              "splice-floor": str(tools / "floor"),
              "haproxy": shutil.which("haproxy", path="/usr/sbin:/usr/bin"),
              "haproxy-256k": shutil.which("haproxy", path="/usr/sbin:/usr/bin"),
              "nginx-http": shutil.which("nginx", path="/usr/sbin:/usr/bin"),
              "websockify": shutil.which("websockify", path="/usr/bin")}
    has_stream = pathlib.Path(contenders.NGINX_STREAM_MODULE).exists()
    places["nginx-stream"] = places["nginx-http"] if has_stream else None
    if contenders.PAGE.is_dir():
        places.update({"wsluice-files": places["wsluice"], "nginx-files": places["nginx-http"]})
    wanted = set(options.contenders.split(",")) if options.contenders else set(places)
    found = {}
    for kind, path in places.items():
        if kind not in wanted:
            continue
        if path and pathlib.Path(path).exists():
            found[kind] = path
        else:
            say(f"{kind} is not here: it does not take part")
    return found


def run_scenario(bench, scenario, rounds):
    """{name of the entry: its runs, None for a failed one}."""
    entries = [e for e in scenario.entries if e.kind in bench.options.programs]
    runs = {entry.label: [] for entry in entries}
    for turn in range(rounds):
        shift = turn % len(entries) if entries else 0
        for entry in entries[shift:] + entries[:shift]:
            try:
                result = bench.measure(scenario, entry)
                say(f"{scenario.name} {turn + 1}/{rounds} {entry.label}: "
                    f"{report.number(result['cost'])} {scenario.unit}")
            except contenders.Failure as failure:
                result = None
                say(f"{scenario.name} {turn + 1}/{rounds} {failure}")
            runs[entry.label].append(result)
    return runs


def measure_all(options):
    """(environment, [(scenario, runs)]); prints each scenario as it is done."""
    options.programs = find_programs(options)
    descriptors = machine.raise_descriptor_limit(DESCRIPTORS)
    chosen = [s for s in scenarios.SCENARIOS if not options.only or s.name in options.only]
    results = []
    with machine.alone(say), \
            tempfile.TemporaryDirectory(prefix="wsluice-bench-") as directory, \
            machine.congestion_control(options.congestion, say) as congestion:
        environment = machine.describe(congestion)
        environment.update(suite=options.suite, rounds=options.rounds, quick=options.quick,
                           versions={kind: contenders.version(kind, path)
                                     for kind, path in options.programs.items()})
        bench = measure.Bench(options, contenders.Files(directory, descriptors), congestion, say)
        print(report.conditions(environment), flush=True)
        for scenario in chosen:
            rounds = min(options.rounds, MEMORY_ROUNDS) if scenario.is_memory else options.rounds
            runs = run_scenario(bench, scenario, rounds)
            results.append((scenario, runs))
            print("\n" + report.text(scenario, runs), flush=True)
    return environment, results


def read_saved(path):
    """As measure_all."""
    document = json.loads(pathlib.Path(path).read_text())
    saved = document["scenarios"]
    return document["environment"], [(s, saved[s.name]) for s in scenarios.SCENARIOS if s.name in saved]


def main(argv):
    options = arguments(argv)
    if options.smoke:
        return smoke.run(options.wsluice, find_tools(options), options.write, say)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # restores the settings
    environment, results = read_saved(options.saved) if options.saved else measure_all(options)
    if options.json:
        document = {"environment": environment, "scenarios": {s.name: r for s, r in results}}
        pathlib.Path(options.json).write_text(json.dumps(document, indent=1) + "\n")
    if options.markdown:
        print("\n" + report.markdown(results, environment))
    if options.picture:
        pathlib.Path(options.picture).write_text(picture.svg(results))
    judged = [report.verdict(bar, runs)[1] for scenario, runs in results for bar in scenario.bars]
    return 1 if False in judged else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
