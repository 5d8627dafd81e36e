"""wsluice reload and wsluice upgrade wait for the verdict: over the admin socket, or by a signal and a status."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading

import pytest
from gateway import ANY, get, marked, start, write
from lab import BINARY, run
from processes import Process, adopt_orphans, children_of
from replaceable import install, start_copied
from wire import until

CAN_UNSHARE = os.geteuid() == 0 and shutil.which('unshare') and subprocess.run(
    ['unshare', '--pid', '--fork', 'true'], check=False, capture_output=True).returncode == 0
pytestmark = pytest.mark.threads

STATUS = {'path': '/status', 'status': True, 'allow': ['127.0.0.0/8']}
IN_USE = 'the configuration was read again and is in use\n'
STAYS = 'the configuration stays as it was'


@pytest.fixture(autouse=True)
def fixture_orphans():
    adopt_orphans()


@pytest.fixture(name='copied')
def fixture_copied(lab):
    """A bridge with an admin socket and a binary that can be replaced."""
    bridge = start_copied(lab, workers=2, admin=str(lab.folder / 'admin.sock'))
    bridge.socket = bridge.config['admin']
    return bridge


def is_good(result, said=IN_USE):
    """Status 0 and the sentence; beside it nothing but warnings about the configuration."""
    status, out, err = result
    assert (status, out) == (0, said), result
    assert all(': warning: ' in line for line in err.splitlines()), err
    return True


def works(lab, bridge):
    client = lab.open(bridge)
    assert client.binary(b'works').data(5) == b'works'
    client.bye()


def successor(lab, said):
    process = Process(int(said.split()[1]))
    lab.processes.append(process)
    return process


class Command(threading.Thread):
    """A subcommand beside the test."""

    def __init__(self, *arguments):
        super().__init__(daemon=True)
        self.arguments, self.result = arguments, None
        self.start()

    def run(self):
        self.result = run(*self.arguments)

    def ended(self):
        self.join(30)
        assert self.result, f'{self.arguments} goes on'
        return self.result


# ---- reload ----

def test_a_reload_by_the_admin_socket(lab, copied):
    assert is_good(run('reload', copied.file)) and is_good(run('reload', '--socket', copied.socket))
    assert run('reload', binary=BINARY, env={'WSLUICE_ADMIN_SOCKET': copied.socket})[0] == 0
    asked = f'a reload is asked for by user {os.getuid()} by the admin socket'
    until(lambda: asked in copied.text, asked)
    copied.file.write_text('wrokers: 3\n')
    status, out, err = run('reload', '--socket', copied.socket)
    assert (status, out) == (1, '')
    assert 'gateway.yaml:1:1: wrokers: unknown option; did you mean workers?' in err
    assert f'wsluice: error: {STAYS}: ' in err.splitlines()[-1]
    until(lambda: STAYS in copied.text, 'the log, which a thread of its own writes')
    failed = copied.text.count(STAYS)
    status, out, err = run('reload', copied.file)
    assert (status, out) == (1, '') and 'did you mean workers?' in err
    assert copied.text.count(STAYS) == failed, 'a file that is known to be bad is not tried'
    shown = run('status', '--socket', copied.socket)[1]
    assert 'the last reload failed' in shown and STAYS in shown
    works(lab, copied)


def test_the_certificate_that_cannot_be_read(lab, copied):
    tls = {'certificates': [{'certificate': '/nonexistent.pem', 'key': '/nonexistent.key'}]}
    write(copied.file, {**copied.config, 'listeners': [{'address': copied.address, 'tls': tls}]})
    status, out, err = run('reload', copied.file)
    assert (status, out) == (1, '') and STAYS in err and '/nonexistent' in err


def test_what_needs_a_restart_is_said(lab, copied):
    write(copied.file, {**copied.config, 'workers': 3})
    status, out, err = run('reload', copied.file)
    assert (status, out) == (0, IN_USE) and 'wsluice: warning: workers has changed; a restart applies it\n' in err


def test_each_gets_an_answer(lab, copied):
    """Ten at once, of which some leave before it; then nothing is left of them."""
    before = copied.fds()
    for _ in range(5):
        client = socket.socket(socket.AF_UNIX)
        client.connect(copied.socket)
        client.send(b'POST /reload HTTP/1.1\r\nHost: localhost\r\n\r\n')
        client.close()
    commands = [Command('reload', copied.file) for _ in range(5)]
    assert all(is_good(command.ended()) for command in commands)
    until(lambda: copied.fds() <= before, lambda: f'{copied.fds()} descriptors, {before} at first')


def test_the_verdict_is_on_the_file_after_the_request(lab, copied):
    """The change under way hangs at a FIFO. A client that asks meanwhile gets the verdict of the next."""
    fifo = lab.folder / 'part.pem'
    os.mkfifo(fifo)
    tls = {'certificates': [{'certificate': str(fifo), 'key': str(fifo)}]}
    write(copied.file, {**copied.config, 'listeners': [{'address': ANY, 'tls': tls}]})
    writer = os.open(fifo, os.O_RDWR)  # with a writer that says nothing, a reader waits
    first = Command('reload', '--socket', copied.socket)
    until(lambda: str(fifo) in copied.open_files(), lambda: copied.text)
    write(copied.file, copied.config)
    second = Command('reload', '--socket', copied.socket)
    until(lambda: copied.text.count('a reload is asked for') == 2, lambda: copied.text)
    os.close(writer)

    def feed():  # the file may be opened several times
        with contextlib.suppress(OSError):
            os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        return first.result
    until(feed, lambda: copied.text)
    assert first.ended()[0] == 1
    assert is_good(second.ended())


def test_no_verdict_in_time(lab, copied):
    install(copied, 'exec sleep 60')
    status, out, err = run('upgrade', '--timeout', '1s', '--socket', copied.socket)
    assert (status, out) == (1, '') and 'no verdict within 1 s (--timeout)' in err
    status, out, err = run('reload', '--timeout', '1s', '--socket', copied.socket)
    assert (status, out) == (1, '') and 'no verdict within 1 s (--timeout)' in err
    before, copied.baseline = copied.baseline, None
    until(lambda: copied.fds() <= before + 3, 'nothing is left but two pipes and a link of the upgrade')


def test_only_the_admin_socket_takes_orders(lab):
    bridge = start(lab, [{'path': '/*', 'status': True, 'allow': ['127.0.0.0/8']}])
    for path in ('/reload', '/upgrade'):
        token = json.loads(get(lab, bridge, '/?format=json').body)['token']
        answer = get(lab, bridge, path, method='POST', fields={'X-Wsluice-Token': token})
        assert answer.status == 400 and b'the id of the session' in answer.body
    assert 'asked for' not in bridge.text and 'is in use' not in bridge.text


def test_orders_are_posts(lab, copied):
    for path in ('/reload', '/upgrade'):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(copied.socket)
            client.send(f'GET {path} HTTP/1.0\r\n\r\n'.encode())
            assert client.recv(4096).startswith(b'HTTP/1.1 405 ')
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(copied.socket)
        client.send(b'POST /reload?format=json HTTP/1.0\r\n\r\n')
        answer = client.makefile('rb').read()
        document = json.loads(answer.split(b'\r\n\r\n', 1)[1])
        assert all(finding.startswith('warning: ') for finding in document.pop('findings'))
        assert document == {'done': True, 'process': copied.pid, 'message': IN_USE.strip()}


# ---- without an admin socket ----

@pytest.fixture(name='noted')
def fixture_noted(lab):
    pid_file = lab.folder / 'wsluice.pid'
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        address = f'127.0.0.1:{sock.getsockname()[1]}'
    bridge = start(lab, [marked('/', lab.target()), STATUS], [{'address': address}], pid_file=str(pid_file))
    bridge.pid_file = pid_file
    return bridge


def test_a_reload_by_the_pid_file_and_a_status(lab, noted):
    assert is_good(run('reload', noted.file))
    taken = {'address': f'127.0.0.1:{lab.target().port}'}
    write(noted.file, {**noted.config, 'listeners': [*noted.config['listeners'], taken]})
    status, out, err = run('reload', noted.file)
    assert (status, out) == (1, '') and STAYS in err and taken['address'] in err
    write(noted.file, noted.config)
    assert is_good(run('reload', noted.file))


def test_an_upgrade_by_the_pid_file_and_a_status(lab, noted):
    status, out, err = run('upgrade', noted.file)
    assert status == 0 and 'has taken over (wsluice ' in out and 'error' not in err
    process = successor(lab, out)
    assert noted.pid_file.read_text() == f'{process.pid}\n'
    assert run('reload', noted.file)[0] == 0
    process.stop()


def test_a_service_manager_names_the_process(lab):
    """As ExecReload= does: the admin socket if there is one, else the process gets its signal."""
    bridge = start(lab, [marked('/', lab.target())])
    status, out, err = run('reload', '--pid', bridge.pid, bridge.file)
    assert status == 0 and f'process {bridge.pid} was told to read the file again' in out and 'error' not in err
    until(lambda: 'is in use' in bridge.text, lambda: bridge.text)
    for wrong in ('0', '-1', 'x', '99999999999'):
        status, out, err = run('reload', f'--pid={wrong}', bridge.file)
        assert (status, out) == (2, '') and 'must be a process ID' in err
    status, out, err = run('reload', '--pid=4194304', bridge.file)
    assert (status, out) == (1, '') and 'process 4194304: No such process' in err
    assert run('reload', f'--pid={bridge.pid}')[0] == 2


def test_a_verdict_for_those_who_may_not_see_findings(lab, noted):
    """A status route without an allow list tells only whether it went well."""
    public = [marked('/', lab.target()), {'path': '/status', 'status': True}]
    write(noted.file, {**noted.config, 'routes': public})
    assert run('reload', noted.file)[0] == 0
    assert is_good(run('reload', noted.file), 'done\n')
    taken = {'address': f'127.0.0.1:{lab.target().port}'}
    write(noted.file, {**noted.config, 'routes': public, 'listeners': [*noted.config['listeners'], taken]})
    status, out, err = run('reload', noted.file)
    assert (status, out) == (1, '') and 'it failed; the log of the process says why' in err
    assert taken['address'] not in err


# ---- upgrade ----

def test_an_upgrade_by_the_admin_socket(lab, copied):
    status, out, err = run('upgrade', copied.file)
    assert status == 0 and 'has taken over (wsluice ' in out and 'error' not in err
    process = successor(lab, out)
    until(lambda: copied.process.poll() == 0, 'the old one ends')
    assert is_good(run('reload', copied.file))
    works(lab, copied)
    process.stop()


@pytest.mark.parametrize('script, said', [
    ('exit 3', 'ended with status 3'),
    ('kill -SEGV $$', 'ended with signal 11'),
    ('echo "no such library" >/proc/self/fd/$WSLUICE_ERROR_FD; exit 127', 'no such library'),
    (None, 'cannot execute {binary}: No such file or directory')])
def test_an_upgrade_that_fails(lab, copied, script, said):
    if script:
        install(copied, script)
    else:
        copied.binary.unlink()
    status, out, err = run('upgrade', copied.file)
    assert (status, out) == (1, '') and said.format(binary=copied.binary) in err, err
    assert 'cannot upgrade: ' in err and 'this process goes on' in err
    works(lab, copied)
    install(copied)
    successor(lab, run('upgrade', copied.file)[1]).stop()


def test_the_real_reason(lab, copied):
    """Of a configuration and of a listener that the successor cannot have."""
    copied.file.write_text('wrokers: 3\n')
    status, out, err = run('upgrade', '--socket', copied.socket)
    assert (status, out) == (1, '')
    assert 'gateway.yaml:1:1: error: wrokers: unknown option; did you mean workers?' in err
    until(lambda: re.search(r'error +cannot upgrade: .*did you mean workers', copied.text), lambda: copied.text)
    taken = f'127.0.0.1:{lab.target().port}'
    write(copied.file, {**copied.config, 'listeners': [{'address': ANY}, {'address': taken}]})
    status, out, err = run('upgrade', copied.file)
    assert (status, out) == (1, '') and f'cannot listen on {taken}' in err
    assert 'ended with status 1' in err
    works(lab, copied)


def test_an_upgrade_that_hangs(lab, copied):
    write(copied.file, {**copied.config, 'limits': {'upgrade_timeout': '500ms'}})
    assert run('reload', copied.file)[0] == 0
    install(copied, 'exec sleep 60')
    waiting = [Command('upgrade', copied.file) for _ in range(2)]
    for command in waiting:
        status, out, err = command.ended()
        assert (status, out) == (1, '') and 'it timed out after 0.5 s (limits.upgrade_timeout)' in err
    assert len([line for line in copied.lines if 'is to take over' in line]) <= 2
    works(lab, copied)


def test_a_reload_during_an_upgrade(lab, copied):
    """The answer comes from the new process, which reads the file after the request."""
    install(copied, f'sleep 0.5; exec {BINARY} "$@"')
    upgrade = Command('upgrade', copied.file)
    until(lambda: 'is to take over' in copied.text, lambda: copied.text)
    reload = Command('reload', copied.file)
    status, out, err = upgrade.ended()
    assert status == 0, err
    process = successor(lab, out)
    assert is_good(reload.ended())
    process.stop()


@pytest.mark.parametrize('command', ['reload', 'upgrade'])
def test_the_end_during_a_change(lab, copied, command):
    install(copied, 'exec sleep 60')
    upgrade = Command('upgrade', '--socket', copied.socket)
    until(lambda: 'is to take over' in copied.text, lambda: copied.text)
    waiting = Command(command, '--socket', copied.socket)
    until(lambda: copied.text.count('is asked for') == 2, lambda: copied.text)
    copied.signal(signal.SIGTERM)
    for one in (upgrade, waiting):
        status, out, err = one.ended()
        assert (status, out) == (1, '') and 'nothing has changed: the process is ending' in err
    assert copied.wait() == 0


def test_a_command_is_not_handed_over(lab):
    path = lab.folder / 'admin.sock'
    bridge = lab.start(f'--admin-socket={path}', ANY, '127.0.0.1:9', '--', 'sleep', '60')
    status, out, err = run('upgrade', '--socket', path)
    assert (status, out) == (1, '') and 'cannot upgrade: the command cannot be handed over; restart instead' in err
    assert bridge.process.poll() is None


@pytest.mark.skipif(not CAN_UNSHARE, reason='only root can make a namespace of processes')
def test_the_first_process_of_a_container_stays(lab):
    """When it ends, the kernel ends the container, and so the process that has taken over."""
    path = lab.folder / 'admin.sock'
    inside = lab.folder / 'container'
    inside.write_text(f'#!/bin/sh\nexec unshare --pid --fork --kill-child {BINARY} "$@"\n')
    inside.chmod(0o755)
    bridge = lab.start(f'--admin-socket={path}', ANY, '127.0.0.1:9', binary=inside)
    assert json.loads(run('status', '--json', '--socket', path)[1])['process']['pid'] == 1
    status, out, err = run('upgrade', '--socket', path)
    assert (status, out) == (1, '') and 'cannot upgrade: the container would end with this process' in err
    assert run('status', '--socket', path)[0] == 0
    first, = children_of(bridge.pid)
    os.kill(first, signal.SIGTERM)
    assert bridge.wait() == 0
