"""A new process takes over: SIGUSR2."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

import pytest
from gateway import ANY, Endpoint, ask, marked, start, write
from lab import BINARY
from processes import Process, adopt_orphans, children_of, listening_inodes, state, status_of, upgrade
from replaceable import install, start_copied
from traffic import Traffic
from wire import WAIT, time_passes, until

pytestmark = pytest.mark.threads


@pytest.fixture(autouse=True)
def fixture_orphans():
    adopt_orphans()


def works(lab, endpoint):
    client = lab.open(endpoint)
    assert client.binary(b'works').data(5) == b'works'
    client.bye()


def test_sockets_are_handed_over(lab):
    """TCP, a port that the kernel chose, a path and an abstract name; the sessions of the old process go on."""
    path, name = lab.folder / 'listener.sock', f'@wsluice-test-{os.getpid()}'
    addresses = [ANY, '127.0.0.1:0', f'unix:{path}', f'unix:{name}']
    bridge = start(lab, [marked('/', lab.target())], [{'address': address} for address in addresses])
    sockets, inode = listening_inodes(bridge.pid), path.stat().st_ino
    sessions = [lab.open(endpoint) for endpoint in bridge.endpoints]
    process = upgrade(lab, bridge)
    assert process.pid != bridge.pid
    assert listening_inodes(process.pid) == sockets
    assert path.stat().st_ino == inode
    for endpoint in bridge.endpoints:
        works(lab, endpoint)
    assert bridge.process.poll() is None
    for session in sessions:
        session.binary(b'old').data(3)
        session.bye()
    assert bridge.process.wait(WAIT) == 0
    assert path.stat().st_ino == inode
    works(lab, Endpoint(f'unix:{path}'))
    process.stop()
    assert not path.exists()


def test_nobody_in_the_backlog_is_lost(lab):
    bridge = start(lab, [marked('/', lab.target())])
    bridge.signal(signal.SIGSTOP)
    clients = [lab.connect(bridge) for _ in range(100)]
    bridge.signal(signal.SIGUSR2)
    bridge.signal(signal.SIGCONT)
    process = Process(int(until(lambda: [line.split('process ')[1].split()[0] for line in bridge.lines
                                         if 'has taken over' in line], lambda: bridge.text)[0]))
    lab.processes.append(process)
    for client in clients:
        client.upgrade().binary(b'x').data(1)
        client.bye()
    assert bridge.process.wait(WAIT) == 0
    process.stop()


def test_the_successor_reads_the_file_as_it_is_now(lab):
    """Listeners too: a new one is bound, one that has gone is not kept, and that is said."""
    echo = lab.target()
    bridge = start(lab, [marked('/', echo, 'before')], [{'address': ANY}, {'address': '127.0.0.1:0'}])
    kept, _ = bridge.endpoints
    path = lab.folder / 'new.sock'
    write(bridge.file, {'listeners': [{'address': ANY}, {'address': f'unix:{path}'}],
                        'routes': [marked('/', echo, 'after')]})
    process = upgrade(lab, bridge)
    bridge.says('1 inherited sockets fit no listener and were closed')
    assert list(listening_inodes(process.pid)) == [kept.port]
    assert ask(lab, kept).fields['x-route'] == 'after'
    works(lab, Endpoint(f'unix:{path}'))
    process.stop()


def test_exit_rules_end_with_the_listeners(lab):
    """The old process has no listener to count clients of, and its sessions go on."""
    bridge = start(lab, [marked('/', lab.target())], exit={'idle': '1s'})
    session = lab.open(bridge)
    process = upgrade(lab, bridge)
    time_passes(1.5)
    assert session.binary(b'still here').data(10) == b'still here'
    session.bye()
    assert bridge.process.wait(WAIT) == 0
    assert process.wait() in (0, None)


@pytest.mark.release_only
def test_upgrades_under_load_lose_nothing(lab):
    """Five in a row; the sessions stay where they began, so five processes serve at the end."""
    traffic = Traffic()
    bridge = start(lab, [{'path': '/', 'target': f'tcp://127.0.0.1:{traffic.port}'}])
    plain = bridge.baseline
    traffic.start(('127.0.0.1', bridge.port))
    pauses = float(os.environ.get('WSLUICE_PROOF_SECONDS', '8')) / 6
    line = [bridge]
    for _ in range(5):
        time_passes(pauses)
        line.append(upgrade(lab, bridge, line[-1].pid))
    time_passes(pauses)
    traffic.stop()
    print(f'{traffic.came} clients came, {traffic.echoed} bytes; descriptors {line[-1].fds()}, {plain} at first')
    assert bridge.process.wait(WAIT) == 0
    for process in line[1:-1]:
        assert process.wait() in (0, None)
    until(lambda: line[-1].fds() <= plain, lambda: f'{line[-1].fds()} descriptors, {plain} in the first process')
    line[-1].stop()
    assert all(record['reason'] == 'client_closed' for record in bridge.records()), bridge.text[-2000:]


def test_the_successor_inherits_nothing_else(lab):
    """Not the sessions, nor what the loops hold: as many descriptors as a process has that was just started."""
    bridge = start(lab, [marked('/', lab.target())])
    sessions = [lab.open(bridge) for _ in range(30)]
    blocked = status_of(bridge.pid)['SigBlk']
    process = upgrade(lab, bridge)
    # It closes the pipe to its predecessor after the byte that lets the predecessor log, and keeps a link to it.
    most = bridge.baseline + 1
    until(lambda: process.fds() <= most, lambda: f'{process.fds()} descriptors, {bridge.baseline} at first')
    assert status_of(process.pid)['SigBlk'] == blocked
    environment = pathlib.Path(f'/proc/{process.pid}/environ').read_bytes()
    for variable in (b'WSLUICE_FDS=', b'WSLUICE_LINKS=', b'WSLUICE_GENERATION=1'):
        assert variable in environment
    again = upgrade(lab, bridge, process.pid)
    assert pathlib.Path(f'/proc/{again.pid}/environ').read_bytes().count(b'WSLUICE_FDS=') == 1
    for session in sessions:
        session.bye()
    assert bridge.process.wait(WAIT) == 0
    again.stop()


# ---- what goes wrong ----

def failed(bridge):
    return until(lambda: [line for line in bridge.lines if 'cannot upgrade: ' in line], lambda: bridge.text)


def test_a_bad_file_fails_the_successor_only(lab):
    path = lab.folder / 'listener.sock'
    bridge = start(lab, [marked('/', lab.target())], [{'address': f'unix:{path}'}, {'address': ANY}])
    bridge.file.write_text('listeners: 7\n')
    bridge.signal(signal.SIGUSR2)
    assert 'ended with status 1 ' in failed(bridge)[0]
    for endpoint in bridge.endpoints:
        works(lab, endpoint)
    assert not children_of(bridge.pid), 'a zombie'
    write(bridge.file, bridge.config)
    upgrade(lab, bridge).stop()


def test_a_successor_that_cannot_bind_leaves_the_socket_files(lab):
    path = lab.folder / 'listener.sock'
    echo = lab.target()
    bridge = start(lab, [marked('/', echo)], [{'address': f'unix:{path}'}, {'address': ANY}])
    write(bridge.file, {**bridge.config, 'listeners': [{'address': f'unix:{path}'},
                                                       {'address': f'127.0.0.1:{echo.port}'}]})
    bridge.signal(signal.SIGUSR2)
    failed(bridge)
    assert path.exists()
    for endpoint in bridge.endpoints:
        works(lab, endpoint)


def test_the_file_of_a_listener_that_the_successor_has_not(lab):
    """The configuration names one socket no longer: its file goes with the process that made it, the other one stays."""
    gone, stays = lab.folder / 'gone.sock', lab.folder / 'stays.sock'
    listeners = [{'address': f'unix:{path}'} for path in (gone, stays)]
    bridge = start(lab, [marked('/', lab.target())], listeners)
    write(bridge.file, {**bridge.config, 'listeners': listeners[1:]})
    process = upgrade(lab, bridge)
    until(lambda: not gone.exists(), 'the file to go')
    works(lab, Endpoint(f'unix:{stays}'))
    process.stop()
    assert not stays.exists()


@pytest.fixture(name='copied')
def fixture_copied(lab):
    """A bridge whose binary can be replaced."""
    return start_copied(lab)


@pytest.mark.usefixtures('own_process')
def test_the_binary_that_is_there_now_is_run(lab, copied):
    install(copied)
    inode = copied.binary.stat().st_ino
    process = upgrade(lab, copied)
    assert os.stat(f'/proc/{process.pid}/exe').st_ino == inode
    works(lab, copied)
    process.stop()


# Closes what it would say with that it is ready.
MUTE = 'exec /usr/bin/python3 -c "import os, time; os.closerange(3, 4096); time.sleep(60)"'


@pytest.mark.parametrize('script, said', [('exit 3', 'status 3'), ('kill -SEGV $$', 'signal 11'), (MUTE, 'signal 9')])
def test_a_binary_that_fails(lab, copied, script, said):
    install(copied, script)
    copied.signal(signal.SIGUSR2)
    assert said in failed(copied)[0]
    works(lab, copied)
    install(copied)
    upgrade(lab, copied).stop()


def test_a_reload_that_is_asked_for_meanwhile(lab, copied):
    """The new process may have read the file before it changed, so it is told to read it again."""
    install(copied, f'sleep 1; exec {BINARY} "$@"')
    copied.signal(signal.SIGUSR2)
    until(lambda: 'to take over' in copied.text, lambda: copied.text)
    write(copied.file, copied.config)
    copied.signal(signal.SIGHUP)
    until(lambda: 'was read again' in copied.text, lambda: copied.text)
    Process(int(re.findall(r'process (\d+) has taken over', copied.text)[0])).stop()


def test_a_binary_that_is_not_there(lab, copied):
    copied.binary.unlink()
    copied.signal(signal.SIGUSR2)
    assert f'cannot execute {copied.binary}: No such file or directory' in failed(copied)[0]
    works(lab, copied)


def to_take_over(bridge):
    return [int(line.split('process ')[1].split()[0]) for line in bridge.lines if 'is to take over' in line]


def test_the_end_ends_a_successor_that_has_not_begun(lab, copied):
    install(copied, 'exec sleep 60')
    copied.signal(signal.SIGUSR2)
    child = Process(until(lambda: to_take_over(copied), lambda: copied.text)[0])
    lab.processes.append(child)
    until(lambda: pathlib.Path(f'/proc/{child.pid}/comm').read_text() == 'sleep\n', 'exec')
    copied.signal(signal.SIGUSR2)  # a second one while the first is under way is ignored
    copied.signal(signal.SIGTERM)
    assert copied.process.wait(WAIT) == 0
    child.wait()
    assert len(to_take_over(copied)) == 1


def test_a_binary_that_hangs(lab, copied):
    """Ended when its time has passed, even if its children still hold the pipe; then a reload works."""
    write(copied.file, {**copied.config, 'limits': {'upgrade_timeout': '500ms'}})
    copied.signal(signal.SIGHUP)
    until(lambda: copied.text.count('is in use') == 1, lambda: copied.text)
    install(copied, 'sleep 5; exit 1')
    copied.signal(signal.SIGUSR2)
    until(lambda: to_take_over(copied), lambda: copied.text)
    copied.signal(signal.SIGHUP)
    assert 'timed out after 0.5 s (limits.upgrade_timeout)' in failed(copied)[0]
    until(lambda: copied.text.count('is in use') == 2, lambda: copied.text)
    works(lab, copied)


def test_a_reload_waits_for_the_successor(lab, copied):
    install(copied, 'sleep 0.5; exit 1')
    copied.signal(signal.SIGUSR2)
    until(lambda: to_take_over(copied), lambda: copied.text)
    copied.signal(signal.SIGHUP)
    until(lambda: 'is in use' in copied.text, lambda: copied.text)
    assert copied.text.index('cannot upgrade: ') < copied.text.index('is in use')


def test_the_end_of_an_old_process_ends_its_sessions(lab):
    bridge = start(lab, [marked('/', lab.target())], limits={'drain_spread': '0s'})
    session = lab.open(bridge)
    process = upgrade(lab, bridge)
    bridge.signal(signal.SIGTERM)
    assert session.end()[1] == 1001
    assert bridge.process.wait(WAIT) == 0
    works(lab, bridge)
    process.stop()


def test_an_old_process_outlives_its_successor(lab):
    bridge = start(lab, [marked('/', lab.target())])
    session = lab.open(bridge)
    first = upgrade(lab, bridge)
    second = upgrade(lab, bridge, first.pid)
    until(lambda: state(first.pid) is None, 'the first to be gone, and no zombie')
    session.binary(b'x').data(1)
    session.bye()
    assert bridge.process.wait(WAIT) == 0
    second.stop()


def test_the_demo_is_not_handed_over(lab):
    bridge = lab.start('demo', ANY)
    until(lambda: f'open http://127.0.0.1:{bridge.port}/ in a browser' in bridge.text, lambda: bridge.text)
    bridge.signal(signal.SIGUSR2)
    until(lambda: 'cannot be handed over' in bridge.text, lambda: bridge.text)
    works(lab, bridge)


def test_the_quick_command_line_and_relative_paths(lab):
    """./wsluice, run in a directory of its own, with a password on the command line that is wiped there."""
    target = lab.target()
    shutil.copy(BINARY, lab.folder / 'wsluice')
    bridge = lab.start(target=target, binary='./wsluice', cwd=lab.folder, listen='127.0.0.1:0')
    process = upgrade(lab, bridge)
    assert os.readlink(f'/proc/{process.pid}/cwd') == str(lab.folder)
    works(lab, bridge)
    process.stop()


# ---- in the background ----

@pytest.mark.usefixtures('own_process')
def test_daemon(lab):
    """Left its directory, but what it was started with is relative to that."""
    shutil.copy(BINARY, lab.folder / 'wsluice')
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        endpoint = Endpoint(f'127.0.0.1:{sock.getsockname()[1]}')
    write(lab.folder / 'gateway.yaml', {'listeners': [{'address': endpoint.address}],
                                        'routes': [marked('/', lab.target())], 'log': {'file': 'wsluice.log'}})
    log = lab.folder / 'wsluice.log'
    subprocess.run(['./wsluice', '-D', '--config', 'gateway.yaml'], cwd=lab.folder, check=True, timeout=20,
                   stdin=subprocess.DEVNULL, capture_output=True)
    first = Process(next(int(pid) for pid in os.listdir('/proc') if pid.isdigit() and
                         listens_on(int(pid), endpoint.port)))
    lab.processes.append(first)
    pids = [first]
    for _ in range(2):
        pids[-1].signal(signal.SIGUSR2)
        said = f'of {len(pids)}'
        found = until(lambda: [line for line in log.read_text().splitlines() if 'has taken over' in line][len(pids) - 1:],
                      lambda: f'{said}: {log.read_text()}')
        pids.append(Process(int(found[0].split('process ')[1].split()[0])))
        lab.processes.append(pids[-1])
        pids[-2].wait()
        works(lab, endpoint)
        assert os.readlink(f'/proc/{pids[-1].pid}/cwd') == '/'
        assert listens_on(pids[-1].pid, endpoint.port)
    pids[-1].stop()


def listens_on(pid, port):
    try:
        return os.readlink(f'/proc/{pid}/exe').endswith('/wsluice') and port in listening_inodes(pid)
    except OSError:
        return False
