"""A drop-in for websockify: its command line word by word, called by its name, with the real one beside it where
that tells something. contrib/README.md lists what is different on purpose."""
import os
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import urllib.parse

import gateway
import pytest
from lab import BINARY, run
from ports import free_port
from processes import state
from targets import listening, source
from test_record import complete, heard
from wire import KEY, TEXT, WAIT, Client, accept_of, frame, request, time_passes, until

REAL = shutil.which('websockify', path='/usr/bin:/bin')
needs_the_real_one = pytest.mark.skipif(not REAL, reason='the package websockify is not installed')


def named(folder):
    """Our binary by websockify's name, as a package installs it."""
    link = folder / 'websockify'
    if not link.exists():
        link.symlink_to(os.path.abspath(BINARY))
    return str(link)


@pytest.fixture
def websockify(lab, tmp_path):
    """Starts us as websockify with these words."""
    def start(*words, **how):
        return lab.start(*words, binary=named(tmp_path), **how)
    return start


@pytest.fixture
def target(lab):
    return lab.target()


def where(target):
    return f'127.0.0.1:{target.port}'


def echoes(lab, bridge, **how):
    client = lab.open(bridge, **how)
    assert client.binary(b'hello').data(5) == b'hello'
    client.bye()


def only_settings(text):
    """What websockify prints when it starts in the background, and nothing else."""
    first, *lines = text.splitlines()
    return first == 'WebSocket server settings:' and all(line.startswith('  - ') for line in lines) and \
        '  - Backgrounding (daemon)' in lines


def usage(folder, *words, **how):
    """(status, message) of a command line that is none."""
    status, out, error = run(*words, binary=named(folder), **how)
    assert out == ''
    return status, error


class Real:
    """Debian's websockify, in the form in which Lab.connect takes a bridge."""

    def __init__(self, lab, *words, cwd=None, **how):
        self.port = free_port()
        self.address = f'127.0.0.1:{self.port}'
        words = [self.address if word == 'LISTEN' else str(word) for word in words]
        self.process = lab.spawn(REAL, *words, cwd=cwd or lab.folder, stderr=subprocess.DEVNULL, **how)

        def listens():
            try:
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                return True
            except ConnectionRefusedError:
                return False
        until(listens, 'websockify to listen')


PREFIXES = ('', 'websockify.token_plugins.')  # of the name of a token class


def target_of(lab, bridge, token):
    """The name that the target of the token says; None: the client is refused, in any way."""
    client = lab.connect(bridge)
    try:
        fields = {'Sec-WebSocket-Protocol': 'binary'}
        answer = client.send(request('/?token=' + urllib.parse.quote(token, safe=''), fields=fields)).answer()
        return client.frame()[1].decode('latin-1') if answer.status == 101 else None
    except (AssertionError, ConnectionError, EOFError, OSError, ValueError):
        return None
    finally:
        client.hang_up()


# ---- every option of its own help is one of ours ----

@needs_the_real_one
def test_no_option_is_missing(tmp_path):
    theirs = subprocess.run([REAL, '--help'], capture_output=True, text=True, check=True,
                            env={**os.environ, 'COLUMNS': '500'}).stdout
    status, ours, _ = run('--help', binary=named(tmp_path))
    known = set(re.findall(r'--[a-z][a-z0-9]*(?:-[a-z0-9]+)*', ours))
    wanted = set(re.findall(r'(?<![\w-])--[a-z][a-z0-9]*(?:-[a-z0-9]+)*', theirs))
    assert status == 0 and len(wanted) > 30
    assert wanted - known == set()


# ---- each of them, alone, and a session through it ----

ALONE = {
    'verbose': ['-v'], 'verbose, long': ['--verbose'], 'traffic': ['--traffic'], 'timeout': ['--timeout', '60'],
    'timeout off': ['--timeout=0'], 'idle timeout': ['--idle-timeout=60'], 'heartbeat': ['--heartbeat', '30'],
    'heartbeat off': ['--heartbeat=0'], 'prefer IPv6': ['-6'], 'prefer IPv6, long': ['--prefer-ipv6'],
    'TLS version': ['--ssl-version=tlsv1_2'], 'TLS version by default': ['--ssl-version', 'default'],
    'ciphers': ['--ssl-ciphers=ECDHE+AESGCM'], 'libserver': ['--libserver'],
    'a TLS target that is none': ['--wrap-mode=ignore'], 'file only': ['--file-only', '--web=.'],
    'our units': ['--heartbeat=5s', '--timeout=1h'], 'a prefix': ['--heartb=7', '--timeo=60'],
    'the last one wins': ['--timeout=1', '--timeout=60'],
}


@pytest.mark.parametrize('words', ALONE.values(), ids=ALONE)
def test_alone(lab, websockify, target, words, tmp_path):
    for order in ([*words, '127.0.0.1:0', where(target)], ['127.0.0.1:0', where(target), *words]):
        echoes(lab, websockify(*order, cwd=tmp_path))


def test_libserver_is_explained(lab, websockify, target):
    bridge = websockify('--libserver', '127.0.0.1:0', where(target))
    assert sum('--libserver' in line for line in bridge.lines) == 1


# ---- addresses ----

@pytest.mark.parametrize('listen', ['0', ':0', '127.0.0.1:0', 'localhost:0', '[::1]:0', '0.0.0.0:0'])
def test_listen_addresses(lab, websockify, target, listen):
    echoes(lab, websockify(listen, where(target)))


@pytest.mark.parametrize('words, message', [
    ([], 'Too few arguments'), (['6080'], 'Too few arguments'), (['6080', 'a:1', 'b:2'], 'Too many arguments'),
    (['6080', 'localhost'], 'Error parsing target'), (['6080', 'localhost:vnc!'], 'Error parsing target port'),
    (['http!', 'localhost:1'], 'Error parsing listen port'), (['a:', 'localhost:1'], 'Error parsing listen port'),
    (['--unix-target=/s', '6080', 'localhost:1'], 'Too many arguments'),
    (['--token-plugin=TokenFile', '--token-source=.', '6080', 'localhost:1'], 'Too many arguments'),
    (['--inetd', '6080', 'localhost:1'], 'Too many arguments'),
    (['--token-source=x', '6080', 'localhost:1'], 'You must use --token-plugin to use --token-source'),
    (['--host-token', '6080', 'localhost:1'], 'You must use --token-plugin to use --host-token'),
    (['--auth-source=x', '6080', 'localhost:1'], 'You must use --auth-plugin to use --auth-source'),
    (['--web-auth', '6080', 'localhost:1'], 'You must use --auth-plugin to use --web-auth'),
    (['--web-auth', '--auth-plugin=BasicHTTPAuth', '6080', 'localhost:1'], 'You must use --web to use --web-auth'),
    (['--legacy-syslog', '6080', 'localhost:1'], 'You must use --syslog to use --legacy-syslog'),
    (['--syslog=localhost:syslog', '6080', 'localhost:1'], None),
    (['--ssl-only', '6080', 'localhost:1'], 'SSL only and '),
    (['--ssl-version=sslv3', '6080', 'localhost:1'], None), (['--unix-listen=x', '--unix-listen-mode=rw', 'a:1'], None),
    (['--ssl', '6080', 'localhost:1'], None), (['--colour', '6080', 'localhost:1'], None),
    (['--wrap-mode=later', '6080', 'localhost:1'], None), (['--timeout=soon', '6080', 'localhost:1'], None),
], ids=lambda value: ' '.join(value) if isinstance(value, list) else '')
def test_usage_errors(tmp_path, words, message):
    """Status 2 and, where it has one of its own, websockify's message; so says the real one as well."""
    status, error = usage(tmp_path, *words, cwd=tmp_path)
    assert status == 2 and error.startswith('usage:') and 'websockify: error: ' in error
    assert not message or message in error
    if REAL:
        theirs = subprocess.run([REAL, *words], capture_output=True, text=True, cwd=tmp_path, timeout=WAIT, check=False)
        assert theirs.returncode == 2, theirs.stderr
        assert not message or message in theirs.stderr or message.startswith('Too'), theirs.stderr


@pytest.mark.parametrize('words', [['--auth-plugin', 'NoSuchAuth', '--auth-source', 'a:b'],
                                   ['--auth-plugin=ExpectOrigin'], ['--auth-plugin=my.own.Plugin'],
                                   ['--token-plugin=NoSuchApi', '--token-source=x'],
                                   ['--token-plugin=no.such.Class', '--token-source=x']],
                         ids=' '.join)
def test_what_there_is_not_is_refused_and_explained(tmp_path, words):
    rest = ['0'] if 'token' in words[0] else ['0', 'localhost:1']
    status, error = usage(tmp_path, *words, *rest)
    assert status == 1 and words[0].split('=')[0] in error and 'usage' not in error
    assert 'a:b' not in error


# ---- TLS ----

def test_a_certificate_and_its_key(lab, websockify, target, certs):
    bridge = websockify(f'--cert={certs.ec}', '--key', certs.ec_key, '127.0.0.1:0', where(target))
    echoes(lab, bridge)
    echoes(lab, bridge, context=certs.context())


def test_tls_only(lab, websockify, target, certs):
    """A plain client is told so, where websockify hangs up without a word."""
    bridge = websockify('--ssl-only', f'--cert={certs.ec}', f'--key={certs.ec_key}', '127.0.0.1:0', where(target))
    echoes(lab, bridge, context=certs.context())
    client = lab.connect(bridge).send(request())
    assert client.answer().status == 400 and client.eof()


def test_a_key_with_a_password(lab, websockify, target, certs):
    key = certs.encrypted_key('secret')
    bridge = websockify(f'--cert={certs.ec}', f'--key={key}', '--key-password=secret', '127.0.0.1:0', where(target))
    echoes(lab, bridge, context=certs.context())


def test_clients_with_certificates(lab, websockify, target, certs):
    bridge = websockify(f'--cert={certs.ec}', f'--key={certs.ec_key}', '--verify-client', f'--cafile={certs.ca}',
                        '127.0.0.1:0', where(target))
    context = certs.context()
    with pytest.raises((ssl.SSLError, EOFError, ConnectionError)):
        lab.open(bridge, context=context)
    context.load_cert_chain(certs.client, certs.client_key)
    echoes(lab, bridge, context=context)
    echoes(lab, bridge)  # plain clients are let in, as there


def test_a_tls_target(lab, websockify, certs):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs.ec, certs.ec_key)
    secure = lab.target(context=context)
    bridge = websockify('--ssl-target', '127.0.0.1:0', f'localhost:{secure.port}', env={'SSL_CERT_FILE': certs.ca})
    echoes(lab, bridge)


# ---- Unix sockets ----

def test_unix_sockets(lab, websockify, tmp_path):
    service = lab.unix_target()
    path = tmp_path / 'listen.sock'
    bridge = websockify(f'--unix-listen={path}', f'--unix-target={service.path}')
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    echoes(lab, bridge)


def test_the_mode_of_a_unix_socket(lab, websockify, target, tmp_path):
    path = tmp_path / 'listen.sock'
    websockify(f'--unix-listen={path}', '--unix-listen-mode=0666', where(target))
    assert stat.S_IMODE(path.stat().st_mode) == 0o666


# ---- what clients see ----

def test_a_dead_target(lab, websockify):
    """101 and then Close 1011, because noVNC shows the reason."""
    bridge = websockify('127.0.0.1:0', '127.0.0.1:1')
    _, code, reason = lab.open(bridge).end()
    assert code == 1011 and reason
    if REAL:
        assert lab.open(Real(lab, 'LISTEN', '127.0.0.1:1')).closing()[1] == code


def test_the_end_of_a_target(lab, websockify):
    short = lab.target(source(b'bye'))
    assert lab.open(websockify('127.0.0.1:0', where(short))).end()[:2] == (b'bye', 1000)
    if REAL:
        assert lab.open(Real(lab, 'LISTEN', where(short))).closing()[:2] == (b'bye', 1000)


def test_text_is_refused(lab, websockify, target):
    assert lab.open(websockify('127.0.0.1:0', where(target))).send(frame(TEXT, b'x')).end()[1] == 1003
    if REAL:
        assert lab.open(Real(lab, 'LISTEN', where(target))).send(frame(TEXT, b'x')).closing()[1] == 1003


def subprotocol(lab, bridge, offered):
    client = lab.connect(bridge).send(request(fields={'Sec-WebSocket-Protocol': offered}))
    answer = client.answer()
    client.hang_up()
    assert answer.status == 101 and answer.fields['sec-websocket-accept'] == accept_of(KEY)
    return answer.fields.get('sec-websocket-protocol')


@pytest.mark.parametrize('offered', ['binary', 'binary, base64', 'base64, binary'])
def test_subprotocols(lab, websockify, target, offered):
    assert subprotocol(lab, websockify('127.0.0.1:0', where(target)), offered) == 'binary'
    if REAL and offered != 'base64, binary':  # it trips over the blank
        assert subprotocol(lab, Real(lab, 'LISTEN', where(target)), offered) == 'binary'


def test_any_path(lab, websockify, target):
    bridge = websockify('127.0.0.1:0', where(target))
    for path in ('/', '/websockify', '/a/b/c?token=x&y', '/%7Euser/'):
        echoes(lab, bridge, upgrade={'path': path})


def test_files(lab, websockify, target, tmp_path):
    web = tmp_path / 'web'
    (web / 'core').mkdir(parents=True)
    (web / 'vnc.html').write_text('<p>desk')
    (web / 'core' / 'rfb.js').write_text('export default 1')
    for words, listing in (([f'--web={web}'], 200), ([f'--web={web}', '--file-only'], 404)):
        bridge = websockify(*words, '127.0.0.1:0', where(target))
        assert gateway.get(lab, bridge, '/vnc.html').body == b'<p>desk'
        assert gateway.get(lab, bridge, '/core/rfb.js').fields['content-type'].startswith('text/javascript')
        assert gateway.get(lab, bridge, '/core/').status == listing
        assert gateway.get(lab, bridge, '/core').status == 301
        assert gateway.get(lab, bridge, '/none').status == 404
        assert gateway.get(lab, bridge, '/../websockify').status in (400, 404)
        echoes(lab, bridge, upgrade={'path': '/vnc.html'})


# ---- where it logs ----

class Syslog:
    def __init__(self, family, place):
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.bind(place)
        self.sock.settimeout(WAIT)

    def line(self, words):
        while True:
            text = self.sock.recv(4096).decode()
            if words in text:
                return text


def test_syslog_beside_stderr(lab, websockify, target, tmp_path):
    server = Syslog(socket.AF_UNIX, str(tmp_path / 'log'))
    bridge = websockify(f'--syslog={tmp_path}/log', '127.0.0.1:0', where(target))
    assert re.match(r'<30>1 \d{4}-\S+Z \S+ websockify \d+ - - listening on ', server.line('listening'))
    bridge.says('listening on')
    echoes(lab, bridge)
    assert ' session - ' in server.line('client_closed')
    bridge.session(reason='client_closed')


def test_syslog_over_udp_in_the_old_form(lab, websockify, target):
    server = Syslog(socket.AF_INET, ('127.0.0.1', 0))
    port = server.sock.getsockname()[1]
    websockify('--syslog', f'127.0.0.1:{port}', '--legacy-syslog', '127.0.0.1:0', where(target))
    assert re.match(r'<30>websockify\[\d+\]: listening on ', server.line('listening'))


def test_a_file_and_syslog(lab, websockify, target, tmp_path):
    server = Syslog(socket.AF_UNIX, str(tmp_path / 'log'))
    bridge = websockify(f'--syslog={tmp_path}/log', '127.0.0.1:0', where(target), log_file=tmp_path / 'file')
    server.line('listening')
    bridge.signal(signal.SIGUSR1)  # only the file is opened anew
    echoes(lab, bridge)
    server.line('client_closed')
    until(lambda: 'client_closed' in (tmp_path / 'file').read_text(), 'the line in the file')
    assert 'listening' not in bridge.text and bridge.lines[-1].startswith('  - proxying from 127.0.0.1:0 to ')
    assert bridge.lines == (tmp_path / 'file').read_text().splitlines()[:len(bridge.lines)]


def test_syslog_that_is_not_there(tmp_path):
    status, error = usage(tmp_path, f'--syslog={tmp_path}/none', '127.0.0.1:0', 'localhost:1')
    assert status == 1 and f'{tmp_path}/none' in error


# ---- recordings, marks and ends: test_record, test_endings and test_inetd have more ----

@needs_the_real_one
def test_the_recording_of_the_real_one(lab, websockify, target, tmp_path):
    every = bytes(range(256)) + b"\\'\\\\"
    mine, its = tmp_path / 'mine', tmp_path / 'its'
    for bridge in (websockify('--record', mine, '127.0.0.1:0', where(target)),
                   Real(lab, '--record', its, 'LISTEN', where(target))):
        client = lab.open(bridge)
        time_passes(0.1)  # websockify gives the two parts of one read two times
        assert client.binary(every).data(len(every)) == every
        client.bye() if bridge.address in (b.address for b in lab.bridges) else client.hang_up()
    until(lambda: list(tmp_path.glob('its.*')), 'its recording')
    both = [complete(next(iter(tmp_path.glob(f'{name}.*')))) for name in ('mine', 'its')]
    assert [[(way, payload) for way, _, payload in recording] for recording in both] == [
        [(True, every), (False, every)]] * 2


# ---- -D ----

@pytest.fixture
def daemon(lab, tmp_path):
    """Starts one with these words in that folder and returns its pid, told by its pid file, which is ours."""
    started = []

    def start(*words, cwd, program=None):
        port = free_port()
        words = [f'127.0.0.1:{port}' if word == 'LISTEN' else str(word) for word in words]
        status, out, error = run(*words, f'--pid-file={tmp_path}/pid', binary=program or named(tmp_path), cwd=cwd)
        assert (status, out) == (0, '') and only_settings(error), error
        socket.create_connection(('127.0.0.1', port), WAIT).close()  # it listens before the launcher returns
        pid = int((tmp_path / 'pid').read_text())
        started.append(pid)
        return pid, gateway.Endpoint(f'127.0.0.1:{port}')
    yield start
    for pid in started:
        os.kill(pid, signal.SIGTERM)
        until(lambda: state(pid) in (None, 'Z'), 'the end of the daemon')


@pytest.mark.skipif(shutil.which('node') is None, reason='no node')
@pytest.mark.parametrize('option', ['-D', '--daemon'])
def test_a_daemon_keeps_relative_paths(lab, daemon, target, tmp_path, certs, option):
    here = tmp_path / 'here'
    (here / 'web').mkdir(parents=True)
    (here / 'web' / 'index.html').write_text('home')
    shutil.copy(certs.ec, here / 'cert.pem')
    shutil.copy(certs.ec_key, here / 'key.pem')
    (here / 'tokens').write_text(f'one: {where(target)}\n')
    pid, endpoint = daemon('--web', 'web', '--cert=cert.pem', '--key=key.pem', '--record=rec', '--token-plugin=TokenFile',
                       '--token-source=tokens', 'LISTEN', option, '--log-file=log', cwd=here)
    assert os.readlink(f'/proc/{pid}/cwd') == '/' and os.getsid(pid) not in (os.getsid(0), pid)
    assert [os.readlink(f'/proc/{pid}/fd/{number}') for number in range(3)] == ['/dev/null'] * 3
    assert gateway.get(lab, endpoint, '/').body == b'home'
    context = certs.context()
    echoes(lab, endpoint, context=context, upgrade={'path': '/websockify?token=one'})
    until(lambda: list(here.glob('rec.*')), 'a recording')
    assert heard(complete(next(iter(here.glob('rec.*')))), True) == b'hello'
    assert 'token=one' not in (here / 'log').read_text()


def test_a_daemon_that_cannot_listen(tmp_path):
    with listening() as taken:
        status, error = usage(tmp_path, '-D', '127.0.0.1:%d' % taken.getsockname()[1], 'localhost:1')
    assert status == 1 and 'websockify: error: ' in error and 'in use' in error


# ---- exit statuses ----

def test_help(tmp_path):
    for word in ('--help', '-h'):
        status, out, error = run(word, binary=named(tmp_path))
        assert status == 0 and out.startswith('usage: websockify') and error == ''


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_signals(websockify, target, number):
    bridge = websockify('127.0.0.1:0', where(target))
    bridge.signal(number)
    assert bridge.wait() == 0


def test_a_signal_reloads_instead_of_killing(lab, websockify, target):
    bridge = websockify('127.0.0.1:0', where(target))
    bridge.signal(signal.SIGHUP)
    until(lambda: 'read again' in bridge.text, lambda: bridge.text)
    echoes(lab, bridge)


def test_a_port_in_use(tmp_path):
    """A newer websockify than Debian's says so and exits with 0."""
    with listening() as taken:
        status, error = usage(tmp_path, '127.0.0.1:%d' % taken.getsockname()[1], 'localhost:1')
    assert status == 1 and 'in use' in error


def test_a_web_folder_that_is_not_there(tmp_path):
    status, error = usage(tmp_path, '--web=/no/such/folder', '127.0.0.1:0', 'localhost:1')
    assert status == 1 and 'websockify: error: --web /no/such/folder: No such file' in error


# ---- shapes seen in the wild ----

SHAPES = {
    '--web=/usr/share/novnc 6080 localhost:5900': ['--web=WEB', 'PORT', 'localhost:VNC'],
    '6080 localhost:5900 --web . --heartbeat 30': ['PORT', 'localhost:VNC', '--web', '.', '--heartbeat', '30'],
    '127.0.0.1:6080 127.0.0.1:5900': ['127.0.0.1:PORT', '127.0.0.1:VNC'],
    '80 10.1.1.1:5902': ['PORT', '127.0.0.1:VNC'],
    '--unix-target=S 6080': ['--unix-target=SOCKET', 'PORT'],
    'novnc_proxy': ['--file-only', '--web', 'WEB', 'PORT', 'localhost:VNC', '--heartbeat', '30', '--idle-timeout', '60',
                    '--record', 'RECORD', '--timeout', '60'],
    'novnc_proxy with a host': ['--web', 'WEB', '127.0.0.1:PORT', 'localhost:VNC'],
}
TOKENS = ['--web', 'WEB', '--heartbeat=30', '--token-plugin=TokenFile', '--token-source=TOKENS', '0.0.0.0:PORT']
DAEMONS = {
    '-D --web=W --cert=C 6080 localhost:5901': ['-D', '--web=WEB/', '--cert=CERT', 'PORT', 'localhost:VNC'],
    '-D 6080 localhost:5901': ['-D', 'PORT', 'localhost:VNC'],
    '--web=W 8080 localhost:5900 --daemon': ['--web=WEB', 'PORT', 'localhost:VNC', '--daemon'],
}


@pytest.fixture
def shape(lab, target, tmp_path, certs):
    """Fills in what a shape leaves open; returns it with its port."""
    web = tmp_path / 'novnc'
    web.mkdir()
    (web / 'vnc.html').write_text('<p>desk')
    (tmp_path / 'tokens').write_text(f'desk: 127.0.0.1:{target.port}\n')
    (tmp_path / 'cert.pem').write_text(open(certs.ec).read() + open(certs.ec_key).read())

    def fill(words):
        port = free_port()
        unix = lab.unix_target().path if '--unix-target=SOCKET' in words else ''
        known = {'WEB': web, 'VNC': target.port, 'PORT': port, 'SOCKET': unix, 'RECORD': tmp_path / 'rec',
                 'TOKENS': tmp_path / 'tokens', 'CERT': tmp_path / 'cert.pem'}
        return [re.sub('|'.join(known), lambda found: str(known[found[0]]), word) for word in words], port
    return fill


@pytest.mark.parametrize('words', SHAPES.values(), ids=SHAPES)
def test_shapes(lab, websockify, shape, words, tmp_path):
    filled, port = shape(words)
    bridge = websockify(*filled, cwd=tmp_path / 'novnc')
    assert bridge.port == port
    echoes(lab, bridge)
    if any('web' in word for word in words):
        assert gateway.get(lab, bridge, '/vnc.html').body == b'<p>desk'


def test_the_shape_with_tokens(lab, websockify, shape):
    filled, _ = shape(TOKENS)
    bridge = websockify(*filled)
    echoes(lab, bridge, upgrade={'path': '/websockify?token=desk'})
    assert gateway.get(lab, bridge, '/vnc.html').status == 200
    assert gateway.ask(lab, bridge, '/?token=nobody').status == 404


@pytest.mark.parametrize('words', DAEMONS.values(), ids=DAEMONS)
def test_shapes_in_the_background(lab, daemon, shape, words, tmp_path, certs):
    filled, _ = shape(words)
    filled = ['LISTEN' if word.isdigit() else word for word in filled]
    _, endpoint = daemon(*filled, '--log-file=log', cwd=tmp_path)
    echoes(lab, endpoint)
    if any('cert' in word for word in filled):
        echoes(lab, endpoint, context=certs.context())


def test_a_program_that_starts_one_and_waits_a_second(lab, shape, tmp_path):
    """As novnc_proxy needs it: in the foreground under the same pid, alive after a second, dead on plain kill."""
    filled, port = shape(['--web', 'WEB', 'PORT', 'localhost:VNC'])
    script = '"$@" & pid=$!; sleep 1; ps -eo pid= | grep -qw "$pid" || exit 9; kill "$pid"; wait "$pid"'
    out = subprocess.run(['sh', '-c', script, 'sh', named(tmp_path), *filled], capture_output=True, text=True,
                         timeout=WAIT, check=False)
    assert out.returncode == 0, out.stderr
    with pytest.raises(ConnectionRefusedError):
        Client(socket.create_connection(('127.0.0.1', port), 1))
