"""Life under a service manager: what systemd hears and hands over, rights that are given up, files that stay."""
import fcntl
import grp
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import tempfile
import time

import pytest
from gateway import ANY, Endpoint, marked, start, write
from lab import BINARY, reachable, run
from processes import Process, Systemd, adopt_orphans, listening_inodes, status_of, upgrade
from wire import WAIT, until

pytestmark = pytest.mark.threads
needs_root = pytest.mark.skipif(os.getuid() != 0, reason='only root can become somebody else')


def works(lab, endpoint):
    client = lab.open(endpoint)
    assert client.binary(b'works').data(5) == b'works'
    client.bye()


# ---- what systemd hears ----

@pytest.fixture(name='systemd', params=['path', 'abstract'])
def fixture_systemd(lab, request):
    adopt_orphans()
    systemd = Systemd(str(lab.folder / 'notify') if request.param == 'path' else f'@wsluice-notify-{os.getpid()}')
    yield systemd
    systemd.sock.close()


def started(lab, systemd, **environment):
    config = {'listeners': [{'address': ANY}], 'routes': [marked('/', lab.target())]}
    path = write(lab.folder / 'gateway.yaml', config)
    bridge = lab.start('--config', path, env={**systemd.environment, **environment})
    bridge.file, bridge.config = path, config
    return bridge


def test_ready_reloading_stopping(lab, systemd):
    bridge = started(lab, systemd)
    ready = systemd.expect('READY', '1')
    assert ready['from'] == bridge.pid and ready['STATUS'] == 'serving'
    before = time.monotonic()
    bridge.signal(signal.SIGHUP)
    reloading = systemd.expect('RELOADING', '1')
    assert before <= int(reloading['MONOTONIC_USEC']) / 1e6 <= reloading['at']
    assert systemd.expect('READY', '1', 1)['at'] >= reloading['at']
    bridge.file.write_text('nonsense: true\n')
    bridge.signal(signal.SIGHUP)
    systemd.expect('RELOADING', '1', 1)
    assert 'failed' in systemd.expect('READY', '1', 2)['STATUS']
    bridge.signal(signal.SIGTERM)
    assert int(systemd.expect('STOPPING', '1')['EXTEND_TIMEOUT_USEC']) >= 30e6
    assert bridge.wait() == 0


def test_a_successor_is_announced_by_the_process_that_systemd_knows(lab, systemd):
    bridge = started(lab, systemd, WATCHDOG_USEC='400000')
    systemd.expect('READY', '1')
    process = upgrade(lab, bridge)
    announced = systemd.expect('MAINPID')
    assert announced['MAINPID'] == str(process.pid) and announced['from'] == bridge.pid
    assert systemd.expect('READY', '1', 1)['from'] == process.pid
    assert bridge.process.wait(WAIT) == 0
    until(lambda: [m for m in systemd.listen() if 'WATCHDOG' in m and m['from'] == process.pid], 'its watchdog')
    process.stop()


def test_watchdog(lab, systemd):
    bridge = started(lab, systemd, WATCHDOG_USEC='400000')
    times = [systemd.expect('WATCHDOG', '1', number)['at'] for number in range(5)]
    assert max(b - a for a, b in zip(times, times[1:])) < 0.4
    bridge.signal(signal.SIGSTOP)
    systemd.listen(0.3)
    count = len(systemd.heard)
    systemd.listen(0.5)
    assert len(systemd.heard) == count, 'a process that stands still is not alive'
    bridge.signal(signal.SIGCONT)


def test_watchdog_of_somebody_else(lab, systemd):
    started(lab, systemd, WATCHDOG_USEC='100000', WATCHDOG_PID='1')
    systemd.expect('READY')
    assert not [m for m in systemd.listen(0.5) if 'WATCHDOG' in m]


def test_nobody_listens(lab):
    bridge = start(lab, [marked('/', lab.target())])
    works(lab, bridge)
    deaf = lab.start('--config', bridge.file, env={'NOTIFY_SOCKET': str(lab.folder / 'none'), 'WATCHDOG_USEC': '1'})
    works(lab, deaf)


# ---- what systemd hands over ----

def activated(lab, sockets, config, *, names=None, pid='$$'):
    """As systemd starts a service: descriptors from 3 on, and who they are for."""
    high = [fcntl.fcntl(sock, fcntl.F_DUPFD, 100 + i) for i, sock in enumerate(sockets)]
    moves = ' '.join(f'{3 + i}<&{fd} {fd}<&-' for i, fd in enumerate(high))
    named = f'LISTEN_FDNAMES={names}' if names else ''
    bridge = lab.start('-c', f'exec {moves}; {named} LISTEN_FDS={len(high)} LISTEN_PID={pid} exec "$0" "$@"', BINARY,
                       '--config', write(lab.folder / 'gateway.yaml', config), binary='/bin/bash', pass_fds=high)
    for fd in high:
        os.close(fd)
    return bridge


def bound(family=socket.AF_INET, address=('127.0.0.1', 0), kind=socket.SOCK_STREAM):
    sock = socket.socket(family, kind)
    sock.bind(address)
    if kind == socket.SOCK_STREAM:
        sock.listen(16)
    return sock


def endpoint_of(sock):
    name = sock.getsockname()
    return Endpoint(f'unix:{name}' if isinstance(name, str) else f'{name[0]}:{name[1]}')


def test_sockets_by_name(lab):
    """The name wins over the address; what has no listener is closed, and said."""
    web, ops, left = bound(), bound(), bound()
    config = {'listeners': [{'name': 'ops', 'address': '127.0.0.1:1'}, {'name': 'web', 'address': ANY}],
              'routes': [marked('/', lab.target())]}
    bridge = activated(lab, [web, ops, left], config, names='web:ops:left')
    bridge.says('1 inherited sockets fit no listener and were closed')
    assert sorted(listening_inodes(bridge.pid)) == sorted([endpoint_of(web).port, endpoint_of(ops).port])
    for sock in (web, ops):
        works(lab, endpoint_of(sock))
    for sock in (web, ops, left):
        sock.close()


def test_sockets_by_address(lab):
    path = lab.folder / 'listener.sock'
    tcp, unix, datagrams = bound(), bound(socket.AF_UNIX, str(path)), bound(kind=socket.SOCK_DGRAM)
    config = {'listeners': [{'address': f'unix:{path}'}, {'address': endpoint_of(tcp).address}],
              'routes': [marked('/', lab.target())]}
    bridge = activated(lab, [datagrams, tcp, unix], config)
    bridge.says('1 inherited sockets')
    for sock in (tcp, unix):
        works(lab, endpoint_of(sock))
    for sock in (tcp, unix, datagrams):
        sock.close()


def test_a_lent_unix_socket_keeps_its_file(lab):
    """It is systemd's, also after the process that was given it has handed it on."""
    adopt_orphans()
    path = lab.folder / 'listener.sock'
    unix = bound(socket.AF_UNIX, str(path))
    config = {'listeners': [{'address': f'unix:{path}'}], 'routes': [marked('/', lab.target())]}
    bridge = activated(lab, [unix], config)
    process = upgrade(lab, bridge)
    assert bridge.process.wait(WAIT) == 0
    works(lab, bridge)
    process.stop()
    assert path.exists()
    unix.close()


def test_sockets_for_another_process(lab):
    sock = bound()
    config = {'listeners': [{'name': 'web', 'address': ANY}], 'routes': [marked('/', lab.target())]}
    bridge = activated(lab, [sock], config, names='web', pid=1)
    assert bridge.port != endpoint_of(sock).port
    sock.close()


# ---- rights ----

@pytest.fixture(name='public')
def fixture_public():
    """A folder that everybody may enter."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix='wsluice-'))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def privileged_port():
    for port in range(1023, 600, -1):
        with socket.socket() as sock:
            try:
                sock.bind(('127.0.0.1', port))
            except OSError:
                continue
            return port
    pytest.skip('no free port below 1024')


def as_nobody(pid, group):
    wanted = str(pwd.getpwnam('nobody').pw_uid), str(group)
    for task in os.listdir(f'/proc/{pid}/task'):
        status = status_of(f'{pid}/task/{task}')
        assert status['Uid'] == [wanted[0]] * 4 and status['Gid'] == [wanted[1]] * 4
        assert status['NoNewPrivs'] == ['1']
        assert '0' not in status['Groups']
        assert int(status['CapEff'][0], 16) == 0 and int(status['CapPrm'][0], 16) == 0


@needs_root
def test_user(lab, public, certs):
    """A low port and a key that only root may read, then nobody. A reload keeps the key that it may not read any
    more; a successor has nothing to keep, and fails."""
    adopt_orphans()
    key = public / 'root.key'
    shutil.copy(certs.ec_key, key)
    key.chmod(0o600)
    port = privileged_port()
    tls = {'certificates': [{'certificate': shutil.copy(certs.ec, public), 'key': str(key)}]}
    config = {'user': 'nobody', 'listeners': [{'address': f'127.0.0.1:{port}', 'tls': tls}],
              'routes': [marked('/', lab.target())]}
    path = write(public / 'gateway.yaml', config)
    bridge = lab.start('--config', path, binary=reachable(public))
    as_nobody(bridge.pid, pwd.getpwnam('nobody').pw_gid)
    client = lab.open(bridge, context=certs.context())
    client.binary(b'x').data(1)
    client.bye()

    bridge.signal(signal.SIGHUP)
    until(lambda: 'is in use' in bridge.text, lambda: bridge.text)
    bridge.says('can no longer be read')
    bridge.signal(signal.SIGUSR2)
    until(lambda: 'instead of taking over' in bridge.text, lambda: bridge.text)
    key.chmod(0o644)
    process = upgrade(lab, bridge)
    as_nobody(process.pid, pwd.getpwnam('nobody').pw_gid)
    client = lab.open(bridge, context=certs.context())
    client.bye()
    assert bridge.process.wait(WAIT) == 0
    process.stop()


@needs_root
def test_group(lab, public):
    group = grp.getgrnam('daemon')
    config = {'user': 'nobody', 'group': 'daemon', 'listeners': [{'address': ANY}],
              'routes': [marked('/', lab.target())]}
    bridge = lab.start('--config', write(public / 'gateway.yaml', config))
    as_nobody(bridge.pid, group.gr_gid)
    works(lab, bridge)


def test_no_new_rights_even_without_a_user(lab):
    bridge = start(lab, [marked('/', lab.target())])
    assert status_of(bridge.pid)['NoNewPrivs'] == ['1']


@pytest.mark.parametrize('wrong', [{'user': 'nosuchuser'}, {'group': 'nosuchgroup'}])
def test_unknown_names(lab, wrong):
    config = {'listeners': [{'address': ANY}], 'routes': [marked('/', lab.target())], **wrong}
    status, _, said = run('--config', write(lab.folder / 'gateway.yaml', config))
    assert status == 1 and next(iter(wrong.values())) in said


@needs_root
def test_not_root(lab, public):
    config = {'user': 'daemon', 'listeners': [{'address': ANY}], 'routes': [marked('/', lab.target())]}
    path = write(public / 'gateway.yaml', config)
    status, _, said = run('-c', f'exec setpriv --reuid=nobody --clear-groups {reachable(public)} --config {path}',
                          binary='/bin/bash')
    assert status == 1 and 'start as root, or leave user and group out' in said


@needs_root
def test_a_web_folder_that_is_closed_to_the_user(public):
    (public / 'web').mkdir(mode=0o700)
    status, _, said = run('-c', f'exec setpriv --reuid=nobody --clear-groups {reachable(public)} --web {public}/web '
                          '127.0.0.1:0 127.0.0.1:1', binary='/bin/bash')
    assert status == 1 and f'{public}/web: Permission denied' in said


@needs_root
def test_the_log_of_a_user(lab, public):
    """It can still be opened when the rights are gone: by a reload, by SIGUSR1 and by a successor."""
    adopt_orphans()
    log = public / 'wsluice.log'
    config = {'user': 'nobody', 'log': {'file': str(log)}, 'listeners': [{'address': ANY}],
              'routes': [marked('/', lab.target())]}
    bridge = lab.start('--config', write(public / 'gateway.yaml', config), binary=reachable(public), logs_to=log)
    bridge.signal(signal.SIGHUP)
    until(lambda: 'is in use' in log.read_text(), log.read_text)
    bridge.signal(signal.SIGUSR1)
    bridge.signal(signal.SIGUSR2)
    found = until(lambda: re.search(r'process (\d+) has taken over', log.read_text()), log.read_text)
    process = Process(int(found.group(1)))
    lab.processes.append(process)
    assert bridge.process.wait(WAIT) == 0
    process.stop()
    assert 'error' not in log.read_text()


# ---- the pid file, and who uses it ----

@pytest.fixture(name='noted')
def fixture_noted(lab):
    adopt_orphans()
    pid_file = lab.folder / 'wsluice.pid'
    bridge = start(lab, [marked('/', lab.target())], pid_file=str(pid_file))
    bridge.pid_file = pid_file
    assert pid_file.read_text() == f'{bridge.pid}\n'
    return bridge


def test_the_pid_file_names_who_serves(lab, noted):
    session = lab.open(noted)
    process = upgrade(lab, noted)
    assert noted.pid_file.read_text() == f'{process.pid}\n'
    session.bye()
    assert noted.process.wait(WAIT) == 0
    assert noted.pid_file.read_text() == f'{process.pid}\n'
    process.stop()
    assert not noted.pid_file.exists()


def test_a_second_process_leaves_the_pid_file_alone(lab, noted):
    config = {**noted.config, 'listeners': [{'address': noted.address}]}
    assert run('--config', write(lab.folder / 'second.yaml', config))[0] == 1
    assert noted.pid_file.read_text() == f'{noted.pid}\n'


def test_the_reload_command(lab, noted):
    status, said, _ = run('reload', noted.file)
    assert status == 0 and str(noted.pid) in said and "Add 'admin: FILE'" in said
    until(lambda: 'is in use' in noted.text, lambda: noted.text)
    good, reloads = noted.file.read_text(), noted.text.count('is in use')
    noted.file.write_text(good.replace('"routes"', '"ruotes"'))
    status, _, said = run('reload', noted.file)
    assert status == 1 and "did you mean" in said
    noted.file.write_text(good)
    assert run('reload', noted.file)[0] == 0
    until(lambda: noted.text.count('is in use') > reloads, lambda: noted.text)
    assert 'stays as it was' not in noted.text, 'a file that is known to be bad is not tried'


@pytest.mark.parametrize('content', ['', 'abc', '0', '-1', '1', '999999999', '99999999999999999999', None])
def test_the_reload_command_finds_nobody(lab, noted, content):
    """Process 1 is there, but is no wsluice."""
    right = noted.pid_file.read_text()
    if content is None:
        noted.pid_file.unlink()
    else:
        noted.pid_file.write_text(content)
    status, _, said = run('reload', noted.file)
    assert status == 1 and str(noted.pid_file) in said
    assert ('is wsluice running?' in said) == (content is None)
    noted.pid_file.write_text(right)


def test_the_reload_command_without_a_pid_file(lab):
    bridge = start(lab, [marked('/', lab.target())])
    status, _, said = run('reload', bridge.file)
    assert status == 1 and 'neither an admin socket nor a pid_file' in said


@needs_root
def test_the_pid_file_belongs_to_the_user(lab, public):
    adopt_orphans()
    pid_file = public / 'wsluice.pid'
    config = {'user': 'nobody', 'pid_file': str(pid_file), 'listeners': [{'address': ANY}],
              'routes': [marked('/', lab.target())]}
    bridge = lab.start('--config', write(public / 'gateway.yaml', config), binary=reachable(public))
    assert pid_file.stat().st_uid == pwd.getpwnam('nobody').pw_uid
    process = upgrade(lab, bridge)
    assert pid_file.read_text() == f'{process.pid}\n'
    assert bridge.process.wait(WAIT) == 0
    process.stop()
    assert pid_file.read_text() == '', 'the user may not change the folder, so the file stays, empty'


@pytest.mark.parametrize('path', ['/nonexistent/wsluice.pid', '/tmp', '/dev/null'])
def test_a_pid_file_that_cannot_be(lab, path):
    config = {'pid_file': path, 'listeners': [{'address': ANY}], 'routes': [marked('/', lab.target())]}
    status, _, said = run('--config', write(lab.folder / 'gateway.yaml', config))
    assert status == 1 and path in said


# ---- Unix sockets ----

def test_mode(lab):
    for mode in ('0600', '0660', '0666', '0000'):
        path = lab.folder / f'{mode}.sock'
        bridge = start(lab, [marked('/', lab.target())], [{'address': f'unix:{path}', 'socket_mode': mode}])
        assert path.stat().st_mode & 0o777 == int(mode, 8)
        assert bridge.process.poll() is None


@needs_root
def test_owner_and_group(lab, public):
    path = public / 'listener.sock'
    listener = {'address': f'unix:{path}', 'socket_owner': 'nobody', 'socket_group': 'daemon'}
    bridge = start(lab, [marked('/', lab.target())], [listener])
    status = path.stat()
    assert (status.st_uid, status.st_gid) == (pwd.getpwnam('nobody').pw_uid, grp.getgrnam('daemon').gr_gid)
    works(lab, bridge)
    bridge.signal(signal.SIGTERM)
    assert bridge.wait() == 0
    assert not path.exists()


def test_a_live_socket_is_not_taken_and_a_stale_one_is(lab):
    path = lab.folder / 'listener.sock'
    config = {'listeners': [{'address': f'unix:{path}'}], 'routes': [marked('/', lab.target())]}
    file = write(lab.folder / 'gateway.yaml', config)
    bridge = lab.start('--config', file)
    inode = path.stat().st_ino
    status, _, said = run('--config', file)
    assert status == 1 and 'another program is listening there' in said
    assert path.stat().st_ino == inode
    works(lab, bridge)
    bridge.process.kill()
    bridge.expected_exit = -signal.SIGKILL
    bridge.wait()
    assert path.exists()
    works(lab, lab.start('--config', file))


def test_the_file_of_another_is_not_removed(lab):
    """Somebody has removed ours by hand, and started a second process."""
    path = lab.folder / 'listener.sock'
    config = {'listeners': [{'address': f'unix:{path}'}], 'routes': [marked('/', lab.target())]}
    file = write(lab.folder / 'gateway.yaml', config)
    bridge = lab.start('--config', file)
    path.unlink()
    other = lab.start('--config', file)
    bridge.signal(signal.SIGTERM)
    assert bridge.wait() == 0
    works(lab, other)
    other.signal(signal.SIGTERM)
    assert other.wait() == 0
    assert not path.exists()


# ---- the log ----

def test_the_log_is_opened_again(lab):
    log = lab.folder / 'wsluice.log'
    config = {'listeners': [{'address': ANY}], 'routes': [marked('/', lab.target())], 'log': {'file': str(log)}}
    path = write(lab.folder / 'gateway.yaml', config)
    bridge = lab.start('--config', path, logs_to=log)
    old = log.rename(lab.folder / 'wsluice.log.1')
    bridge.signal(signal.SIGUSR1)
    until(log.exists, 'a new file')
    size = old.stat().st_size
    works(lab, bridge)
    until(lambda: 'session' in log.read_text(), 'a line')
    assert old.stat().st_size == size
