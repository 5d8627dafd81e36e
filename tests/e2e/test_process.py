"""The process: signals, descriptors, threads, daemon."""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest
from lab import BINARY as WSLUICE
from lab import WAIT, elapsed, run
from ports import free_port
from processes import open_files
from targets import echo, sink
from wire import BINARY, close_frame, frame, pattern, request, time_passes, unread, until

pytestmark = pytest.mark.threads


# ---- the end of the process ----

@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_graceful_end(lab, number):
    bridge, target = lab.start_echo('--workers=2')
    clients = [lab.open(bridge) for _ in range(10)]
    for client in clients:
        client.binary(b'x').data(1)
    bridge.signal(number)
    for client in clients:
        assert client.closing()[1:] == (1001, 'Server is shutting down')
        client.send(close_frame(1001))
        assert client.eof()
    assert bridge.wait(10) == 0
    assert len([r for r in bridge.records() if r['reason'] == 'shutdown']) == 10
    for connection in target.connections:
        assert connection.ended.wait(10)


def test_no_new_clients_while_ending(lab):
    bridge, _ = lab.start_echo()
    client = lab.open(bridge)
    bridge.signal(signal.SIGTERM)
    assert client.close_code() == 1001
    with pytest.raises(ConnectionRefusedError):
        lab.connect(bridge)
    client.send(close_frame(1001))
    assert client.eof()
    assert bridge.wait(10) == 0


def test_nothing_is_lost_at_a_graceful_end(lab):
    bridge, target = lab.start_echo(handler=sink)
    data = pattern(1 << 20)
    client = lab.open(bridge).send(frame(BINARY, data))
    until(lambda: len(target.connection().received) == len(data), 'the bytes')
    bridge.signal(signal.SIGTERM)
    assert client.close_code() == 1001
    client.send(frame(BINARY, b'said before hearing of it') + close_frame(1001))
    assert client.eof()
    assert bridge.wait(10) == 0
    assert target.connection().ended.wait(10)
    assert bytes(target.connection().received).startswith(data)


def test_the_end_of_an_idle_process_is_quick(lab):
    bridge, _ = lab.start_echo()
    bridge.signal(signal.SIGTERM)
    assert elapsed(lambda: bridge.wait(10)) < 3
    assert bridge.process.returncode == 0


def test_the_drain_deadline(lab):
    """A client that neither answers nor goes: the process ends all the same."""
    bridge, _ = lab.start_echo('--drain-timeout=1s', '--close-timeout=30s')
    client = lab.open(bridge)
    bridge.signal(signal.SIGTERM)
    assert client.close_code() == 1001
    assert elapsed(lambda: bridge.wait(15)) < 8
    assert bridge.process.returncode == 0
    assert len(bridge.records()) == 1


def test_the_end_while_handshakes_are_under_way(lab):
    bridge, _ = lab.start_echo()
    before = bridge.fds()
    silent, half = lab.connect(bridge), lab.connect(bridge).send(request()[:30])
    until(lambda: bridge.fds() == before + 2 and unread(half) == 0, 'both are accepted')
    bridge.signal(signal.SIGTERM)
    assert elapsed(lambda: bridge.wait(15)) < 8
    assert bridge.process.returncode == 0
    assert silent.eof()
    half.hang_up()


def test_a_second_signal_ends_at_once(lab):
    bridge, _ = lab.start_echo('--drain-timeout=60s', '--close-timeout=60s')
    client = lab.open(bridge)
    bridge.signal(signal.SIGTERM)
    assert client.close_code() == 1001
    assert bridge.process.poll() is None
    bridge.signal(signal.SIGTERM)
    assert elapsed(lambda: bridge.wait(10)) < 3
    bridge.expected_exit = bridge.process.returncode
    assert bridge.process.returncode in (0, 1, 128 + signal.SIGTERM, -signal.SIGTERM)


def test_sigpipe_does_not_kill(lab):
    bridge, _ = lab.start_echo()
    bridge.signal(signal.SIGPIPE)
    for _ in range(20):
        client = lab.open(bridge).send(frame(BINARY, bytes(100_000)))
        client.reset()
    assert lab.open(bridge).binary(b'alive').data(5) == b'alive'


def test_signals_do_not_change_an_end_that_is_under_way(lab):
    """However late they come: the first one has said what is to happen."""
    for _ in range(20):
        bridge, _ = lab.start_echo()
        try:
            while bridge.process.poll() is None:
                bridge.signal(signal.SIGHUP)
                bridge.signal(signal.SIGTERM)
        except ProcessLookupError:
            pass
        assert bridge.process.wait() == 0, bridge.text


def is_open_in(pid, path):
    with contextlib.suppress(FileNotFoundError):
        return str(path) in open_files(pid)
    return False


def test_a_start_that_waits_for_a_file_can_be_interrupted(lab, tmp_path):
    fifo = tmp_path / 'cert.pem'
    os.mkfifo(fifo)
    writer = os.open(fifo, os.O_RDWR)  # that says nothing: a reader waits for a minute
    process = lab.spawn(WSLUICE, '--cert', str(fifo), '127.0.0.1:0', '127.0.0.1:1', stderr=subprocess.DEVNULL)
    until(lambda: is_open_in(process.pid, fifo), 'a reader')
    process.terminate()
    assert process.wait(WAIT) == -signal.SIGTERM
    os.close(writer)


# ---- descriptors ----

def test_the_limit_of_descriptors_is_raised(lab):
    bridge, _ = lab.start_echo(nofile=(256, 2048))
    limits = pathlib.Path(f'/proc/{bridge.pid}/limits').read_text()
    line, = (line for line in limits.splitlines() if line.startswith('Max open files'))
    assert line.split()[3:5] == ['2048', '2048']


def test_running_out_of_descriptors(lab):
    """Accepting pauses without spinning, sessions live on, and it resumes by itself."""
    bridge, _ = lab.start_echo(nofile=(64, 64))
    first = lab.open(bridge)
    crowd = [lab.connect(bridge) for _ in range(100)]
    for client in crowd:
        client.send(request())
    bridge.rests()
    before = bridge.cpu()
    time_passes(3)
    assert bridge.cpu() - before < 0.6, 'it spins'
    assert first.binary(b'alive').data(5) == b'alive'
    assert bridge.fds() <= 64
    for client in crowd:
        client.hang_up()
    client = lab.open(bridge)
    assert client.binary(b'again').data(5) == b'again'


def test_running_out_of_descriptors_for_targets(lab):
    """A client that is accepted but cannot be connected is told; none hangs."""
    bridge, _ = lab.start_echo(nofile=(40, 40))
    crowd = [lab.connect(bridge) for _ in range(60)]
    for client in crowd:
        client.send(request())
    bridge.rests()
    for client in crowd:
        client.hang_up()
    assert lab.open(bridge).binary(b'again').data(5) == b'again'


# ---- threads ----

def test_workers(lab):
    bridge, _ = lab.start_echo('--workers=3')
    for _ in range(9):
        lab.open(bridge).binary(b'x').data(1)
    assert len(os.listdir(f'/proc/{bridge.pid}/task')) >= 4


def test_sessions_are_spread_over_workers(lab):
    """Each worker gets its share, however long the sessions last."""
    bridge, _ = lab.start_echo('--workers=2')
    clients = [lab.open(bridge) for _ in range(8)]
    before = thread_times(bridge.pid)
    data = frame(BINARY, bytes(65536), mask=bytes(4))
    end = time.monotonic() + 2
    while time.monotonic() < end:
        for client in clients:
            client.send(data)
        for client in clients:
            client.data(65536)
    used = sorted((after - before.get(thread, 0) for thread, after in thread_times(bridge.pid).items()), reverse=True)
    assert used[1] > 0.2 * used[0], used


def thread_times(pid):
    times = {}
    for thread in os.listdir(f'/proc/{pid}/task'):
        fields = pathlib.Path(f'/proc/{pid}/task/{thread}/stat').read_text().rsplit(')', 1)[1].split()
        times[thread] = int(fields[11]) + int(fields[12])
    return times


# ---- daemon ----

def daemon_pids(mark):
    found = []
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                if mark.encode() in (entry / 'cmdline').read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass
    return found


def test_daemon(lab, tmp_path):
    target, port, log = lab.target(echo), free_port(), tmp_path / 'daemon.log'
    status, _, error = run('-D', f'--log-file={log}', f'127.0.0.1:{port}', f'127.0.0.1:{target.port}')
    assert status == 0, error
    pids = daemon_pids(str(log))
    try:
        assert len(pids) == 1
        # The launching process returns only when the socket is bound.
        with socket.create_connection(('127.0.0.1', port), 5) as sock:
            sock.sendall(request() + frame(BINARY, b'hello'))
            got = b''
            while not got.endswith(b'hello'):
                got += sock.recv(4096)
        stat = pathlib.Path(f'/proc/{pids[0]}/stat').read_text().rsplit(')', 1)[1].split()
        assert int(stat[3]) != os.getsid(0), 'a session of its own'
        assert os.readlink(f'/proc/{pids[0]}/fd/0') == '/dev/null'
        until(lambda: 'reason=' in log.read_text(), 'the log file has the session')
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
    until(lambda: not daemon_pids(str(log)), 'the daemon ends')


def test_a_daemon_that_cannot_listen_says_so(lab):
    target = lab.target(echo)
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        status, _, error = run('-D', f'127.0.0.1:{taken.getsockname()[1]}', f'127.0.0.1:{target.port}')
    assert status != 0
    assert 'in use' in error.lower()
