"""noVNC's own launcher, as Debian's novnc package has it, finds us as websockify and is content."""
import os
import pathlib
import shutil
import socket
import subprocess

import gateway
import pytest
from lab import BINARY
from ports import free_port
from processes import Process, state
from wire import PING, WAIT, until

LAUNCHER = pathlib.Path('/usr/share/novnc/utils/novnc_proxy')
VERSION = b'RFB 003.008\n'

pytestmark = pytest.mark.skipif(not LAUNCHER.exists() or not shutil.which('hostname'), reason='needs Debian\'s novnc')


def vnc(connection):
    """Sends a VNC server's greeting, and collects what the client says."""
    connection.sock.sendall(VERSION)
    connection.read_all()


def children(pid):
    return [int(word) for word in pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]


class Launcher:
    """novnc_proxy with what it has started, in the form in which Lab.connect takes a bridge."""

    def __init__(self, lab, *arguments, program=LAUNCHER):
        self.port = free_port()
        self.address = f'127.0.0.1:{self.port}'
        programs = lab.folder / 'programs'
        programs.mkdir()
        (programs / 'websockify').symlink_to(os.path.abspath(BINARY))
        self.target = lab.target(vnc)
        environment = {**os.environ, 'PATH': f'{programs}:{os.environ["PATH"]}'}
        self.output = lab.folder / 'output'
        with self.output.open('wb') as output:
            self.process = lab.spawn(str(program), '--listen', str(self.port), '--vnc',
                                     f'localhost:{self.target.port}', *map(str, arguments), env=environment,
                                     stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=lab.folder,
                                     start_new_session=True)
        until(lambda: 'Navigate to this URL' in self.text or self.process.poll() is not None, lambda: self.text)
        assert self.process.poll() is None, self.text
        self.pid, = [pid for pid in children(self.process.pid) if self.name(pid) in ('websockify', 'wsluice', 'run')]
        lab.processes.append(Process(self.pid))

    @staticmethod
    def name(pid):
        return pathlib.Path(f'/proc/{pid}/comm').read_text().strip()

    @property
    def text(self):
        return self.output.read_text(errors='replace')

    def desktop(self, lab, **how):
        """A session up to the VNC server's first words."""
        client = lab.open(self, upgrade={'path': '/websockify'}, **how)
        assert client.data(len(VERSION)) == VERSION
        client.binary(VERSION)
        until(lambda: bytes(self.target.connection().received) == VERSION, 'what the client says')
        return client

    def stop(self):
        self.process.terminate()
        self.process.wait(WAIT)
        until(lambda: state(self.pid) in (None, 'Z'), 'the end of what it started')
        assert 'Failed to start' not in self.text and 'Sanitizer' not in self.text, self.text


def test_as_it_is(lab):
    launcher = Launcher(lab)
    page = gateway.get(lab, launcher, '/vnc.html')
    assert page.status == 200 and page.fields['content-type'].startswith('text/html')
    script = gateway.get(lab, launcher, '/core/rfb.js')
    assert script.status == 200 and 'javascript' in script.fields['content-type']
    launcher.desktop(lab).bye()
    launcher.stop()


def test_a_checkout_in_its_place(lab):
    """As noVNC's sources and many images have it: utils/websockify/run, and no websockify in PATH is looked for."""
    novnc = lab.folder / 'novnc'
    shutil.copytree(LAUNCHER.parents[1], novnc)
    (novnc / 'utils' / 'websockify').mkdir()
    (novnc / 'utils' / 'websockify' / 'run').symlink_to(os.path.abspath(BINARY))
    launcher = Launcher(lab, program=novnc / 'utils' / LAUNCHER.name)
    assert f'Using local websockify at {novnc}/utils/websockify/run' in launcher.text
    assert f'  - Web server. Web root: {novnc}' in launcher.text
    assert f'  - proxying from :{launcher.port} to localhost:{launcher.target.port}\n' in launcher.text
    assert gateway.get(lab, launcher, '/vnc.html').status == 200
    launcher.desktop(lab).bye()
    assert b'websockify' in pathlib.Path(f'/proc/{launcher.pid}/cmdline').read_bytes()
    launcher.stop()


def test_all_its_flags(lab, certs):
    syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    syslog.bind(str(lab.folder / 'log'))
    syslog.settimeout(WAIT)
    launcher = Launcher(lab, '--cert', certs.ec, '--key', certs.ec_key, '--ssl-only', '--web',
                        LAUNCHER.parents[1], '--record', lab.folder / 'record', '--syslog', lab.folder / 'log',
                        '--heartbeat', '1', '--timeout', '600', '--idle-timeout', '600')
    heard = ''
    while 'listening on' not in heard:
        heard = syslog.recv(4096).decode()
        assert ' websockify ' in heard
    page = gateway.get(lab, launcher, '/vnc.html', connection={'context': certs.context()})
    assert page.status == 200
    client = launcher.desktop(lab, context=certs.context())
    opcode, _ = client.frame()
    assert opcode == PING
    client.bye()
    plain = lab.connect(launcher).send(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    assert plain.answer().body == b'This port speaks HTTPS\n' and plain.eof()
    launcher.stop()
    recorded, = lab.folder.glob('record.*')
    assert recorded.read_text().startswith('var VNC_frame_data = [')
    syslog.close()


def test_it_ends_when_nobody_is_there(lab):
    launcher = Launcher(lab, '--idle-timeout', '2')
    assert launcher.process.wait(WAIT) == 0
    until(lambda: state(launcher.pid) is None, 'its end')


def test_what_newer_launchers_say(lab):
    """Flags that Debian's does not have yet, in the order in which noVNC's own writes them."""
    web = ['--file-only', '--web', str(LAUNCHER.parents[1])]
    guarded = lab.start(*web, '127.0.0.1:0', 'localhost:5900', '--heartbeat', '30', '--web-auth', '--auth-plugin',
                        'BasicHTTPAuth', '--auth-source', 'user:password')
    assert gateway.get(lab, guarded, '/vnc.html').status == 401
    known = {'Authorization': 'Basic dXNlcjpwYXNzd29yZA=='}
    assert gateway.get(lab, guarded, '/vnc.html', fields=known).status == 200
    bridge, _ = lab.start_echo(*web)
    assert gateway.get(lab, bridge, '/vnc.html').status == 200
    assert gateway.get(lab, bridge, '/core/').status in (403, 404)
