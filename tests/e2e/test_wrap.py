"""A command that runs along: its port is moved, its end is ours or not, and it ends with us."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

import pytest
from gateway import start
from lab import BINARY, elapsed, run
from ports import free_port
from processes import PR_SET_CHILD_SUBREAPER, Process, children_of, state
from service import FACTS
from wire import close_frame, time_passes, until

pytestmark = pytest.mark.threads

SERVICE = pathlib.Path(__file__).with_name('service.py')
GRACE = 5  # seconds between SIGTERM and SIGKILL


def service(port, *addresses):
    return ['/usr/bin/python3', SERVICE, port, *(addresses or ['0.0.0.0'])]


def wrap(lab, *command, options=(), port=None, **how):
    """A bridge whose command is the service on the bridge's own port, unless another is given."""
    port = port or free_port()
    return lab.start(*options, f'127.0.0.1:{port}', '--', *(command or service(port)), **how)


def facts(client):
    return json.loads(client.binary(b'facts').data(FACTS))


def facts_of(lab, bridge):
    client = lab.open(bridge)
    told = facts(client)
    client.hang_up()
    return told


def tell_to_exit(lab, bridge, status):
    client = lab.open(bridge)
    assert facts(client)
    client.binary(b'exit %d' % status).hang_up()


def gone(pid):
    return state(pid) in (None, 'Z')


def websockify(folder):
    link = folder / 'websockify'
    link.symlink_to(os.path.abspath(BINARY))
    return str(link)


# ---- its port ----

@pytest.mark.parametrize('addresses', [
    ['0.0.0.0'], ['127.0.0.1'], ['::'], ['::1'], ['::only'], ['0.0.0.0', '::only'], ['127.0.0.1', '::1']])
def test_the_port_is_moved(lab, addresses):
    port = free_port()
    bridge = wrap(lab, *service(port, *addresses), port=port)
    client = lab.open(bridge)
    assert client.binary(b'hello').data(5) == b'hello'
    told = facts(client)
    moved = {name[1] for name in told['names']}
    assert len(moved) == 1 and port not in moved
    assert {name[0] for name in told['names']} <= {'127.0.0.1', '::1', '::ffff:127.0.0.1'}
    assert told['env']['WSLUICE_COMMAND_PORT'] == str(moved.pop())
    assert told['parent'] == bridge.pid


def test_what_is_not_our_port_is_left_alone(lab):
    """Another port, a port of the kernel's choice, UDP."""
    port, other = free_port(), free_port()
    script = f'''
import socket
found = []
for kind, number in ((socket.SOCK_STREAM, {other}), (socket.SOCK_STREAM, 0), (socket.SOCK_DGRAM, {port})):
    sock = socket.socket(socket.AF_INET, kind)
    sock.bind(("127.0.0.2", number))
    found.append(sock.getsockname())
try:
    socket.socket().bind(("192.0.2.1", {other}))
except OSError as error:
    found.append(error.errno)
open("bound", "w").write(repr(found))
'''
    wrap(lab, '/usr/bin/python3', '-c', script, port=port, options=['--wrap-mode=ignore'], cwd=lab.folder)
    text = until(lambda: (lab.folder / 'bound').exists() and (lab.folder / 'bound').read_text(), 'the script')
    first, free, udp, error = eval(text)  # pylint: disable=eval-used
    assert (first[1], udp[1], error) == (other, port, 99)
    assert first[0] == free[0] == udp[0] == '127.0.0.2'


def test_whom_the_command_starts_is_moved_too(lab):
    """A shell's child, and another one after exec."""
    port = free_port()
    words = ' '.join(str(word) for word in service(port))
    bridge = wrap(lab, 'sh', '-c', f'exec sh -c "{words} & wait"', port=port)
    told = facts_of(lab, bridge)
    assert told['parent'] != bridge.pid
    assert told['names'][0][0] == '127.0.0.1'


def test_a_port_in_use_is_in_use(lab):
    """Two of the command's own sockets are in each other's way as they would be on the one port."""
    port = free_port()
    script = f'''
import socket
first, second = socket.socket(), socket.socket()
first.bind(("", {port})); first.listen()
try:
    second.bind(("127.0.0.1", {port}))
    said = "both"
except OSError as error:
    said = str(error.errno)
open("said", "w").write(said)
'''
    wrap(lab, '/usr/bin/python3', '-c', script, port=port, options=['--wrap-mode=ignore'], cwd=lab.folder)
    assert until(lambda: (lab.folder / 'said').exists() and (lab.folder / 'said').read_text(), 'the script') == '98'


def test_other_preloaded_objects_stay(lab, sanitized):
    if sanitized:
        pytest.skip('the sanitizer wants to be first itself')
    other = subprocess.run(['/sbin/ldconfig', '-p'], capture_output=True, text=True, check=True).stdout
    other = re.search(r'libm\.so\.6 .*=> (\S+)', other).group(1)
    told = facts_of(lab, wrap(lab, env={'LD_PRELOAD': other}))
    first, second = told['env']['LD_PRELOAD'].split(':')
    assert first.endswith('/wsluice-rebind.so') and second == other


def test_no_port_to_move(lab):
    """On a Unix socket, or a port that is not known yet, the command is told its port; it need not allow others there."""
    path = lab.folder / 'listen.sock'
    script = f'exec /usr/bin/python3 {SERVICE} $WSLUICE_COMMAND_PORT 0.0.0.0'
    for bridge in (lab.start(f'--unix-listen={path}', '--', 'sh', '-c', script),
                   lab.start('127.0.0.1:0', '--', 'sh', '-c', script)):
        told = facts_of(lab, bridge)
        assert told['names'][0] == ['127.0.0.1', int(told['env']['WSLUICE_COMMAND_PORT'])]


def test_a_command_beside_a_target(lab):
    """With a target of its own a command only runs along, and gets nothing from us."""
    port = free_port()
    bridge = lab.start('127.0.0.1:0', f'127.0.0.1:{port}', '--', *service(port, '127.0.0.1'))
    wait_for_service(port)
    told = facts_of(lab, bridge)
    assert told['names'] == [['127.0.0.1', port]]
    assert not [key for key in told['env'] if key.startswith(('WSLUICE_COMMAND', 'WSLUICE_REBIND_', 'LD_PRE'))]


def wait_for_service(port):
    def reached():
        with socket.socket() as sock:
            return sock.connect_ex(('127.0.0.1', port)) == 0
    until(reached, 'the service')


def test_a_command_in_a_file(lab):
    port = free_port()
    bridge = start(lab, [{'path': '/*', 'target': f'127.0.0.1:{port}', 'connect_retry': '10s'}],
                   command={'words': [str(word) for word in service(port, '127.0.0.1')]})
    wait_for_service(port)
    client = lab.connect(bridge).upgrade()
    assert facts(client)['names'] == [['127.0.0.1', port]]


THIEF = '''
import socket, sys
sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("127.0.0.1", int(sys.argv[1])))
sock.listen()
print("listens", flush=True)
while True:
    client = sock.accept()[0]
    client.sendall(b"stolen")
    print(client.recv(100), flush=True)
'''


@pytest.mark.skipif(os.getuid() != 0, reason='needs root to be another user')
def test_another_user_in_the_commands_place(lab):
    """Before the command listens, another user takes its port; no session reaches that one's program."""
    port = free_port()
    script = f'''echo $WSLUICE_COMMAND_PORT > told.part; mv told.part told
until [ -e go ]; do sleep 0.05; done
exec {' '.join(str(word) for word in service(port))}'''
    bridge = wrap(lab, 'sh', '-c', script, port=port, options=['--close-timeout=2s'], cwd=lab.folder)
    moved = until(lambda: (lab.folder / 'told').exists() and (lab.folder / 'told').read_text(), 'the port').strip()
    thief = lab.spawn('/usr/bin/python3', '-c', THIEF, moved, stdout=subprocess.PIPE, user=65534, group=65534,
                      extra_groups=[])
    assert thief.stdout.readline() == b'listens\n'
    client = lab.open(bridge).binary(b'secret')
    assert client.end() == (b'', 1011, "Another user's program listens in place of the target")
    assert bridge.session(reason='target_foreign')['detail'].endswith('another user listens there')
    thief.terminate()
    assert b'secret' not in thief.stdout.read()
    (lab.folder / 'go').touch()
    assert facts_of(lab, bridge)['names'] == [['127.0.0.1', int(moved)]]


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which('setpriv'), reason='needs root and setpriv')
def test_a_command_may_become_another_user(lab):
    port = free_port()
    script = f'setpriv --reuid 65534 --clear-groups /usr/bin/python3 -c "$(cat {SERVICE})" {port} 0.0.0.0; true'
    bridge = wrap(lab, 'sh', '-c', script, port=port)
    assert facts_of(lab, bridge)['names'][0][0] == '127.0.0.1'


# ---- a clean start ----

def test_the_command_has_nothing_of_ours(lab):
    """No signal ignored or blocked, no descriptor, the old limits, the old directory, no service manager."""
    path = lab.folder / 'told'
    script = ('ls /proc/$$/fd; grep -E "Sig(Blk|Ign)" /proc/self/status; ulimit -n; pwd; env | '
              f'grep -c -E "NOTIFY|WATCHDOG|LISTEN_"; echo $# >> {path}.part; mv {path}.part {path}')
    script = f'exec > {path}.part; {script}'
    wrap(lab, '/bin/sh', '-c', script, 'sh', '', 'two words', '--help', options=['--wrap-mode=ignore'],
         nofile=(256, 4096), cwd=lab.folder, env={'NOTIFY_SOCKET': '@nobody', 'WATCHDOG_USEC': '1'})
    lines = until(lambda: path.exists() and path.read_text(), 'the script').split('\n')
    masks = dict(line.split(':\t') for line in lines if ':\t' in line)
    assert int(masks['SigBlk'], 16) == int(masks['SigIgn'], 16) == 0
    assert set(lines[:lines.index(f'SigBlk:\t{masks["SigBlk"]}')]) <= {'0', '1', '2', '10', '255'}
    assert lines[-5:-1] == ['256', str(lab.folder), '0', '3']


def test_a_command_that_cannot_start():
    status, _, error = run('127.0.0.1:0', '--', 'no-such-command')
    assert status == 1
    assert "cannot start the command 'no-such-command': No such file or directory" in error
    status, _, error = run('-D', '127.0.0.1:0', '--', '/')
    assert status == 1
    assert "cannot start the command '/': Permission denied" in error


def test_a_missing_shim():
    status, _, error = run(free_port(), '--', 'true', env={'WSLUICE_REBIND': '/nowhere/shim.so'})
    assert status == 1
    assert 'WSLUICE_REBIND' in error


def test_usage():
    for arguments, said in [(['6080', '--'], 'no command after --'),
                            (['--', 'true'], 'Too few arguments'),
                            (['6080', 'a:1', 'b', '--', 'true'], 'Too many arguments'),
                            (['demo', '--', 'true'], 'demo has its own target'),
                            (['--config=x.yaml', '--', 'true'], 'the command is in the file'),
                            (['--print-config', '6080', '--', 'true'], 'cannot move'),
                            (['--wrap-mode=often', '6080', '--', 'true'], '--wrap-mode: must be ')]:
        status, _, error = run(*arguments)
        assert (status, said in error) == (2, True), error
    status, out, _ = run('--print-config', '6080', 'localhost:1', '--wrap-mode=respawn', '--', 'sh', '-c', '')
    assert status == 0
    assert 'respawn' in out and 'sh' in out


# ---- its end ----

@pytest.mark.parametrize('status', [0, 7])
def test_the_end_of_the_command_is_ours(lab, status):
    bridge = wrap(lab)
    other = lab.open(bridge)
    assert other.binary(b'x').data(1) == b'x'
    tell_to_exit(lab, bridge, status)
    assert other.closing()[1] in (1000, 1001, 1011)
    other.send(close_frame(1000))
    assert other.eof()
    bridge.expected_exit = status
    assert bridge.wait(10) == status
    bridge.says(f'the command, ended with status {status}')


def test_a_signal_is_a_status_too(lab):
    bridge = wrap(lab)
    os.kill(facts_of(lab, bridge)['pid'], signal.SIGKILL)
    bridge.expected_exit = 128 + signal.SIGKILL
    assert bridge.wait(10) == 128 + signal.SIGKILL


def test_by_websockifys_name_the_status_is_0(lab):
    bridge = wrap(lab, binary=websockify(lab.folder))
    tell_to_exit(lab, bridge, 7)
    assert bridge.wait(10) == 0


def test_an_end_that_is_ignored(lab):
    bridge = wrap(lab, options=['--wrap-mode=ignore'])
    tell_to_exit(lab, bridge, 7)
    until(lambda: 'ended with status 7' in bridge.text, 'the end')
    bridge.rests()
    assert bridge.process.poll() is None
    client = lab.open(bridge)

    def refused():
        _, code, reason = client.end()
        assert code == 1011 and reason
    assert elapsed(refused) < 5, 'nothing will listen there any more'


def test_the_command_is_started_again(lab):
    bridge = wrap(lab, options=['--wrap-mode=respawn'])
    first = facts_of(lab, bridge)
    os.kill(first['pid'], signal.SIGKILL)
    until(lambda: bridge.text.count('runs the command') == 2, lambda: bridge.text)
    second = facts_of(lab, bridge)
    assert second['pid'] != first['pid'] and second['names'] == first['names']


def test_a_command_that_cannot_stay_up(lab):
    bridge = wrap(lab, 'false', options=['--wrap-mode=respawn'])
    until(lambda: bridge.text.count('ended with status 1') == 3, lambda: bridge.text)
    time_passes(1)
    assert bridge.text.count('runs the command') == 3
    assert bridge.text.count('started again more slowly') == 1


def test_nobody_is_left_behind(lab):
    """The command's own children go with it."""
    bridge = wrap(lab)
    client = lab.open(bridge)
    child = int(client.binary(b'fork').data(16))
    assert not gone(child)
    client.hang_up()
    bridge.signal(signal.SIGTERM)
    assert bridge.wait(10) == 0
    until(lambda: gone(child), 'the child')


def test_no_zombies(lab):
    """As a container's first process does, we inherit orphans."""
    first = lab.folder / 'first'
    first.write_text(f'''#!/usr/bin/python3
import ctypes, os, sys
ctypes.CDLL(None).prctl({PR_SET_CHILD_SUBREAPER}, 1, 0, 0, 0)
os.execv({os.path.abspath(BINARY)!r}, sys.argv)
''')
    first.chmod(0o755)
    bridge = wrap(lab, 'sh', '-c', '(sh -c "sleep 0.3; exit 3" & exec true) ; exec sleep 600', binary=str(first))

    until(lambda: len(children_of(bridge.pid)) == 2, 'the orphan')
    until(lambda: len(children_of(bridge.pid)) == 1, 'its funeral')
    assert state(children_of(bridge.pid)[0]) != 'Z'


# ---- our end ----

def test_sessions_hear_first_then_the_command(lab):
    bridge = wrap(lab)
    client = lab.open(bridge)
    pid = facts(client)['pid']
    bridge.signal(signal.SIGTERM)
    assert client.closing()[1] == 1001
    assert not gone(pid)
    client.send(close_frame(1001))
    assert client.eof()
    assert bridge.wait(10) == 0
    assert gone(pid)
    bridge.says('ended with signal 15')


def test_a_command_that_does_not_go(lab):
    bridge = wrap(lab, env={'STUBBORN': 'yes'})
    pid = facts_of(lab, bridge)['pid']
    bridge.signal(signal.SIGTERM)
    assert GRACE - 1 < elapsed(lambda: bridge.wait(20)) < GRACE + 4
    assert bridge.process.returncode == 0
    assert gone(pid)


def test_a_second_signal_kills_the_command(lab):
    bridge = wrap(lab, env={'STUBBORN': 'yes'})
    pid = facts_of(lab, bridge)['pid']
    bridge.signal(signal.SIGTERM)
    until(lambda: 'stopped' in bridge.text, 'sessions to be gone')
    bridge.signal(signal.SIGTERM)
    assert elapsed(lambda: bridge.wait(10)) < GRACE - 2
    assert bridge.process.returncode == 0
    assert gone(pid)


def test_a_sudden_end(lab):
    bridge = wrap(lab)
    pid = facts_of(lab, bridge)['pid']
    bridge.process.kill()
    bridge.expected_exit = -signal.SIGKILL
    bridge.wait()
    until(lambda: gone(pid), 'the command')


def test_nobody_takes_over(lab):
    bridge = wrap(lab)
    client = lab.open(bridge)
    bridge.signal(signal.SIGUSR2)
    until(lambda: 'the command cannot be handed over' in bridge.text, lambda: bridge.text)
    assert client.binary(b'still').data(5) == b'still'


def test_in_the_background(lab):
    """Started from a relative path, after the launcher's directory was left; it writes to nobody."""
    port = free_port()
    script = lab.folder / 'serve'
    script.write_text(f'#!/bin/sh\necho noise\nexec /usr/bin/python3 {SERVICE} {port} 0.0.0.0\n')
    script.chmod(0o755)
    pid_file, log = lab.folder / 'pid', lab.folder / 'log'
    result = subprocess.run([BINARY, '-D', f'--pid-file={pid_file}', f'--log-file={log}', f'127.0.0.1:{port}', '--',
                             './serve'], cwd=lab.folder, capture_output=True, text=True, timeout=20, check=False)
    assert (result.returncode, result.stdout) == (0, ''), result.stderr
    process = Process(int(pid_file.read_text()))
    lab.processes.append(process)

    class Place:
        address = f'127.0.0.1:{port}'
    Place.port = port
    told = facts_of(lab, Place)
    assert told['cwd'] == str(lab.folder)
    process.stop()
    until(lambda: gone(told['pid']), 'the command')
    assert 'noise' not in log.read_text()


def test_a_terminal_is_shared(lab):
    """On a terminal the command stays in the foreground, and may read."""
    leader, follower = os.openpty()
    port = free_port()
    command = [BINARY, f'127.0.0.1:{port}', '--', 'sh', '-c', 'read line; echo "heard $line"; exit 5']
    process = lab.spawn('setsid', '-c', '-w', *command, stdin=follower, stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL)
    os.write(leader, b'me\n')
    assert process.stdout.readline() == b'heard me\n'
    assert process.wait(10) == 5
    os.close(leader)
    os.close(follower)


@pytest.mark.skipif(not shutil.which('Xvnc'), reason='needs Xvnc')
def test_a_vnc_server(lab):
    """A program that nobody wrote for us, with sockets for IPv4 and IPv6."""
    port = free_port()
    bridge = lab.start(f'127.0.0.1:{port}', '--', 'Xvnc', '-rfbport', port, '-SecurityTypes', 'None',
                       f':{10000 + port % 10000}')
    assert lab.open(bridge).data(12) == b'RFB 003.008\n'
    lab.clients.pop().hang_up()
    bridge.signal(signal.SIGTERM)
    assert bridge.wait(15) == 0
