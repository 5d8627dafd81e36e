"""In websockify's place, as programs and people really start it: its lines at the start, its names, its differences."""
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess

import gateway
import pytest
from lab import BINARY as PROGRAM
from lab import run
from processes import Process, state, upgrade
from test_websockify import REAL, Real, free_port, named, needs_the_real_one, only_settings
from wire import BINARY, WAIT, until

# ---- what it prints ----

LINES = {
    'two ports': ['LISTEN', 'localhost:5900'],
    'no host': ['LISTEN', ':5900'],
    'files': ['--web', '.', 'LISTEN', 'localhost:5900'],
    'files with a slash': ['--web=WEB/', '--record=rec', 'LISTEN', 'localhost:5900'],
    'TLS': ['--cert=CERT', 'LISTEN', 'localhost:5900'],
    'TLS only': ['--cert', 'CERT', '--ssl-only', 'LISTEN', 'localhost:5900'],
    'a certificate that is not there': ['--cert=/nonexistent', 'LISTEN', 'localhost:5900'],
    'a TLS target': ['--ssl-target', 'LISTEN', '[::1]:5900'],
    'tokens': ['--token-plugin', 'TokenFile', '--token-source', 'TOKENS', 'LISTEN'],
    'a Unix target': ['--unix-target=/run/x.sock', 'LISTEN'],
}


def until_proxying(process):
    """Lines of standard error, up to the last one of the start."""
    lines = []
    for line in process.stderr:
        lines.append(line.decode().rstrip('\n'))
        if 'proxying from' in lines[-1]:
            return lines
    raise AssertionError(lines)


def same(line):
    """Where wsluice says what websockify leaves out."""
    return line.replace(' to localhost:5900', ' to :5900')


@pytest.fixture
def fill(tmp_path, certs):
    """Fills in what a shape leaves open."""
    web = tmp_path / 'web'
    web.mkdir()
    (web / 'vnc.html').write_text('<p>desk')
    (tmp_path / 'cert.pem').write_text(open(certs.ec).read() + open(certs.ec_key).read())
    known = {'WEB': web, 'CERT': tmp_path / 'cert.pem', 'TOKENS': tmp_path / 'tokens', 'NAMES': tmp_path / 'names',
             'RECORD': tmp_path / 'rec', 'LOG': tmp_path / 'log', 'PID': tmp_path / 'pid'}

    def filled(words, **more):
        names = {**known, **more}
        pattern = re.compile('|'.join(sorted(names, key=len, reverse=True)))
        return [pattern.sub(lambda found: str(names[found[0]]), word) for word in words]
    return filled


@needs_the_real_one
@pytest.mark.parametrize('words', LINES.values(), ids=LINES)
def test_the_lines_of_the_real_one(lab, tmp_path, fill, words):
    (tmp_path / 'tokens').write_text('desk: localhost:5900\n')
    heard = []
    for program in (REAL, named(tmp_path)):
        process = lab.spawn(program, *fill(words, LISTEN=f'127.0.0.1:{free_port()}'), cwd=tmp_path,
                            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        lines = until_proxying(process)
        assert state(process.pid) is not None
        heard.append([re.sub(r'127\.0\.0\.1:\d+', 'LISTEN', same(line)) for line in lines
                      if not line.startswith('websockify: warning: ')])
    assert heard[0] == heard[1]


@needs_the_real_one
def test_the_lines_in_the_background(lab, tmp_path):
    """websockify detaches before its last line, which then is only in its log; we print it as well."""
    heard, logs = [], []
    for number, program in enumerate((REAL, named(tmp_path))):
        log = tmp_path / f'log{number}'
        out = subprocess.run([program, '-D', '--timeout=1', f'--log-file={log}', f'127.0.0.1:{free_port()}', 'localhost:1'],
                             capture_output=True, text=True, cwd=tmp_path, timeout=WAIT, check=True)
        until(lambda: log.exists() and 'proxying from' in log.read_text(), 'the last line')  # pylint: disable=cell-var-from-loop
        heard.append(out.stderr)
        logs.append([line for line in log.read_text().splitlines() if line.startswith('  - ')])
    heard, logs = ([[re.sub(r':\d+', ':N', line) for line in lines] for lines in both]
                   for both in ([text.splitlines() for text in heard], logs))
    assert heard[1][:len(heard[0])] == heard[0] and only_settings('\n'.join(heard[1]))
    assert logs[0] == logs[1]


def test_a_start_by_our_own_name(lab, tmp_path):
    target = lab.target()
    bridge = lab.start('--web=.', target=target, cwd=tmp_path)
    line = until(lambda: [text for text in bridge.lines if ' started ' in text], 'the line')
    assert re.search(rf' info  started version=\S+ url=http://127\.0\.0\.1:{bridge.port}/ target=127.0.0.1:{target.port} '
                     r'web=\.$', line[0])
    assert 'WebSocket server settings' not in bridge.text


def test_a_start_with_a_file(lab, tmp_path):
    (tmp_path / 'gateway.yaml').write_text('{listeners: ["[::]:0"], routes: [{path: /*, target: "tcp://localhost:1"}]}')
    bridge = lab.start('--config=gateway.yaml', cwd=tmp_path)
    line = until(lambda: [text for text in bridge.lines if ' started ' in text], 'the line')
    assert re.search(rf' url=http://localhost:{bridge.port}/ config=\S*gateway\.yaml$', line[0])


def test_no_lines_below_their_level(lab, tmp_path):
    process = lab.spawn(named(tmp_path), '--log-level=warn', f'--pid-file={tmp_path}/pid', '127.0.0.1:0', 'localhost:1',
                        stderr=subprocess.PIPE)
    until((tmp_path / 'pid').exists, 'its start')
    process.terminate()
    assert process.communicate(timeout=WAIT)[1] == b''


def test_lines_for_machines(lab, tmp_path):
    bridge = lab.start('--log-format=json', '127.0.0.1:0', 'localhost:1', binary=named(tmp_path))
    assert all(line.startswith('{') for line in bridge.lines)
    assert any('"message":"  - proxying from 127.0.0.1:0 to localhost:1"' in line for line in bridge.lines)


@pytest.mark.parametrize('words', [[], ['--log-file=log']], ids=['to standard error', 'to a file as well'])
@pytest.mark.parametrize('reader', ['gone', 'stopped'])
def test_lines_that_nobody_reads(lab, tmp_path, words, reader):
    """They do not keep it from starting."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    if reader == 'gone':
        os.close(read_end)
    else:
        with pytest.raises(BlockingIOError):
            while True:
                os.write(write_end, bytes(4096))
    os.set_blocking(write_end, True)
    target, port = lab.target(), free_port()
    process = lab.spawn(named(tmp_path), *words, f'127.0.0.1:{port}', f'127.0.0.1:{target.port}', f'--pid-file={tmp_path}/pid',
                        stderr=write_end, cwd=tmp_path)
    os.close(write_end)
    until((tmp_path / 'pid').exists, 'its start')
    assert session(lab, port) == b'hello'
    process.terminate()
    assert process.wait(WAIT) == 0


# ---- its names ----

@pytest.fixture
def checkout(tmp_path):
    """…/websockify/run"""
    (tmp_path / 'opt' / 'websockify').mkdir(parents=True)
    path = tmp_path / 'opt' / 'websockify' / 'run'
    path.symlink_to(os.path.abspath(PROGRAM))
    return path


def test_a_path_that_ends_in_websockify_run(lab, checkout):
    target = lab.target()
    bridge = lab.start('127.0.0.1:0', f'127.0.0.1:{target.port}', binary=str(checkout))
    assert f'  - proxying from 127.0.0.1:0 to 127.0.0.1:{target.port}' in bridge.lines
    status, out, error = run('--colour', '1', 'a:1', binary=str(checkout))
    assert (status, out) == (2, '') and 'wsluice' not in error and 'see websockify --help' in error
    status, out, error = run('--help', binary='./run', cwd=checkout.parent)
    assert status == 0 and out.startswith('usage: websockify ')


@pytest.mark.parametrize('words, name', [
    (['--web=/nonexistent', '0', 'h:1'], '--web /nonexistent: No such file or directory'),
    (['--log-file=/nonexistent/x', '0', 'h:1'], '/nonexistent/x'), (['no.invalid:1', 'h:1'], 'no.invalid'),
    (['--cert=CERT', '--key=/etc/hostname', '0', 'h:1'], '/etc/hostname'), (['--cert=/etc', '0', 'h:1'], '--cert'),
    (['0', '--', '/nonexistent'], "cannot start the command '/nonexistent'"),
    (['-D', '--web=/nonexistent', '0', 'h:1'], '--web /nonexistent'),
], ids=lambda value: value if isinstance(value, str) else '')
def test_the_name_in_errors(tmp_path, fill, words, name):
    status, _, error = run(*fill(words), binary=named(tmp_path), cwd=tmp_path)
    last = error.splitlines()[-1]
    assert status == 1 and last.startswith('websockify: error: ') and name in last
    assert 'files.root' not in error and 'wsluice' not in last


def commands(pid):
    return pathlib.Path(f'/proc/{pid}/cmdline').read_text().split('\0')


def test_the_name_in_the_process_list(lab, checkout):
    """pkill -f websockify finds it, after an upgrade as well."""
    target = lab.target()
    bridge = lab.start('127.0.0.1:0', f'127.0.0.1:{target.port}', binary=str(checkout))
    before = commands(bridge.pid)
    assert 'websockify' in before[0]
    successor = upgrade(lab, bridge)
    assert commands(successor.pid) == before
    assert bridge.text.count('WebSocket server settings') == 1
    assert lab.open(bridge).binary(b'x').data(1) == b'x'
    successor.stop()
    bridge.wait()


def test_the_name_in_the_background(lab, tmp_path):
    port = free_port()
    status, _, error = run('-D', f'--pid-file={tmp_path}/pid', f'127.0.0.1:{port}', 'localhost:1', binary=named(tmp_path))
    assert status == 0, error
    process = Process(int((tmp_path / 'pid').read_text()))
    lab.processes.append(process)
    assert 'websockify' in commands(process.pid)[0]
    process.signal(signal.SIGTERM)
    process.wait()


# ---- programs that start it ----

OPEN_ONDEMAND = '''
export log=$PWD/websockify.log
${WEBSOCKIFY_CMD:-/opt/websockify/run} "$1" --heartbeat=30 "localhost:$2" &>"$log" &
pid=$!
for ((second = 0; second < 10; second++)); do
    grep -qi "proxying from :$1" "$log" && { echo "$pid"; exit 0; }
    kill -0 "$pid" || exit 1
    sleep 1
done
exit 2
'''


def test_open_ondemand(lab, checkout, tmp_path):
    """It starts the bridge of a job, and waits for the line before it tells the user's browser."""
    target, port = lab.target(), free_port()
    out = subprocess.run(['bash', '-c', OPEN_ONDEMAND, 'bash', str(port), str(target.port)], capture_output=True, text=True,
                         cwd=tmp_path, env={**os.environ, 'WEBSOCKIFY_CMD': str(checkout)}, timeout=WAIT, check=False)
    assert out.returncode == 0, (tmp_path / 'websockify.log').read_text()
    process = Process(int(out.stdout))
    lab.processes.append(process)
    assert session(lab, port) == b'hello'
    process.signal(signal.SIGTERM)
    process.wait()


def test_a_parent_that_reads_until_it_detaches(tmp_path):
    """Foreman reads standard output and error to their end, and then expects a server that ends by itself."""
    port = free_port()
    process = subprocess.Popen([named(tmp_path), '--idle-timeout=1', '--timeout=2', '--daemon', f'--pid-file={tmp_path}/pid',
                                f'127.0.0.1:{port}', 'localhost:1'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said, _ = process.communicate(timeout=WAIT)
    assert process.returncode == 0 and only_settings(said)
    socket.create_connection(('127.0.0.1', port), WAIT).close()
    until(lambda: not (tmp_path / 'pid').exists(), 'its end')


# ---- the shapes of command lines ----

def session(lab, port, path='/', **how):
    client = lab.open(gateway.Endpoint(f'127.0.0.1:{port}'), upgrade={'path': path}, **how)
    said = client.binary(b'hello').data(5)
    client.hang_up()
    return said


DESK = '/websockify?token=desk'
SHAPES = {
    'Open OnDemand': ['PORT', '--heartbeat=30', 'localhost:VNC'],
    'Open OnDemand, -D': ['-D', 'PORT', 'localhost:VNC'],
    'an agent\'s desktop': ['--web=WEB', 'PORT', 'localhost:VNC'],
    'an options\' file in the middle': ['PORT', '--web', 'WEB', 'localhost:VNC', '-v'],
    'all addresses': ['0.0.0.0:PORT', 'localhost:VNC', '--heartbeat', '10'],
    'IPv6': ['-6', '[::]:PORT', 'localhost:VNC'],
    'a colon in front': [':PORT', 'localhost:VNC'],
    'colons in front': [':PORT', ':VNC'],
    'TLS': ['--web', 'WEB', '--cert', 'CERT', 'PORT', 'localhost:VNC'],
    'TLS in the background': ['-D', '--web=WEB/', '--cert=CERT', 'PORT', 'localhost:VNC'],
    'TLS and its key': ['--cert=CERT', '--key=CERT', '--ssl-version=tlsv1_2', 'PORT', 'localhost:VNC'],
    'TLS that is not there': ['--cert=/nonexistent', 'PORT', 'localhost:VNC'],
    'a key that is not there either': ['--cert=/nonexistent', '--key=/nonexistent', 'PORT', 'localhost:VNC'],
    'a log by a prefix': ['--log', 'LOG', 'PORT', 'localhost:VNC'],
    'a daemon by a prefix': ['--daem', '--log-f=LOG', 'PORT', 'localhost:VNC'],
    'prefixes': ['--verb', '--pref', '--heart=30', '--idle=60', 'PORT', 'localhost:VNC'],
    'letters': ['-vD', 'PORT', 'localhost:VNC'],
    'timeouts': ['--timeout=60', '--idle-timeout', '60', 'PORT', 'localhost:VNC'],
    'Foreman': ['--idle-timeout=60', '--timeout=60', '--daemon', 'PORT', 'localhost:VNC'],
    'a recording': ['--record', 'RECORD', 'PORT', 'localhost:VNC'],
    'no listings': ['--file-only', '--web', 'WEB', 'PORT', 'localhost:VNC'],
    'an engine': ['--libserver', 'PORT', 'localhost:VNC'],
    'marks': ['--traffic', 'PORT', 'localhost:VNC'],
    'a Unix target': ['--unix-target', 'SOCKET', 'PORT'],
    'a Unix target behind': ['PORT', '--unix-target=SOCKET', '-D'],
    'a command of its own': ['PORT', 'localhost:VNC', '--wrap-mode=ignore', '--', 'sleep', '1000'],
    'tokens': ['--token-plugin', 'TokenFile', '--token-source', 'TOKENS', 'PORT'],
    'tokens and files': ['--web', 'WEB', '--heartbeat=30', '--token-plugin=TokenFile', '--token-source=TOKENS', '0.0.0.0:PORT'],
    'a dotted class': ['--token-plugin=websockify.token_plugins.ReadOnlyTokenFile', '--token-source=TOKENS', 'PORT'],
    'the other one': ['--token-plugin', 'websockify.token_plugins.TokenFile', '--token-source', 'TOKENS', 'PORT', '-D'],
    'the old option': ['--target-config=TOKENS', 'PORT'],
    'a folder of tokens': ['--token-plugin=TokenFileName', '--token-source=NAMES', 'PORT'],
    'the last one wins': ['--heartbeat=1', '--unix-target=/x', '--unix-target=SOCKET', 'PORT', '--heartbeat=30'],
}


@pytest.mark.parametrize('words', SHAPES.values(), ids=SHAPES)
def test_shapes(lab, tmp_path, fill, certs, words):
    target, unix, port = lab.target(), lab.unix_target(), free_port()
    (tmp_path / 'tokens').write_text(f'# desks\n\n  \tdesk: localhost:{target.port}  \n')
    (tmp_path / 'names').mkdir()
    (tmp_path / 'names' / 'desk').write_text(f'localhost:{target.port}\n')
    filled = fill(words, PORT=port, VNC=target.port, SOCKET=unix.path)
    at = filled.index('--') if '--' in filled else len(filled)
    process = lab.spawn(named(tmp_path), *filled[:at], f'--pid-file={tmp_path}/pid', *filled[at:], cwd=tmp_path,
                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    lines = until_proxying(process)
    assert any(line.startswith('  - proxying from ') for line in lines)
    pid = int(until(lambda: (tmp_path / 'pid').exists() and (tmp_path / 'pid').read_text(), 'its pid'))
    server = process if pid == process.pid else Process(pid)
    if server is not process:
        lab.processes.append(server)
        assert process.wait(WAIT) == 0
    for path in [DESK] if any('token' in word or 'target-config' in word for word in words) else ['/', DESK]:
        assert session(lab, port, path) == b'hello'
    if any('cert.pem' in word for word in filled):
        assert session(lab, port, context=certs.context()) == b'hello'
    if any('WEB' in word for word in words):
        assert gateway.get(lab, gateway.Endpoint(f'127.0.0.1:{port}'), '/vnc.html').body == b'<p>desk'
    os.kill(pid, signal.SIGTERM)
    server.wait(WAIT)


# ---- differences that were found by trying ----

def behind_tls(lab, secure, *words, **how):
    bridge = lab.start('--ssl-target', *words, '127.0.0.1:0', f'localhost:{secure.port}', **how)
    client = lab.open(bridge)
    opcode, payload = client.binary(b'x').frame()
    client.hang_up()
    return bridge, opcode == BINARY and payload == b'x'


def test_the_certificate_of_a_target(lab, tmp_path, certs):
    """Verified, against an authority of one's own, or not at all and with a warning."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs.ec, certs.ec_key)
    secure = lab.target(context=context)
    assert not behind_tls(lab, secure)[1]
    assert not behind_tls(lab, secure, f'--ssl-target-ca={certs.stranger}')[1]
    bridge, through = behind_tls(lab, secure, '--ssl-target-ca', certs.ca)
    assert through and 'warning' not in bridge.text
    bridge, through = behind_tls(lab, secure, '--ssl-target-insecure', binary=named(tmp_path))
    assert through and bridge.lines[0].startswith('websockify: warning: --ssl-target-insecure: ')


def test_a_target_that_signed_its_own_certificate(lab, tmp_path):
    """The certificate itself is the authority."""
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout',
                    'key', '-out', 'cert', '-days', '2', '-subj', '/CN=desk', '-addext', 'subjectAltName=DNS:desk'],
                   cwd=tmp_path, capture_output=True, check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / 'cert', tmp_path / 'key')
    secure = lab.target(context=context)
    assert not behind_tls(lab, secure, f'--ssl-target-ca={tmp_path}/cert')[1], 'the name is another one'
    assert behind_tls(lab, secure, '--ssl-target-ca=cert', '--ssl-target-name=desk', cwd=tmp_path)[1]


def test_origins(lab, tmp_path):
    target = lab.target()
    bridge = lab.start('--origins=https://desk.example.com,https://*.lab.example.com', target=target, binary=named(tmp_path))
    answers = {'https://desk.example.com': 101, 'https://a.lab.example.com': 101, 'https://desk.example.org': 403,
               'http://desk.example.com': 403}
    for origin, status in answers.items():
        assert gateway.ask(lab, bridge, fields={'Origin': origin}).status == status, origin
    assert gateway.ask(lab, bridge).status == 101, 'not a browser'


@needs_the_real_one
def test_lines_of_a_token_file(lab, tmp_path):
    """Indented ones, comments behind an indentation, an end of white space."""
    target = lab.target()
    (tmp_path / 'tokens').write_text(f'  one: 127.0.0.1:{target.port}\n\t# two: x:1\n \t three: 127.0.0.1:{target.port} \t\n')
    words = ['--token-plugin=TokenFile', f'--token-source={tmp_path}/tokens']
    mine = lab.start(*words, '127.0.0.1:0', binary=named(tmp_path))
    for bridge in (mine, Real(lab, *words, 'LISTEN')):
        for token in ('one', 'three'):
            assert session(lab, bridge.port, f'/?token={token}') == b'hello'
    assert gateway.ask(lab, mine, '/?token=two').status == 404


def test_an_offer_of_no_subprotocol(lab, tmp_path):
    """As tcllib's client writes it."""
    target = lab.target()
    bridge = lab.start('127.0.0.1:0', f'127.0.0.1:{target.port}', binary=named(tmp_path))
    answer = gateway.ask(lab, bridge, fields={'Sec-WebSocket-Protocol': ''})
    assert answer.status == 101 and 'sec-websocket-protocol' not in answer.fields


def test_a_session_is_shown_when_it_begins(lab, tmp_path):
    """-v: client, path and target at once, without the token."""
    target = lab.target()
    bridge = lab.start('-v', '127.0.0.1:0', f'127.0.0.1:{target.port}', binary=named(tmp_path))
    client = lab.open(bridge, upgrade={'path': '/websockify?token=secret'})
    assert client.binary(b'x').data(1) == b'x'
    line, = until(lambda: [text for text in bridge.lines if ' opened ' in text], 'the line')
    assert f'client=127.0.0.1:{client.sock.getsockname()[1]}' in line and f'target=127.0.0.1:{target.port}' in line
    assert 'path=/websockify ' in line + ' ' and 'secret' not in line
    client.bye()


def test_files_whose_names_begin_with_a_dot(lab, tmp_path):
    (tmp_path / '.secret').write_text('x')
    (tmp_path / 'page').write_text('x')
    bridge = lab.start('--web', '.', '127.0.0.1:0', 'localhost:1', binary=named(tmp_path), cwd=tmp_path)
    assert gateway.get(lab, bridge, '/page').status == 200
    assert gateway.get(lab, bridge, '/.secret').status == 404
