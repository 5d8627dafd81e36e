"""What the process keeps once it serves: sandbox: auto, require, off."""
import ctypes
import errno
import os
import re
import shutil
import signal
import subprocess

import pytest
from gateway import ANY, ask, get, marked, start, write
from lab import BINARY, ROOT, is_sanitized, run
from ports import free_port
from processes import Process, adopt_orphans, starter_of, status_of, upgrade
from wire import until

CREATE_RULESET, ASK_VERSION = 444, 1


def landlock():
    """The version of the kernel's Landlock; 0: none."""
    return max(0, ctypes.CDLL(None).syscall(CREATE_RULESET, None, 0, ASK_VERSION))


def has_filter():
    """Whether the binary can filter system calls."""
    return ' libseccomp' in run('--version')[1].split('without:')[0]


def needs(version=1, filtered=False):
    """Skips with the reason where this machine or binary lacks a part."""
    if is_sanitized():
        pytest.skip('a sanitizer needs what a sandbox forbids')
    if 'WSLUICE_EMULATED' in os.environ:
        pytest.skip('an emulator has neither Landlock nor seccomp')
    if landlock() < version:
        pytest.skip(f'this kernel has Landlock {landlock()}, the test needs {version}')
    if filtered and not has_filter():
        pytest.skip('this binary is built without libseccomp')


@pytest.fixture(autouse=True)
def fixture_orphans():
    adopt_orphans()


def sandbox_line(bridge):
    return until(lambda: [line for line in bridge.lines if ' sandbox: ' in line], lambda: bridge.text)[-1]


# ---- a worker that has been taken over ----

@pytest.fixture(name='forbidden', scope='module')
def fixture_forbidden(tmp_path_factory):
    library = tmp_path_factory.mktemp('forbidden') / 'forbidden.so'
    subprocess.run([os.environ.get('CC', 'cc'), '-std=gnu11', '-O1', '-shared', '-fPIC', '-o', library,
                    ROOT / 'tests/lib/forbidden.c', '-ldl'], check=True)
    return library


class Attempts:
    """What forbidden.c tries, and the errno of each."""

    def __init__(self, lab, folder, library, mode, *options, program=None):
        folder.mkdir()
        self.file = folder / 'not-named'
        self.file.write_text('secret')
        target = lab.target()
        stranger, name = lab.target(), f'wsluice-forbidden-{os.getpid()}-{mode}'
        lab.unix_target(path=f'@{name}')
        env = {'LD_PRELOAD': str(library), 'WSLUICE_TRY_FILE': str(self.file), 'WSLUICE_TRY_PORT': str(stranger.port),
               'WSLUICE_TRY_SOCKET': name}
        if program:
            env['WSLUICE_TRY_EXEC'] = program
        self.bridge = lab.start(f'--sandbox={mode}', '--workers=2', *options, target=target, env=env)
        client = lab.connect(self.bridge).send(b'GET /try HTTP/1.1\r\nHost: localhost\r\n\r\n')
        client.answer()
        client.hang_up()
        until(lambda: 'tried all' in self.bridge.text, lambda: self.bridge.text)
        self.errors = {name: int(number) for name, number in re.findall(r'^tried (\w+) (\d+)$', self.bridge.text, re.M)}


REFUSED_FILES = ('read_shadow', 'read_file', 'write_file', 'list_root', 'make_file', 'read_process', 'unlink')
REFUSED_PORTS = ('connect_port', 'bind_any_port')
REFUSED_CALLS = ('rename', 'symlink', 'link', 'mknod', 'fork', 'exec', 'ptrace', 'read_memory', 'new_user_namespace',
                 'enter_namespace', 'become_root', 'mount', 'umount', 'chroot', 'bpf', 'keyctl', 'perf', 'module', 'kexec',
                 'userfaultfd', 'open_by_handle', 'clock', 'personality')
UNKNOWN_CALLS = ('packet_socket', 'crypto_socket', 'push_input', 'io_uring', 'no_such_call')


@pytest.mark.usefixtures('preloads', 'own_process')
def test_a_worker_that_has_been_taken_over_gets_nothing(lab, tmp_path, forbidden):
    needs(6, filtered=True)
    attempts = Attempts(lab, tmp_path / 'on', forbidden, 'require', program='/bin/true')
    errors = attempts.errors
    for name in REFUSED_FILES + REFUSED_PORTS:
        assert errors.pop(name) == errno.EACCES, (name, attempts.bridge.text)
    for name in REFUSED_CALLS:
        assert errors.pop(name) == errno.EPERM, (name, attempts.bridge.text)
    for name in UNKNOWN_CALLS:
        assert errors.pop(name) == errno.ENOSYS, (name, attempts.bridge.text)
    assert errors == {'thread': 0, 'connect_abstract': errno.EPERM, 'exec_program': errno.EPERM}
    assert attempts.file.read_text() == 'secret'
    assert not attempts.file.with_name('not-named.new').exists()


@pytest.mark.usefixtures('preloads', 'own_process')
def test_without_a_sandbox_the_same_calls_reach_the_kernel(lab, tmp_path, forbidden):
    """So that what the other test shows is the sandbox's work, and not that of this machine."""
    if is_sanitized():
        pytest.skip('a sanitizer has to be the first library')
    errors = Attempts(lab, tmp_path / 'off', forbidden, 'off').errors
    for name in REFUSED_FILES + REFUSED_PORTS + ('thread', 'connect_abstract', 'fork', 'rename', 'become_root'):
        if name != 'read_shadow' or os.geteuid() == 0:
            assert errors[name] == 0, (name, errors)
    for name in ('exec', 'mount', 'umount', 'chroot'):
        assert errors[name] in (errno.EFAULT, errno.EINVAL, errno.EACCES, 0) or os.geteuid() != 0, (name, errors)


def test_all_threads_are_in_it(lab):
    needs(filtered=True)
    bridge, _ = lab.start_echo('--workers=3')
    client = lab.open(bridge).binary(b'x')
    assert client.data(1) == b'x'
    for thread in os.listdir(f'/proc/{bridge.pid}/task'):
        status = status_of(f'{bridge.pid}/task/{thread}')
        assert status['NoNewPrivs'] == ['1'] and status['Seccomp'] == ['2'], (thread, status)
    client.bye()


# ---- the option ----

def test_one_line_says_what_the_process_has(lab):
    needs(4, filtered=True)
    bridge, target = lab.start_echo()
    line = sandbox_line(bridge)
    assert f'sandbox: no new privileges, files that the configuration names (Landlock {landlock()})' in line
    assert f'TCP to ports 53, {target.port}' in line or f'TCP to ports {target.port}' in line
    assert line.endswith('only system calls of a proxy')
    off, _ = lab.start_echo('--sandbox=off')
    assert sandbox_line(off).endswith('sandbox: off')
    assert status_of(off.pid)['Seccomp'] == ['0']


def test_a_file_may_name_other_ports_later(lab):
    needs(4)
    bridge = start(lab, [marked('/', lab.target(), 'before')])
    assert 'any TCP port: a reload may name other ports' in sandbox_line(bridge)
    write(bridge.file, {**bridge.config, 'routes': [marked('/', lab.target(), 'after')]})
    bridge.signal(signal.SIGHUP)
    until(lambda: 'is in use' in bridge.text, lambda: bridge.text)
    assert ask(lab, bridge).fields['x-route'] == 'after'


def test_demo_has_none(lab):
    bridge = lab.start('demo', ANY)
    assert 'echo service is in this process' in sandbox_line(bridge) or is_sanitized()
    status, _, error = run('demo', '--sandbox=require', ANY)
    assert status == 1 and 'sandbox: require, but' in error


def test_a_word_that_is_none_is_refused():
    status, _, error = run('--sandbox=on', ANY, 'localhost:1')
    assert status == 2 and "must be auto, require or off, not 'on'" in error


# ---- reloads ----

def reload(lab, bridge, config):
    """Exit status and what `wsluice reload` prints."""
    write(bridge.file, config)
    status, out, error = run('reload', '--socket', lab.folder / 'admin.sock')
    return status, out + error


def gateway(lab, *routes, **process):
    return start(lab, routes, admin=str(lab.folder / 'admin.sock'), **process)


def outside(tmp_path_factory):
    folder = tmp_path_factory.mktemp('outside')
    (folder / 'index.html').write_text('hello from outside')
    return folder


@pytest.mark.usefixtures('own_process')
def test_a_reload_beyond_the_sandbox_says_what_to_do(lab, tmp_path_factory):
    """All or nothing, with each finding; then an upgrade does it, and sessions stay."""
    needs()
    bridge = gateway(lab, marked('/', lab.target(), 'before'))
    folder, session = outside(tmp_path_factory), lab.open(bridge)
    config = {**bridge.config, 'routes': [marked('/', lab.target(), 'after'), {'path': '/files/*', 'files': str(folder)}]}
    status, said = reload(lab, bridge, config)
    assert status == 1, said
    assert f'routes[].files.root: {folder}: {folder} is outside of this process\'s sandbox' in said
    assert 'run wsluice upgrade' in said
    assert 'the configuration stays as it was: the sandbox of this process is too small for it' in said
    assert ask(lab, bridge).fields['x-route'] == 'before'
    process = upgrade(lab, bridge)
    assert ask(lab, bridge).fields['x-route'] == 'after'
    assert get(lab, bridge, '/files/').body == b'hello from outside'
    assert session.binary(b'still').data(5) == b'still'
    session.bye()
    process.stop()


def test_a_file_that_cannot_be_found_out_is_explained(lab, tmp_path_factory):
    """An include in another folder: what is in it cannot be known without it."""
    needs()
    bridge = gateway(lab, marked('/', lab.target()))
    other = write(tmp_path_factory.mktemp('outside') / 'more.yaml', {'routes': []})
    status, said = reload(lab, bridge, {**bridge.config, 'include': str(other)})
    assert status == 1 and 'Permission denied' in said, said
    assert "a file may be outside of this process's sandbox: then wsluice upgrade reads it" in said
    process = upgrade(lab, bridge)
    assert reload(lab, bridge, {**bridge.config, 'include': str(other)})[0] == 0
    process.stop()


def test_require_limits_ports_at_a_reload(lab):
    needs(4, filtered=True)
    one, two = lab.target(), lab.target()
    bridge = gateway(lab, marked('/', one, 'before'), sandbox='require')
    status, said = reload(lab, bridge, {**bridge.config, 'routes': [marked('/', two, 'after')]})
    assert status == 1 and f'routes: TCP port {two.port} is outside of this process\'s sandbox' in said, said
    port = free_port()
    status, said = reload(lab, bridge, {**bridge.config, 'listeners': [{'address': f'127.0.0.1:{port}'}]})
    assert status == 1 and f'listeners: TCP port {port} is outside of this process\'s sandbox' in said, said
    status, said = reload(lab, bridge, {**bridge.config, 'routes': [marked('/', one, 'after')]})
    assert status == 0, said
    assert ask(lab, bridge).fields['x-route'] == 'after'
    client = lab.open(bridge).binary(b'x')
    assert client.data(1) == b'x'
    client.bye()


def test_sandbox_itself_changes_at_a_restart(lab):
    bridge = gateway(lab, marked('/', lab.target()))
    status, said = reload(lab, bridge, {**bridge.config, 'sandbox': 'off'})
    assert status == 0 and 'sandbox has changed; a restart applies it' in said, said


def test_files_that_are_replaced_stay_in_reach(lab, tmp_path):
    """Renamed over, behind a link that moves, and in a new folder behind a link, as a mounted Secret."""
    needs()
    target = lab.target()
    real = tmp_path / 'store/1'
    real.mkdir(parents=True)
    (real / 'tokens').write_text(f'a: 127.0.0.1:{target.port}\n')
    link = tmp_path / 'store/now'
    link.symlink_to('1')
    bridge = gateway(lab, {'path': '/', 'tokens': {'from': 'query:token', 'file': str(link / 'tokens')}})
    works = lambda token: ask(lab, bridge, f'/?token={token}').status == 101
    assert works('a') and not works('b')
    (real / 'new').write_text(f'b: 127.0.0.1:{target.port}\n')
    os.rename(real / 'new', real / 'tokens')
    until(lambda: works('b'), lambda: bridge.text)
    other = tmp_path / 'store/2'
    other.mkdir()
    (other / 'tokens').write_text(f'c: 127.0.0.1:{target.port}\n')
    (tmp_path / 'store/next').symlink_to('2')
    os.rename(tmp_path / 'store/next', link)
    until(lambda: works('c'), lambda: bridge.text)


def test_permit_says_which_ports_tokens_have(lab):
    needs(4, filtered=True)
    target = lab.target()
    tokens = lab.folder / 'tokens'
    tokens.write_text(f'a: 127.0.0.1:{target.port}\n')
    for permit, said in ((None, 'any TCP port: tokens name targets'), (f'127.0.0.1:{target.port}', f', {target.port}')):
        options = [f'--permit={permit}'] if permit else []
        bridge = lab.start('--sandbox=require', '--token-plugin=TokenFile', f'--token-source={tokens}', *options, '127.0.0.1:0')
        assert said in sandbox_line(bridge), sandbox_line(bridge)
        client = lab.open(bridge, upgrade={'path': '/?token=a'}).binary(b'x')
        assert client.data(1) == b'x'
        client.bye()


# ---- what goes on in it ----

def test_the_log_is_opened_anew(lab, tmp_path):
    needs()
    log = tmp_path / 'logs/w.log'
    log.parent.mkdir()
    bridge, _ = lab.start_echo(log_file=log)
    log.rename(log.with_suffix('.1'))
    bridge.signal(signal.SIGUSR1)
    ask(lab, bridge, '/', raw=b'GET /x HTTP/1.1\r\nHost: a\r\n\r\n')
    until(lambda: log.exists() and 'handshake' in log.read_text(), lambda: log.with_suffix('.1').read_text())


def test_a_command_is_outside_of_it(lab, tmp_path):
    """It may do what it likes, is our child, and is started again."""
    needs()
    out = tmp_path / 'facts'
    line = f'grep -H Seccomp: /proc/$$/status >{out}; echo $PPID >>{out}; /bin/true; exec sleep 1000'
    bridge = lab.start('--wrap-mode=respawn', f'127.0.0.1:{free_port()}', '127.0.0.1:1', '--', 'sh', '-c', line)
    until(lambda: out.exists() and out.read_text().count('\n') == 2, lambda: bridge.text)
    first = re.search(r'/proc/(\d+)/status:Seccomp:\s+0\n(\d+)', out.read_text())
    assert first and int(first[2]) == bridge.pid, out.read_text()
    out.unlink()
    os.kill(int(first[1]), signal.SIGKILL)
    until(lambda: out.exists() and out.read_text().count('\n') == 2, lambda: bridge.text)
    second = re.search(r'/proc/(\d+)/status:Seccomp:\s+0\n(\d+)', out.read_text())
    assert second and second[1] != first[1] and int(second[2]) == bridge.pid


def test_names_are_looked_up(lab):
    """By the modules of nsswitch.conf, which are loaded in it."""
    needs()
    target = lab.target()
    bridge = lab.start('127.0.0.1:0', f'localhost:{target.port}')
    client = lab.open(bridge).binary(b'x')
    assert client.data(1) == b'x'
    client.bye()


def test_recordings_are_made(lab, tmp_path):
    needs()
    (tmp_path / 'rec').mkdir()
    bridge, _ = lab.start_echo(f'--record={tmp_path}/rec/session')
    client = lab.open(bridge).binary(b'x')
    assert client.data(1) == b'x'
    client.bye()
    until(lambda: list((tmp_path / 'rec').glob('session.*')), lambda: bridge.text)


@pytest.mark.usefixtures('own_process')
def test_no_call_of_a_proxy_is_refused(lab, certs, tmp_path):
    """Under strace, with every feature: TLS, names, files, tokens, sockets with an owner, a recording, a new log, a reload, an upgrade."""
    needs(filtered=True)
    if not shutil.which('strace'):
        pytest.skip('strace is not installed')
    target, trace = lab.target(), tmp_path / 'trace'
    for folder in ('web', 'logs', 'rec'):
        (tmp_path / folder).mkdir()
    (tmp_path / 'web/page.html').write_text('page')
    (tmp_path / 'tokens').write_text(f'a: localhost:{target.port}\n')
    config = write(tmp_path / 'gateway.yaml', {
        'log': {'file': str(tmp_path / 'logs/log')}, 'admin': str(tmp_path / 'admin.sock'), 'workers': 2,
        'pid_file': str(tmp_path / 'pid'),
        'listeners': [{'address': ANY, 'tls': {'mode': 'optional', 'certificates': [
                          {'certificate': certs.ec, 'key': certs.ec_key}]}},
                      {'address': f'unix:{tmp_path}/s', 'socket_group': str(os.getgid()), 'socket_mode': '0660'}],
        'routes': [{'path': '/', 'target': f'tcp://localhost:{target.port}', 'record': str(tmp_path / 'rec/r')},
                   {'path': '/token', 'tokens': {'from': 'query:token', 'file': str(tmp_path / 'tokens')}},
                   {'path': '/files/*', 'files': str(tmp_path / 'web')}]})
    command = tmp_path / 'traced'
    command.write_text(f'#!/bin/sh\nexec strace -D -f -qq -o {trace} {os.path.abspath(BINARY)} "$@"\n')
    command.chmod(0o755)
    bridge = lab.start('--config', config, binary=command, logs_to=tmp_path / 'logs/log')
    log = tmp_path / 'logs/log'
    for how in ({}, {'context': certs.context()}, {'upgrade': {'path': '/token?token=a'}}):
        client = lab.open(bridge, **how)
        assert client.binary(b'traced').data(6) == b'traced'
        client.bye()
    assert get(lab, bridge, '/files/page.html').body == b'page'
    assert get(lab, bridge, '/files/').status == 404
    log.rename(tmp_path / 'logs/log.1')
    bridge.signal(signal.SIGUSR1)
    until(log.exists, 'a new file')
    bridge.signal(signal.SIGHUP)
    until(lambda: 'is in use' in log.read_text(), log.read_text)
    bridge.signal(signal.SIGUSR2)
    taken = until(lambda: re.search(r'process (\d+) has taken over', log.read_text()), log.read_text)
    successor = Process(int(taken[1]))
    lab.processes.append(successor)
    assert bridge.wait() == 0
    os.kill(successor.pid, signal.SIGTERM)
    successor.wait()
    calls = re.findall(r'^\d+ +(\w+)\(.*= -1 (EPERM|ENOSYS|EACCES)', trace.read_text(), re.MULTILINE)
    # clone3, in whose place clone comes; Landlock's version and statx are asked for before, where they may be missing
    assert {name for name, _ in calls} <= {'clone3'}, calls
    assert 'seccomp(SECCOMP_SET_MODE_FILTER' in trace.read_text()


@pytest.mark.usefixtures('own_process')
def test_the_starter_holds_nothing_and_goes_last(lab):
    needs()
    bridge, _ = lab.start_echo()
    starter = Process(starter_of(bridge.pid))
    client = lab.open(bridge).binary(b'x')
    assert client.data(1) == b'x'
    held = {os.readlink(f'/proc/{starter.pid}/fd/{fd}').split(':')[0] for fd in os.listdir(f'/proc/{starter.pid}/fd')}
    assert held == {'/dev/null', 'socket'} and starter.fds() == 4
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(starter.pid, number)
    client.binary(b'y').data(1)
    client.bye()
    bridge.signal(signal.SIGTERM)
    assert bridge.wait() == 0
    until(starter.ended, 'the end of the starter')


@pytest.mark.usefixtures('own_process')
def test_the_starter_and_a_command_have_the_users_rights_only(lab):
    needs()
    if os.geteuid() != 0:
        pytest.skip('only root can become another user')
    out = lab.folder / 'id'
    out.touch()
    out.chmod(0o666)
    lab.folder.chmod(0o755)
    for folder in lab.folder.parents[:-2]:
        folder.chmod(folder.stat().st_mode | 0o011)
    bridge = start(lab, [marked('/', lab.target())], user='nobody',
                   command={'words': ['sh', '-c', f'id -u >{out}; exec sleep 1000'], 'when_it_ends': 'ignore'})
    until(out.read_text, lambda: bridge.text)
    mine, starters = status_of(bridge.pid), status_of(starter_of(bridge.pid))
    assert mine['Uid'] == starters['Uid'] == [out.read_text().strip()] * 4 and mine['Uid'][0] != '0'
    assert mine['Gid'] == starters['Gid'] and mine['Groups'] == starters['Groups']
    assert starters['NoNewPrivs'] == ['1'] and starters['CapEff'] == ['0000000000000000']


@pytest.mark.usefixtures('own_process')
def test_without_its_starter_an_upgrade_is_refused_and_all_goes_on(lab):
    needs()
    bridge, _ = lab.start_echo()
    os.kill(starter_of(bridge.pid), signal.SIGKILL)
    bridge.signal(signal.SIGUSR2)
    until(lambda: 'cannot upgrade: cannot start' in bridge.text, lambda: bridge.text)
    client = lab.open(bridge).binary(b'x')
    assert client.data(1) == b'x'
    client.bye()


def test_an_abstract_target_is_reached(lab):
    needs(6)
    target = lab.unix_target(path=f'@wsluice-sandbox-{os.getpid()}')
    bridge = lab.start('127.0.0.1:0', f'unix:{target.path}')
    client = lab.open(bridge).binary(b'x')
    assert client.data(1) == b'x'
    client.bye()
