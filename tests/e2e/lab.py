"""The real binary under test, and everything around it that has to be gone at the end of a test."""
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import targets
from wire import WAIT, Client, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get('WSLUICE', str(ROOT / 'build/wsluice'))
FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
ALARMS = ('Sanitizer', 'runtime error:', 'assertion failed')


def is_sanitized():
    content = pathlib.Path(BINARY).read_bytes()
    return b'__asan_init' in content or b'__tsan_init' in content


def loads_our_libraries():
    """Whether LD_PRELOAD of a library that this machine's compiler makes has an effect on the binary."""
    with open(BINARY, 'rb') as binary, open(sys.executable, 'rb') as own:
        head, wanted = binary.read(8192), own.read(20)
    kind = slice(4, 6), slice(18, 20)  # width and byte order, machine
    return all(head[part] == wanted[part] for part in kind) and b'/ld-' in head and b'/ld-musl' not in head


class Bridge:
    """A running wsluice. Its log is read by a thread, so that it never blocks."""

    def __init__(self, arguments, *, env=None, nofile=None, cwd=None, log_file=None, logs_to=None, binary=BINARY,
                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, file_size=None, **how):
        def limit():
            if nofile:
                resource.setrlimit(resource.RLIMIT_NOFILE, nofile)
            if file_size:
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))

        command = [binary, *map(str, arguments)]
        self.log_file = log_file or logs_to  # the latter: as its configuration says
        if log_file:
            command.append(f'--log-file={log_file}')
        self.process = subprocess.Popen(command, stdin=stdin, stdout=stdout,
                                        stderr=subprocess.PIPE, env={**os.environ, **(env or {})}, cwd=cwd,
                                        preexec_fn=limit if nofile or file_size else None, **how)
        self.lines, self.over = [], threading.Event()
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        self.expected_exit, self.baseline = 0, None

    def read_log(self):
        for line in self.process.stderr:
            self.lines.append(line.decode(errors='replace').rstrip('\n'))
        self.over.set()

    @property
    def pid(self):
        return self.process.pid

    @property
    def text(self):
        return '\n'.join(self.lines)

    def says(self, text):
        """It will be in the log, which has a thread of its own."""
        until(lambda: text in self.text, lambda: f'{text!r} is not in:\n{self.text}')

    def wait_listening(self):
        def found():
            assert self.process.poll() is None, f'exit {self.process.returncode}:\n{self.text}'
            said = self.log_file.read_text() if self.log_file and self.log_file.exists() else self.text
            return re.search(r'listening on ([^\s",]+)', said)
        self.address = until(found, lambda: f'no "listening on" line in:\n{self.text}').group(1)
        if not self.address.startswith('unix:'):
            self.port = int(self.address.rsplit(':', 1)[1])
        self.baseline = self.fds()
        return self

    # what the process holds

    def fds(self):
        return len(os.listdir(f'/proc/{self.pid}/fd'))

    def cpu(self):
        """Seconds of processor time used so far."""
        with open(f'/proc/{self.pid}/stat', encoding='ascii') as file:
            fields = file.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def rests(self):
        """Waits until the process has nothing to do: no processor time is used for a while."""
        looks = []

        def the_same():
            looks.append(self.cpu())
            return len(looks) > 10 and looks[-1] == looks[-11]
        until(the_same, 'a process at rest')

    def memory(self):
        """Resident bytes."""
        with open(f'/proc/{self.pid}/statm', encoding='ascii') as file:
            return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')

    # what it says

    def records(self):
        """Log lines that name a reason, as dictionaries, from text or JSON."""
        found = []
        for line in list(self.lines):
            if line.startswith('{'):
                record = json.loads(line)
            else:
                record = {key: value.strip('"') for key, value in FIELD.findall(line)}
            if 'reason' in record:
                found.append(record)
        return found

    def session(self, number=0, **expected):
        """The log line of an ended session, waited for."""
        def found():
            matching = [r for r in self.records() if all(r.get(k) == v for k, v in expected.items())]
            return matching[number] if len(matching) > number else None
        return until(found, lambda: f'no line {expected} in:\n{self.text}')

    # how it ends

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=WAIT):
        self.process.wait(seconds)
        self.over.wait(seconds)
        return self.process.returncode

    def check_alarms(self):
        for alarm in ALARMS:
            assert alarm not in self.text, self.text

    def finish(self):
        """Still alive, holding nothing of its clients, and gone in good order when told."""
        if self.process.poll() is None:
            if self.baseline is not None:
                until(lambda: self.fds() <= self.baseline, lambda: f'{self.fds()} descriptors, {self.baseline} at the '
                      f'start: {self.open_files()}\n{self.text[-4000:]}')
            self.signal(signal.SIGTERM)
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.wait()
            raise AssertionError(f'did not stop on SIGTERM:\n{self.text[-4000:]}') from None
        self.check_alarms()
        assert status == self.expected_exit, f'exit status {status}:\n{self.text[-4000:]}'

    def open_files(self):
        names = []
        for number in os.listdir(f'/proc/{self.pid}/fd'):
            try:
                names.append(os.readlink(f'/proc/{self.pid}/fd/{number}'))
            except OSError:
                pass
        return names


class Lab:
    """Starts bridges, targets and clients for a test, and takes them down in the right order."""

    def __init__(self, folder):
        self.folder = folder
        self.clients, self.targets, self.bridges, self.processes = [], [], [], []

    # targets

    def target(self, handler=targets.echo, *, sock=None, context=None):
        target = targets.Target(sock or targets.listening(), handler, context)
        self.targets.append(target)
        return target

    def unix_target(self, handler=targets.echo, *, path=None):
        path = path or str(self.folder / 'target.sock')
        address = '\0' + path[1:] if path.startswith('@') else path
        target = self.target(handler, sock=targets.listening(socket.AF_UNIX, address))
        target.path = path
        return target

    # bridges

    def start(self, *arguments, target=None, listen='127.0.0.1:0', options=(), **how):
        """wsluice [options] listen target; or the given arguments and nothing else."""
        if target is not None:
            where = f'127.0.0.1:{target.port}' if hasattr(target, 'port') else target
            arguments = (*options, *arguments, listen, where)
        else:
            arguments = (*options, *arguments)
        bridge = Bridge(arguments, **how)
        self.bridges.append(bridge)
        return bridge.wait_listening()

    def start_echo(self, *options, handler=targets.echo, **how):
        """The usual case: a bridge to a target with that handler; returns both."""
        target = self.target(handler)
        return self.start(target=target, options=options, **how), target

    # clients

    def socket(self, bridge, *, receive_buffer=None, send_buffer=None):
        address = bridge.address
        if address.startswith('unix:'):
            sock, place = socket.socket(socket.AF_UNIX), address[5:]
            if place.startswith('@'):
                place = '\0' + place[1:]
        elif address.startswith('['):
            sock = socket.socket(socket.AF_INET6)
            host = address[1:].split(']')[0]
            place = ('::1' if host == '::' else host, bridge.port)
        else:
            sock = socket.socket()
            host = address.rsplit(':', 1)[0]
            place = ('127.0.0.1' if host in ('0.0.0.0', '*', '') else host, bridge.port)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if send_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        sock.settimeout(WAIT)
        sock.connect(place)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def connect(self, bridge, *, context=None, server_name='localhost', session=None, **how):
        """A client before its request."""
        sock = self.socket(bridge, **how)
        if context is not None:
            sock = context.wrap_socket(sock, server_hostname=server_name, session=session,
                                       suppress_ragged_eofs=False)
        client = Client(sock)
        self.clients.append(client)
        return client

    def open(self, bridge, *, upgrade=None, **how):
        """A client after its upgrade."""
        return self.connect(bridge, **how).upgrade(**(upgrade or {}))

    def spawn(self, *command, **how):
        process = subprocess.Popen(command, **how)
        self.processes.append(process)
        return process

    def close(self):
        for client in self.clients:
            try:
                client.sock.close()
            except (OSError, ssl.SSLError):
                pass
        for target in self.targets:
            target.close()
        for process in self.processes:
            process.kill()
            process.wait()
        problems = []
        for bridge in self.bridges:
            try:
                bridge.finish()
            except AssertionError as problem:
                problems.append(str(problem))
        assert not problems, '\n\n'.join(problems)


def run(*arguments, env=None, seconds=WAIT, binary=BINARY, **how):
    """wsluice for commands that end by themselves: (status, stdout, stderr)."""
    result = subprocess.run([binary, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=seconds, env={**os.environ, **(env or {})}, check=False, **how)
    return result.returncode, result.stdout, result.stderr


def reachable(folder):
    """The program, copied to where other users can run it: the clone may lie in a home that is closed to them."""
    return shutil.copy(BINARY, pathlib.Path(folder) / 'wsluice')


def elapsed(action):
    began = time.monotonic()
    action()
    return time.monotonic() - began
