"""Instructions per unit of work, counted by callgrind, against the numbers in instructions.json.

On a busy machine times vary, but the number of instructions does not: the same program needs the same number for the same
work. The numbers belong to one compiler, one OpenSSL and one kind of processor; elsewhere they are only printed.
"""

import json
import pathlib
import platform
import re
import subprocess
import tempfile
import time

import contenders

NUMBERS = pathlib.Path(__file__).with_name("instructions.json")
TOLERANCE = 0.03
SECONDS = 60  # for one run
PORT_AT = 12000  # below those of run.py
# unit: (how, few, many); the difference of two amounts leaves out start and end
UNITS = {
    "decode a 64-byte frame": ("decode", 10_000, 110_000),
    "encode a header": ("encode", 10_000, 110_000),
    "echo 64 bytes": ("echo", 200, 1_200),
    "handshake": ("handshake", 50, 250),
    "request of a file": ("request", 100, 500),
}


def conditions(wsluice):
    """What the numbers depend on."""
    compiler = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    version = subprocess.run([wsluice, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"OpenSSL (\d+\.\d+)", version)
    return f"gcc {compiler}, {platform.machine()}, OpenSSL {found.group(1) if found else '?'}"


def callgrind(command, out):
    return ["valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={out}", *command]


def counted(out):
    return sum(int(number) for file in pathlib.Path(out).parent.glob(pathlib.Path(out).name.replace("%p", "*"))
               for number in re.findall(r"^(?:totals|summary): (\d+)", file.read_text(), re.MULTILINE)[-1:])


class Smoke:
    """Runs the units, each in a folder of its own."""

    def __init__(self, wsluice, tools, say):
        self.wsluice, self.tools, self.say = wsluice, pathlib.Path(tools), say
        self.ports = contenders.Ports(PORT_AT, PORT_AT + 4000)

    def count(self, how, amount):
        """The instructions of a whole run."""
        with tempfile.TemporaryDirectory(prefix="wsluice-smoke-") as folder:
            out = f"{folder}/callgrind.%p"
            if how in ("decode", "encode"):
                command = callgrind([str(self.tools / "unit_bench"), how, str(amount)], out)
                subprocess.run(command, check=True, timeout=SECONDS)
            else:
                self._serve(how, amount, folder, out)
            return counted(out)

    def _serve(self, how, amount, folder, out):
        listen, target = self.ports.take(), self.ports.take()
        page = pathlib.Path(folder, "page")
        page.mkdir()
        (page / "index.html").write_text("x" * 1000)
        command = [self.wsluice, "--workers=1", f"--web={page}", f"127.0.0.1:{listen}", f"127.0.0.1:{target}"]
        process = subprocess.Popen(callgrind(command, out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        try:
            self._await(process, listen)
            subprocess.run(self._load(how, amount, folder, listen, target), input="go\nquit\n", text=True, check=True,
                           stdout=subprocess.DEVNULL, timeout=SECONDS)
        finally:
            process.terminate()
            _, complaint = process.communicate(timeout=SECONDS)
        if process.returncode != 0:
            raise contenders.Failure(f"{' '.join(command)}: {complaint}")

    def _load(self, how, amount, folder, listen, target):
        if how == "request":
            paths = pathlib.Path(folder, "paths")
            paths.write_text("/index.html\n")
            return [str(self.tools / "fetch"), f"--proxy={listen}", f"--paths={paths}", f"--requests={amount}",
                    "--sessions=1"]
        kind = "messages" if how == "echo" else "handshakes"
        return [str(self.tools / "load"), how, f"--proxy={listen}", f"--listen={target}", "--sessions=1", "--frame=64",
                f"--{kind}={amount}"]

    @staticmethod
    def _await(process, port):
        deadline = time.monotonic() + SECONDS
        while port not in contenders.listening_ports():
            if process.poll() is not None or time.monotonic() > deadline:
                raise contenders.Failure(f"wsluice does not start: {process.stderr.read() if process.poll() else ''}")
            time.sleep(0.05)

    def measure(self):
        """{unit: instructions}; the smaller of two runs, as a turn of the loop more or less is chance."""
        result = {}
        for unit, (how, few, many) in UNITS.items():
            runs = [(self.count(how, many) - self.count(how, few)) / (many - few)
                    for _ in range(1 if how in ("decode", "encode") else 2)]
            result[unit] = round(min(runs), 1)
            self.say(f"{unit}: {result[unit]:,} instructions")
        return result


def run(wsluice, tools, write, say):
    """0, or 1 if a unit takes more than it may; with `write`, the numbers are those of now."""
    found, kind = Smoke(wsluice, tools, say).measure(), conditions(wsluice)
    known = json.loads(NUMBERS.read_text())
    if write:
        known[kind] = found
        NUMBERS.write_text(json.dumps(known, indent=2) + "\n")
        return 0
    if kind not in known:
        print(f"no numbers of {kind}: nothing is compared")
        return 0
    failed = 0
    for unit, number in found.items():
        ratio = number / known[kind][unit]
        verdict = "falls short" if ratio > 1 + TOLERANCE else "better: write the numbers anew" if ratio < 1 - TOLERANCE \
            else "as before"
        failed += ratio > 1 + TOLERANCE
        print(f"{unit:<24} {number:>10,} {known[kind][unit]:>10,}  {ratio:.3f}  {verdict}")
    print(f"{len(found) - failed} passed, {failed} failed")
    return int(failed > 0)
