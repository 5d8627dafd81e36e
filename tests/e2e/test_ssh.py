"""OpenSSH through `wsluice connect` and a gateway: the recipe of contrib/recipes/services.md, with the real ssh, scp,
git and sshd."""
import concurrent.futures
import contextlib
import fcntl
import getpass
import hashlib
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import struct
import subprocess
import termios

import pytest
from lab import BINARY, WAIT
from ports import free_port
from recipes import card, folder_for, replaced, shell
from wire import until

SESSIONS = 50
PROMISE = 5  # seconds from the end of the gateway to that of ssh


def keygen(path):
    subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', str(path)], check=True)


def answers(port):
    try:
        with socket.create_connection(('127.0.0.1', port), 1) as sock:
            return sock.recv(8).startswith(b'SSH-2.0')
    except OSError:
        return False


@pytest.fixture(name='sshd')
def fixture_sshd(lab, tmp_path):
    """A server of our own: its keys, its port, nobody but us may come in. Returns its port."""
    sshd = shutil.which('sshd', path=os.environ['PATH'] + ':/usr/sbin')
    if os.geteuid() == 0:
        pathlib.Path('/run/sshd').mkdir(mode=0o755, exist_ok=True)
    for name in ('host', 'user'):
        keygen(tmp_path / name)
    shutil.copy(tmp_path / 'user.pub', tmp_path / 'authorized')
    port = free_port()
    (tmp_path / 'sshd_config').write_text(f'''
        ListenAddress 127.0.0.1:{port}
        HostKey {tmp_path}/host
        PidFile none
        UsePAM no
        StrictModes no
        PermitRootLogin prohibit-password
        PasswordAuthentication no
        AuthorizedKeysFile {tmp_path}/authorized
        Subsystem sftp internal-sftp
        MaxStartups 1000
    ''')
    lab.spawn(sshd, '-D', '-e', '-f', str(tmp_path / 'sshd_config'), stdin=subprocess.DEVNULL,
              stderr=(tmp_path / 'sshd.log').open('w'))
    until(lambda: answers(port), lambda: (tmp_path / 'sshd.log').read_text())
    return port


@pytest.fixture(name='ssh', params=['ws', 'wss'])
def fixture_ssh(request, lab, sshd, certs, tmp_path):
    """Runs ssh or scp to the host `desk`, which ~/.ssh/config would reach as written here."""
    tls = ['--cert', certs.ec, '--key', certs.ec_key, '--ssl-only'] if request.param == 'wss' else []
    ca = f'--ca={certs.ca}' if tls else ''
    bridge = lab.start(*tls, '127.0.0.1:0', f'127.0.0.1:{sshd}')
    (tmp_path / 'known').write_text('desk ' + (tmp_path / 'host.pub').read_text())
    (tmp_path / 'config').write_text(f'''
        Host desk
            User {getpass.getuser()}
            IdentityFile {tmp_path}/user
            UserKnownHostsFile {tmp_path}/known
            ProxyCommand {BINARY} connect {ca} {request.param}://localhost:{bridge.port}/ssh/%n
    ''')

    def command(program, *arguments):
        return [program, '-F', str(tmp_path / 'config'), '-o', 'BatchMode=yes', *map(str, arguments)]

    def run(program, *arguments, seconds=WAIT):
        result = subprocess.run(command(program, *arguments), stdin=subprocess.DEVNULL, capture_output=True,
                                timeout=seconds, check=False)
        assert result.returncode == 0, result.stderr.decode()
        return result.stdout.decode()
    run.bridge, run.command = bridge, command
    return run


def test_a_command(ssh):
    """Users see what it says, and nothing of the bridge."""
    for _ in range(5):
        result = subprocess.run(ssh.command('ssh', 'desk', 'echo over the sluice; exit 7'), stdin=subprocess.DEVNULL, capture_output=True,
                                timeout=WAIT, check=False)
        assert (result.stdout, result.stderr, result.returncode) == (b'over the sluice\n', b'', 7)


def test_a_shell_on_a_terminal(ssh):
    """Its size arrives, and so does a key: Ctrl-C ends what runs there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('HHHH', 43, 132, 0, 0))
    with subprocess.Popen(ssh.command('ssh', '-tt', 'desk', 'stty size; echo begin; sleep 1000; echo never'),
                          stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as process:
        os.close(theirs)
        os.set_blocking(ours, False)
        said = bytearray()

        def hears(text):
            try:
                said.extend(os.read(ours, 65536))
            except (BlockingIOError, OSError):
                pass
            return text in said
        until(lambda: hears(b'begin'), said.decode)
        assert b'43 132' in said
        os.write(ours, b'\x03')
        until(lambda: hears(b'never') or process.poll() is not None, said.decode)
        assert process.wait(WAIT) != 0 and not hears(b'never')
    os.close(ours)


def echoes(sock):
    sock.settimeout(WAIT)
    sock.sendall(b'through two tunnels')
    return sock.recv(100) == b'through two tunnels'


def test_forwarded_ports(ssh, lab):
    """ssh -L and -D, each with its own TCP connection through the session."""
    target = lab.target()
    local, dynamic = free_port(), free_port()
    lab.spawn(*ssh.command('ssh', '-N', '-o', 'ExitOnForwardFailure=yes', '-L', f'127.0.0.1:{local}:127.0.0.1:{target.port}',
                           '-D', f'127.0.0.1:{dynamic}', 'desk'), stdin=subprocess.DEVNULL)

    def opens(port):
        try:
            return socket.create_connection(('127.0.0.1', port), WAIT)
        except OSError:
            return None
    with until(lambda: opens(local), 'ssh -L listens') as sock:
        assert echoes(sock)
    with until(lambda: opens(dynamic), 'ssh -D listens') as sock:
        sock.settimeout(WAIT)
        sock.sendall(b'\x05\x01\x00')
        assert sock.recv(2) == b'\x05\x00'
        sock.sendall(b'\x05\x01\x00\x01' + socket.inet_aton('127.0.0.1') + struct.pack('!H', target.port))
        assert sock.recv(10)[:2] == b'\x05\x00'
        assert echoes(sock)


def test_git(ssh, tmp_path):
    def git(*words, **how):
        subprocess.run(['git', '-c', 'user.name=a', '-c', 'user.email=a@b', *map(str, words)], check=True,
                       capture_output=True, timeout=60, **how)
    there, here = tmp_path / 'there.git', tmp_path / 'clone'
    git('init', '-q', '-b', 'main', '--bare', there)
    ours = {**os.environ, 'GIT_SSH_COMMAND': ' '.join(ssh.command('ssh'))}
    git('clone', f'desk:{there}', here, env=ours)
    (here / 'data').write_bytes(os.urandom(3_000_000))
    git('checkout', '-q', '-b', 'main', cwd=here)
    git('add', 'data', cwd=here)
    git('commit', '-q', '-m', 'Add data', cwd=here)
    git('push', '-q', 'origin', 'main', cwd=here, env=ours)
    git('clone', f'desk:{there}', tmp_path / 'again', env=ours)
    assert (tmp_path / 'again/data').read_bytes() == (here / 'data').read_bytes()


def test_a_gateway_that_is_killed(ssh, tmp_path):
    """ssh ends by itself, with a line that says why."""
    log = tmp_path / 'ssh.log'
    with log.open('w') as stderr:
        process = subprocess.Popen(ssh.command('ssh', 'desk', 'echo begin; exec sleep 1000'), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=stderr)
    with process:
        assert process.stdout.readline() == b'begin\n'
        ssh.bridge.signal(signal.SIGKILL)
        ssh.bridge.expected_exit = -signal.SIGKILL
        assert process.wait(PROMISE) == 255
    assert re.search(r'^wsluice: (TLS|session) failed: \w', log.read_text(), re.MULTILINE), log.read_text()


@pytest.mark.release_only
def test_many_sessions_at_once(ssh):
    """Each with a megabyte there and back."""
    data = os.urandom(1_000_000)
    processes = [subprocess.Popen(ssh.command('ssh', 'desk', 'cat'), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) for _ in range(SESSIONS)]
    with contextlib.ExitStack() as stack:
        for process in processes:
            stack.enter_context(process)
        with concurrent.futures.ThreadPoolExecutor(SESSIONS) as pool:
            results = list(pool.map(lambda process: process.communicate(data, timeout=120), processes))
    assert all(out == data for out, _ in results), [err for _, err in results if err]
    assert [process.returncode for process in processes] == [0] * SESSIONS


def test_the_card_of_the_demo(lab, certs, sshd, tmp_path):
    """What it says, with the ports of the test."""
    serve, connect = card('A shell through port 443: SSH').split('\n', 1)
    here = folder_for(lab, certs)
    bridge = shell(lab, here, replaced(serve, port=(' 443 ', ' 127.0.0.1:0 '), target=('localhost:22', f'127.0.0.1:{sshd}')))
    (tmp_path / 'known').write_text('localhost ' + (tmp_path / 'host.pub').read_text())
    ours = f'ssh -F none -i {tmp_path}/user -o BatchMode=yes -o UserKnownHostsFile={tmp_path}/known'
    connect = replaced(connect, ssh=('ssh -o', f'{ours} -o'), port=(':443/', f':{bridge.port}/'),
                       who=('you@', f'{getpass.getuser()}@'))
    result = subprocess.run(['bash', '-c', f'PATH={here}/bin:$PATH; {connect} echo over the sluice'], cwd=here,
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert result.stdout == 'over the sluice\n', result.stderr


def checksum(path):
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def copies_both_ways(ssh, folder, size, seconds):
    """With scp; the checksums are compared, and the bytes that the gateway has counted."""
    here, there, back = files = [folder / name for name in ('here', 'there', 'back')]
    with here.open('wb') as file:
        for begin in range(0, size, 1 << 20):
            file.write(os.urandom(min(1 << 20, size - begin)))
    ssh('scp', here, f'desk:{there}', seconds=seconds)
    assert checksum(there) == checksum(here)
    ssh('scp', f'desk:{there}', back, seconds=seconds)
    assert checksum(back) == checksum(here)
    until(lambda: len(ssh.bridge.records()) == 2, lambda: ssh.bridge.text)
    assert sum(int(record['bytes_up']) for record in ssh.bridge.records()) > size
    assert sum(int(record['bytes_down']) for record in ssh.bridge.records()) > size
    for file in files:
        file.unlink()


@pytest.mark.release_only
def test_a_large_file_both_ways(ssh, tmp_path):
    copies_both_ways(ssh, tmp_path, 100_000_000, 120)
