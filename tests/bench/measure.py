"""One measurement: starts a contender, loads it, measures it under load, and ends it."""

import contextlib
import json
import os
import subprocess
import threading
import time

import contenders
import machine
import scenarios

LOAD_SECONDS = 300
SETTLE_SECONDS = 0.2
DISTURBED = 0.15  # of a core used by others: the run is repeated
ATTEMPTS = 3
ENDLESS = 10**15
AMOUNT_OPTION = {"down": "bytes", "up": "bytes", "stall": "bytes", "echo": "messages",
                 "handshake": "handshakes", "idle": "sessions", "page": "requests"}


class Load:
    """The load generator while it runs; its sessions stay open until the end of the block."""

    def __init__(self, command, core, real_time=False):
        def place():
            os.sched_setaffinity(0, {core})
            if real_time:
                os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))

        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, preexec_fn=place)
        self._watchdog = threading.Timer(LOAD_SECONDS, self._process.kill)
        self._watchdog.start()

    def line(self):
        text = self._process.stdout.readline()
        if not text:
            raise contenders.Failure(self._process.stderr.read().strip() or "the load took too long")
        return text

    def say(self, word):
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._watchdog.cancel()
        self._process.kill()
        self._process.communicate()
        return False


class Bench:
    """Common to all measurements."""

    def __init__(self, options, files, congestion, say):
        self.options, self.files, self.say = options, files, say
        self.congestion = congestion
        self.ports = contenders.Ports()
        self.cores = {options.proxy_core, options.load_core}

    def _load_command(self, scenario, entry, proxy, amount):
        if scenario.bulk:
            return self._load(entry, "echo", proxy.pairs[1], f"--messages={amount}", "--frame=64",
                              "--pause=1000")
        if scenario.mode == "page":
            return [self.options.fetch, f"--proxy={proxy.listen}", f"--paths={self.files.paths}",
                    f"--requests={amount}", f"--sessions={scenario.sessions}"]
        command = self._load(entry, scenario.mode, proxy.pairs[0], f"--frame={scenario.frame}",
                             f"--{AMOUNT_OPTION[scenario.mode]}={amount}")
        if scenario.mode != "idle":
            command.append(f"--sessions={scenario.sessions}")
        return command + ["--tls"] * scenario.tls + ["--reverse"] * scenario.reverse

    def _load(self, entry, mode, ports, *more):
        return [self.options.load, mode, f"--proxy={ports[0]}", f"--listen={ports[1]}", f"--end={entry.end}",
                f"--congestion={self.congestion}", f"--suite={self.options.suite}", *more]

    def _bulk(self, scenario, entry, proxy):
        """What runs beside the echo; it is ended, and ends not by itself."""
        if not scenario.bulk:
            return contextlib.nullcontext()
        command = self._load(entry, scenario.bulk, proxy.pairs[0], f"--bytes={ENDLESS}",
                             f"--sessions={scenario.sessions}") + ["--tls"] * scenario.tls
        return Load(command, self.options.load_core)

    def amount(self, scenario, entry):
        amount = entry.amount or scenario.amount
        if not self.options.quick or scenario.is_memory or entry.amount:
            return amount
        return amount // 4

    def measure(self, scenario, entry):
        """The first undisturbed run of a few, or the least disturbed; a dict of metrics."""
        calmest = None
        for _ in range(ATTEMPTS):
            result = self._measure_once(scenario, entry)
            if calmest is None or result["others_share"] < calmest["others_share"]:
                calmest = result
            if scenario.is_memory or scenario.bulk or result["others_share"] <= DISTURBED:
                break
            self.say(f"others took {result['others_share']:.2f} of a core during the run of "
                     f"{entry.label}")
        return calmest

    def _measure_once(self, scenario, entry):
        quiet = machine.wait_until_quiet(self.cores, self.options.noise, self.options.patience,
                                         self.say)
        path = self.options.programs[entry.kind]
        amount = self.amount(scenario, entry)
        cores = self.cores if entry.both_cores else {self.options.proxy_core}
        with contenders.Proxy(entry.kind, path, self.files, self.ports, cores, scenario.tls,
                              entry.workers, bool(scenario.bulk)) as proxy:
            base = machine.pss_kib(proxy.pid) if scenario.is_memory else 0
            command = self._load_command(scenario, entry, proxy, amount)
            try:
                with self._bulk(scenario, entry, proxy) as bulk, \
                        Load(command, self.options.load_core, bool(bulk)) as load:
                    result = self._drive(load, proxy, bulk)
            except contenders.Failure as failure:
                raise contenders.Failure(f"{entry.label}: {failure}\n{proxy.complaint()}".strip()) \
                    from None
        beside = scenario.is_memory or scenario.bulk  # the load of the bulk is one of the others
        result["quiet"] = quiet and (beside or result["others_share"] <= DISTURBED)
        result["cost"] = self._cost(scenario, result, base, amount)
        if scenario.is_memory:
            result["base_mib"] = base / 1024
        return result

    def _drive(self, load, proxy, bulk=None):
        load.line()  # "ready"
        if bulk:
            bulk.line()
            bulk.say("go")
        time.sleep(SETTLE_SECONDS)
        busy, cpu, began = machine.busy_seconds(self.cores), machine.cpu_seconds(proxy.pid), \
            time.monotonic()
        load.say("go")
        result = json.loads(load.line())
        wall = time.monotonic() - began
        result["proxy_cpu"] = machine.cpu_seconds(proxy.pid) - cpu
        others = machine.busy_seconds(self.cores) - busy - result["proxy_cpu"] - result["load_cpu"]
        result["proxy_share"] = result["proxy_cpu"] / wall
        result["others_share"] = max(0.0, others / wall)
        result["pss_kib"] = machine.pss_kib(proxy.pid)
        return result

    @staticmethod
    def _cost(scenario, result, base, amount):
        if scenario.mode == "idle":
            return (result["pss_kib"] - base) / amount
        if scenario.mode == "stall":
            return (result["pss_kib"] - base) / scenario.sessions
        if scenario.mode == "mixed":
            return result["p50_us"]
        if scenario.mode == "echo":
            return result["proxy_cpu"] / result["messages"] * 1e6
        if scenario.mode == "handshake":
            return result["proxy_cpu"] / result["handshakes"] * 1e6
        if scenario.mode == "page":
            return result["proxy_cpu"] / result["requests"] * 1e6
        return result["proxy_cpu"] / result["bytes"] * scenarios.GB
