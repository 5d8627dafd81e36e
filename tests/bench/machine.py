"""The machine: pinning to cores, CPU and memory of processes, and load by others."""

import contextlib
import fcntl
import os
import pathlib
import platform
import resource
import subprocess
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")
SYSCTL = pathlib.Path("/proc/sys/net/ipv4")


def stat_of(pid):
    """(parent, seconds of CPU of children that it has reaped), or None if it has ended."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2:].split()
    return int(fields[1]), (int(fields[13]) + int(fields[14])) / TICKS


def process_tree(root):
    """The process and its living descendants, as {pid: seconds of reaped children}."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (stat := stat_of(entry)):
            found[int(entry)] = stat
    tree, grown = {root}, True
    while grown:
        grown = False
        for pid, (parent, _) in found.items():
            if parent in tree and pid not in tree:
                tree.add(pid)
                grown = True
    return {pid: found[pid][1] for pid in tree if pid in found}


def cpu_seconds(root):
    """CPU of a whole process tree: all threads to the nanosecond, dead children to the tick."""
    total = 0.0
    for pid, reaped in process_tree(root).items():
        with contextlib.suppress(OSError):  # it may end meanwhile
            total += time.clock_gettime((~pid << 3) | 2) + reaped  # CPUCLOCK_SCHED of a process
    return total


def pss_kib(root):
    """Proportional set size of a whole process tree."""
    total = 0
    for pid in process_tree(root):
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total


def busy_seconds(cores):
    """Busy time of these cores so far, with the time stolen by the hypervisor."""
    total = 0
    names = {f"cpu{core}" for core in cores}
    for line in pathlib.Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name in names:
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
            total += user + nice + system + irq + softirq + steal
    return total / TICKS


def wait_until_quiet(cores, share, patience, say):
    """Waits until these cores together use less than `share` of one; False: timeout."""
    deadline = time.monotonic() + patience
    told = False
    while True:
        before, began = busy_seconds(cores), time.monotonic()
        time.sleep(0.3)
        busy = (busy_seconds(cores) - before) / (time.monotonic() - began)
        if busy <= share:
            return True
        if time.monotonic() > deadline:
            say(f"the machine is not quiet: others take {busy:.2f} of a core; going on")
            return False
        if not told:
            say(f"waiting for a quiet machine: others take {busy:.2f} of a core")
            told = True


@contextlib.contextmanager
def alone(say):
    """A lock for one benchmark at a time: two would disturb each other and restore each other's settings."""
    with open(pathlib.Path(tempfile.gettempdir(), "wsluice-bench.lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another benchmark to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def congestion_control(name, say):
    """Sets the system's congestion control while it lasts, if permitted."""
    knob = SYSCTL / "tcp_congestion_control"
    before = knob.read_text().strip()
    try:
        knob.write_text(name)
    except OSError as error:
        say(f"cannot set the congestion control to {name} ({error}): proxies run under {before}")
    try:
        yield knob.read_text().strip()
    finally:
        with contextlib.suppress(OSError):
            knob.write_text(before)


def raise_descriptor_limit(wanted):
    """A session uses two descriptors of the proxy and two of the load."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(wanted, hard), hard):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            return limit
    return hard


def first_line(command):
    """A program's version, from stdout or stderr."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    text = (done.stdout + done.stderr).strip()
    return text.splitlines()[0] if text else None


def describe(congestion):
    """Facts of the machine that the numbers depend on."""
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "congestion_control": congestion,
        "tcp_rmem": " ".join((SYSCTL / "tcp_rmem").read_text().split()),
        "tcp_wmem": " ".join((SYSCTL / "tcp_wmem").read_text().split()),
    }
