"""Processes that are not our children: those that take over from a bridge, and a systemd that only listens."""
import contextlib
import ctypes
import os
import re
import signal
import socket
import time

from wire import WAIT, until

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """Orphans of a process become our children, so that their status can be had."""
    assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def state(pid):
    """As ps shows it: 'S', 'Z', ...; None when there is no such process."""
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii') as file:
            return file.read().rsplit(')', 1)[1].split()[0]
    except OSError:
        return None


def status_of(pid):
    """The fields of /proc/PID/status."""
    with open(f'/proc/{pid}/status', encoding='utf-8') as file:
        return {key: value.split() for key, value in (line.split(':', 1) for line in file)}


def children_of_thread(pid, thread):
    with open(f'/proc/{pid}/task/{thread}/children', encoding='ascii') as file:
        return [int(child) for child in file.read().split()]


def family(pid):
    """The process and what its threads have started."""
    return [pid, *(child for thread in os.listdir(f'/proc/{pid}/task') for child in children_of_thread(pid, thread))]


def is_starter(pid):
    """Whether the process starts programs for another one (proxy/run/process/starter.h)."""
    with open(f'/proc/{pid}/comm', encoding='utf-8') as name:
        return name.read() == 'wsluice-starter\n'


def starter_of(pid):
    return next((child for child in family(pid) if is_starter(child)), None)


def children_of(pid):
    """Children of a process's main thread, but its starter."""
    found = []
    for child in children_of_thread(pid, pid):
        with contextlib.suppress(OSError):
            if not is_starter(child):
                found.append(child)
    return found


def open_files(pid):
    """Open files of a process; one may be closed between the listing and the look at it."""
    found = set()
    for fd in os.listdir(f'/proc/{pid}/fd'):
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(f'/proc/{pid}/fd/{fd}'))
    return found


def listening_inodes(pid):
    """{local address: inode} of the TCP sockets on which a process listens."""
    mine = open_files(pid)
    found = {}
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        with open(table, encoding='ascii') as file:
            for line in file.readlines()[1:]:
                fields = line.split()
                if fields[3] == '0A' and f'socket:[{fields[9]}]' in mine:
                    found[int(fields[1].rsplit(':', 1)[1], 16)] = fields[9]
    return found


class Process:
    """One that a bridge has started; in Lab.processes it is taken down like the others."""

    def __init__(self, pid):
        self.pid, self.status = pid, None

    def fds(self):
        return len(os.listdir(f'/proc/{self.pid}/fd'))

    def ended(self):
        if self.status is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                self.status = os.waitstatus_to_exitcode(status) if pid else None
            except ChildProcessError:
                return state(self.pid) is None
        return self.status is not None

    def kill(self):
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, seconds=WAIT):
        until(self.ended, lambda: f'process {self.pid} goes on ({state(self.pid)})', seconds)
        return self.status

    def signal(self, number):
        os.kill(self.pid, number)

    def stop(self):
        """Ended in good order."""
        self.signal(signal.SIGTERM)
        assert self.wait() in (0, None), f'exit status {self.status}'


def upgrade(lab, bridge, pid=None):
    """Has the bridge's process `pid` replaced; returns the one that serves now."""
    before = len(re.findall('has taken over', bridge.text))
    os.kill(pid or bridge.pid, signal.SIGUSR2)

    def found():
        return re.findall(r'process (\d+) has taken over', bridge.text)[before:]
    process = Process(int(until(found, lambda: bridge.text[-2000:])[0]))
    lab.processes.append(process)
    return process


class Systemd:
    """The socket that NOTIFY_SOCKET names; each message is a dictionary with the sender's pid as 'from'."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.sock.bind('\0' + path[1:] if path.startswith('@') else path)
        self.environment = {'NOTIFY_SOCKET': path}
        self.heard = []

    def listen(self, seconds=0.01):
        self.sock.settimeout(seconds)
        try:
            while True:
                data, credentials, _, _ = self.sock.recvmsg(4096, 64)
                message = dict(line.split('=', 1) for line in data.decode().splitlines())
                message['from'] = int.from_bytes(credentials[0][2][:4], 'little')
                message['at'] = time.monotonic()
                self.heard.append(message)
        except TimeoutError:
            return self.heard

    def expect(self, key, value=None, number=0):
        """The message with that key (and value), waited for."""
        def found():
            matching = [m for m in self.listen() if key in m and value in (None, m[key])]
            return matching[number] if len(matching) > number else None
        return until(found, lambda: f'no {key}={value} among {self.heard}')
