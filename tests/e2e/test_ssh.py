"""OpenSSH through the bridge: the recipe of contrib/recipes/services.md, with the real ssh, scp and sshd."""
import getpass
import hashlib
import os
import pathlib
import shutil
import socket
import subprocess

import pytest
from lab import WAIT
from ports import free_port
from recipes import card, folder_for, replaced, shell
from wire import until

HERE = pathlib.Path(__file__).parent
CLIENT = HERE / 'node_modules/.bin/wsnc'
SIZE = 100 * 1000 * 1000


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
    ''')
    lab.spawn(sshd, '-D', '-e', '-f', str(tmp_path / 'sshd_config'), stdin=subprocess.DEVNULL,
              stderr=(tmp_path / 'sshd.log').open('w'))
    until(lambda: answers(port), lambda: (tmp_path / 'sshd.log').read_text())
    return port


@pytest.fixture(name='ssh', params=['ws', 'wss'])
def fixture_ssh(request, lab, sshd, certs, tmp_path):
    """Runs ssh or scp to the host `desk`, which ~/.ssh/config would reach as written here."""
    tls = ['--cert', certs.ec, '--key', certs.ec_key, '--ssl-only'] if request.param == 'wss' else []
    bridge = lab.start(*tls, '127.0.0.1:0', f'127.0.0.1:{sshd}')
    (tmp_path / 'known').write_text('desk ' + (tmp_path / 'host.pub').read_text())
    (tmp_path / 'config').write_text(f'''
        Host desk
            User {getpass.getuser()}
            IdentityFile {tmp_path}/user
            UserKnownHostsFile {tmp_path}/known
            ProxyCommand {CLIENT} {request.param}://localhost:{bridge.port}/ssh
    ''')

    def run(program, *arguments, seconds=WAIT):
        result = subprocess.run([program, '-F', str(tmp_path / 'config'), '-o', 'BatchMode=yes', *map(str, arguments)],
                                stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False,
                                env={**os.environ, 'NODE_EXTRA_CA_CERTS': certs.ca})
        assert result.returncode == 0, result.stderr.decode()
        return result.stdout.decode()
    run.bridge = bridge
    return run


def test_a_command(ssh):
    assert ssh('ssh', 'desk', 'echo', 'over', 'the', 'sluice') == 'over the sluice\n'


@pytest.mark.release_only
def test_the_card_of_the_demo(lab, certs, sshd, tmp_path):
    """What it says, with the ports of the test; npx finds wsnc in the folder, and asks for nothing."""
    serve, connect = card('A shell through port 443: SSH').split('\n', 1)
    here = folder_for(lab, certs)
    (here / 'node_modules').symlink_to(HERE / 'node_modules')
    bridge = shell(lab, here, replaced(serve, port=(' 443 ', ' 127.0.0.1:0 '), target=('localhost:22', f'127.0.0.1:{sshd}')))
    (tmp_path / 'known').write_text('localhost ' + (tmp_path / 'host.pub').read_text())
    ours = f'ssh -F none -i {tmp_path}/user -o BatchMode=yes -o UserKnownHostsFile={tmp_path}/known'
    connect = replaced(connect, ssh=('ssh -o', f'{ours} -o'), port=(':443/', f':{bridge.port}/'),
                       who=('you@', f'{getpass.getuser()}@'))
    result = subprocess.run(['bash', '-c', f'{connect} echo over the sluice'], cwd=here, stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=60, check=False)
    assert result.stdout == 'over the sluice\n', result.stderr


def checksum(path):
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


@pytest.mark.release_only
def test_a_large_file_both_ways(ssh, tmp_path):
    here, there, back = (tmp_path / name for name in ('here', 'there', 'back'))
    with here.open('wb') as file:
        for _ in range(SIZE // 1_000_000):
            file.write(os.urandom(1_000_000))
    ssh('scp', here, f'desk:{there}', seconds=120)
    assert checksum(there) == checksum(here)
    ssh('scp', f'desk:{there}', back, seconds=120)
    assert checksum(back) == checksum(here)
    until(lambda: len(ssh.bridge.records()) == 2, lambda: ssh.bridge.text)
    assert sum(int(record['bytes_up']) for record in ssh.bridge.records()) > SIZE
    assert sum(int(record['bytes_down']) for record in ssh.bridge.records()) > SIZE
