"""Targets behind forward proxies: real ones of both protocols, and one that does it wrong at each stage."""
import json
import pathlib
import socket
import subprocess
import threading

import pytest
import targets
from forward_proxies import PASSWORD, URL_LOGIN, USER, dante, microsocks, scripted, squid, stop, tinyproxy
from gateway import ask, reload, samples, start
from lab import BINARY, run
from ports import free_port
from wire import WAIT, pattern, until

HEAD_ENDS = b'\r\n\r\n'
GRANTED = b'HTTP/1.1 200 Connection established\r\n\r\n'
SOCKS_GRANTED = b'\5\0\0\1\177\0\0\1\4\70'
RFB = b'RFB 003.008\n'


def behind(proxy, port, host='localhost', **options):
    return {'address': f'tcp://{host}:{port}', 'proxy': proxy, **options}


def at(proxy, scheme='http'):
    return f'{scheme}://127.0.0.1:{proxy.port}'


def bridged(lab, target, **options):
    return start(lab, [{'path': '/*', 'target': target, **options}])


def opened(lab, bridge, path='/'):
    return lab.open(bridge, upgrade={'path': path})


def refused(lab, bridge, status, reason, detail, number=0):
    """The answer has the status, and the log says why."""
    assert ask(lab, bridge).status == status
    assert detail in bridge.session(number, reason=reason)['detail']


def echoes(lab, bridge, data=b'hello'):
    client = opened(lab, bridge)
    client.binary(data)
    assert client.data(len(data)) == data
    client.bye()


@pytest.fixture
def proxies(lab, short_folder):
    """Starts one of Debian's proxies, by name."""
    short_folder.chmod(0o755)
    yield {'tinyproxy': lambda **how: tinyproxy(lab, **how), 'microsocks': lambda **how: microsocks(lab, **how),
            'squid': lambda **how: squid(lab, short_folder, **how), 'dante': lambda: dante(lab)}
    stop(lab)


# ---- real proxies ----

@pytest.mark.parametrize('name', ['tinyproxy', 'squid', 'microsocks', 'dante'])
def test_a_session(lab, proxies, name):
    """The proxy resolves the name; both directions carry more than the proxy can hold."""
    service = lab.target()
    bridge = bridged(lab, behind(proxies[name](), service.port))
    data = pattern(1 << 20)
    client = opened(lab, bridge)
    sender = threading.Thread(target=lambda: client.binary(data))
    sender.start()
    assert client.data(len(data)) == data
    sender.join()
    client.bye()
    assert bridge.session(reason='client_closed')['bytes_down'] == str(len(data))


@pytest.mark.parametrize('name', ['tinyproxy', 'squid', 'microsocks'])
def test_a_login(lab, proxies, name):
    proxy, service = proxies[name](login=True), lab.target()
    right = 'ann:tinypass@' if name == 'tinyproxy' else URL_LOGIN
    scheme, place = proxy.split('//')
    bridge = bridged(lab, behind(f'{scheme}//{right}{place}', service.port))
    echoes(lab, bridge)
    for number, login in enumerate([f'{USER}:wrong@', '']):
        bridge.config['routes'][0]['target']['proxy'] = f'{scheme}//{login}{place}'
        reload(bridge, bridge.config)
        refused(lab, bridge, 502, 'target_proxy_auth', f'proxy {place}: ', number)
    assert 'tinypass' not in bridge.text and PASSWORD not in bridge.text and 'wrong' not in bridge.text


@pytest.mark.parametrize('name, reason', [
    ('tinyproxy', 'target_unreachable'), ('squid', 'target_unreachable'), ('microsocks', 'target_refused'),
    ('dante', 'target_refused')])
def test_a_target_that_is_not_there(lab, proxies, name, reason):
    with targets.refusing_port() as port:
        bridge = bridged(lab, behind(proxies[name](), port.getsockname()[1]))
        refused(lab, bridge, 502, reason, 'proxy 127.0.0.1:')


def test_a_name_that_the_proxy_does_not_know(lab, proxies):
    bridge = bridged(lab, behind(proxies['tinyproxy'](), 1, host='desk.invalid'))
    refused(lab, bridge, 502, 'target_unreachable', 'answers 5')


@pytest.mark.usefixtures('proxies')
def test_a_target_that_the_proxy_refuses(lab):
    service = lab.target()
    bridge = bridged(lab, behind(tinyproxy(lab, 'ConnectPort 1'), service.port))
    refused(lab, bridge, 502, 'target_proxy_refused', ': answers 403')
    bridge.config['routes'][0]['target']['proxy'] = dante(lab, refused=service.port)
    reload(bridge, bridge.config)
    refused(lab, bridge, 502, 'target_proxy_refused', ': answers: not allowed by its rules', 1)
    assert not service.connections


def test_tls_to_the_target(lab, certs, proxies):
    """Its certificate is checked against the target's name, not the proxy's."""
    service = lab.target(context=certs.server_context(certs.ec, certs.ec_key))
    for name in 'tinyproxy', 'microsocks':
        target = {**behind(proxies[name](), service.port), 'address': f'tls://localhost:{service.port}', 'ca': certs.ca}
        echoes(lab, start(lab, [{'path': '/*', 'target': target}], file=f'{name}.yaml'))


def test_a_target_that_speaks_first(lab, proxies):
    def greet(connection):
        connection.sock.sendall(RFB)
        targets.echo(connection)
    service = lab.target(greet)
    for name in 'squid', 'dante':
        bridge = start(lab, [{'path': '/*', 'expect': 'rfb', 'target': behind(proxies[name](), service.port)}],
                       file=f'{name}.yaml')
        client = opened(lab, bridge)
        assert client.data(len(RFB)) == RFB
        client.bye()


def test_a_proxy_header_goes_through(lab, proxies):
    service = lab.target(targets.sink)
    bridge = bridged(lab, behind(proxies['microsocks'](), service.port, proxy_protocol='v1'))
    client = opened(lab, bridge)
    client.binary(b'hello')
    heard = service.connection()
    until(lambda: heard.received.endswith(b'\r\nhello'), lambda: heard.received)
    assert heard.received.startswith(b'PROXY TCP4 127.0.0.1 ')
    client.bye()


def test_probes_take_the_same_way(lab, proxies):
    service = lab.target(targets.source(RFB, then='half'))
    bridge = start(lab, [
        {'path': '/*', 'target': behind(proxies['tinyproxy'](), service.port, probe='banner', banner='rfb',
                                        probe_interval='100ms')},
        {'path': '/metrics', 'metrics': True}])

    def probed():
        found = samples(lab, bridge)
        return [value for name, value in found.items() if name.startswith('wsluice_target_up')]
    until(lambda: len(service.connections) > 2, 'probes')
    until(lambda: probed() == [1], lambda: bridge.text)
    service.close()
    until(lambda: probed() == [0], lambda: bridge.text)
    until(lambda: 'is down: proxy 127.0.0.1:' in bridge.text, lambda: bridge.text)


def test_a_proxy_that_starts_later(lab):
    """Within connect_retry, as with a target itself."""
    port, started = free_port(), threading.Event()
    bridge = bridged(lab, behind(f'http://127.0.0.1:{port}', 5900), connect_retry='20s')
    client = lab.connect(bridge)
    client.send(b'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                b'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
    bridge.rests()
    sock = targets.listening(address=('127.0.0.1', port))

    def handler(connection):
        started.set()
        connection.sock.sendall(GRANTED)
        targets.hold(connection)
    lab.target(handler, sock=sock)
    assert client.answer().status == 101 and started.is_set()


def test_no_proxy_there(lab):
    with targets.refusing_port() as port:
        place = f'127.0.0.1:{port.getsockname()[1]}'
        bridge = bridged(lab, behind(f'socks5://{place}', 5900))
        refused(lab, bridge, 502, 'target_proxy_unreachable', f'proxy {place}: Connection refused')


# ---- WebSockets behind a proxy ----

def forwards(lab, url, *options, **env):
    return lab.start('forward', '127.0.0.1:0', url, *options, env={
        **{name: '' for name in ('http_proxy', 'https_proxy', 'all_proxy', 'no_proxy')}, **env})


def echoes_raw(lab, bridge, data=b'hello'):
    with lab.socket(bridge) as sock:
        sock.sendall(data)
        heard = b''
        while len(heard) < len(data):
            heard += sock.recv(len(data))
        assert heard == data


def test_a_relay(lab, proxies):
    """A route whose target speaks WebSocket: its upgrade goes through the tunnel."""
    far, _ = lab.start_echo()
    bridge = bridged(lab, {'address': f'ws://localhost:{far.port}/', 'proxy': proxies['squid']()})
    echoes(lab, bridge)


def test_a_forward_with_a_proxy_of_the_environment(lab, certs, proxies):
    """As curl reads it: with TLS another variable than without, and no_proxy."""
    proxy = proxies['tinyproxy'](login=True).replace('//', '//ann:tinypass@')
    far, _ = lab.start_echo()
    secure, _ = lab.start_echo('--ssl-only', f'--cert={certs.ec}', f'--key={certs.ec_key}')
    log = next(lab.folder.glob('proxy-*.log'))
    ways = [(f'ws://localhost:{far.port}/', {'http_proxy': proxy}, True),
            (f'ws://localhost:{far.port}/', {'https_proxy': proxy}, False),
            (f'wss://localhost:{secure.port}/', {'https_proxy': proxy}, True),
            (f'wss://localhost:{secure.port}/', {'all_proxy': proxy, 'no_proxy': 'a, localhost'}, False)]
    for url, env, is_used in ways:
        before = log.read_text().count('CONNECT localhost')
        echoes_raw(lab, forwards(lab, url, *([f'--ca={certs.ca}'] if url.startswith('wss') else []), **env))
        if is_used:
            until(lambda: log.read_text().count('CONNECT localhost') > before, lambda: log.read_text())
        assert (log.read_text().count('CONNECT localhost') > before) == is_used, (url, env)


def test_connect(lab, proxies):
    """microsocks ends both directions at the first FIN, so the end of the input is a Close."""
    proxy, place = proxies['microsocks'](login=True), f'127.0.0.1:{free_port()}'
    far, _ = lab.start_echo()
    url = f'ws://localhost:{far.port}/'
    way = proxy.replace('//', f'//{URL_LOGIN}')
    process = lab.spawn(BINARY, 'connect', '--eof=close', f'--proxy={way}', url, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(b'hello')
    process.stdin.flush()
    assert process.stdout.read(5) == b'hello'
    process.stdin.close()
    assert process.wait(WAIT) == 0
    status, out, err = run('connect', f'--proxy={proxy}', url)
    assert (status, out, err) == (1, '', f'wsluice: proxy failed: proxy {proxy.split("//")[1]}: wants a login\n')
    status, out, err = run('connect', f'--proxy=http://{place}', url)
    assert (status, out, err) == (1, '', f'wsluice: proxy failed: proxy {place}: Connection refused\n')


# ---- the command line ----

def test_the_flag(lab, proxies):
    """Its password is not in what ps shows."""
    service, proxy = lab.target(), proxies['microsocks'](login=True).replace('//', f'//{URL_LOGIN}')
    bridge = lab.start('--proxy', proxy, target=f'localhost:{service.port}')
    echoes(lab, bridge)
    shown = pathlib.Path(f'/proc/{bridge.pid}/cmdline').read_bytes()
    assert b'--proxy' in shown and b'p%40ss' not in shown


def test_check_connect(lab, tmp_path, proxies):
    service, proxy = lab.target(), proxies['tinyproxy'](login=True)
    file = tmp_path / 'gateway.yaml'

    def check(login):
        target = behind(proxy.replace('//', f'//{login}'), service.port)
        file.write_text(json.dumps({'listeners': ['127.0.0.1:0'], 'routes': [{'path': '/', 'target': target}]}))
        return run('check', '--connect', file)
    status, out, err = check('ann:tinypass@')
    assert status == 0 and 'connected in' in out, err
    status, out, err = check('ann:wrong@')
    assert status == 1 and 'does not accept user and password' in err and 'wrong' not in out + err
    assert 'correct user and password in proxy of the target' in err


# ---- a proxy that does it wrong ----

SILENCES = {
    'at once': [],
    'in the answer': [(HEAD_ENDS, b'HTTP/1.1 200 Conn')],
    'in the head': [(HEAD_ENDS, b'HTTP/1.1 200 OK\r\nX: y\r\n')],
    'after an interim answer': [(HEAD_ENDS, b'HTTP/1.1 100 Continue\r\n\r\n')],
}
SOCKS_SILENCES = {
    'at once': [],
    'in the method': [(4, b'\5')],
    'after the method': [(4, b'\5\2')],
    'in the login': [(4, b'\5\2'), (9, b'\1')],
    'after the login': [(4, b'\5\2'), (9, b'\1\0')],
    'in the reply': [(4, b'\5\2'), (9, b'\1\0'), (16, SOCKS_GRANTED[:-1])],
}


@pytest.mark.parametrize('steps', SILENCES.values(), ids=SILENCES.keys())
def test_silence(lab, steps):
    proxy = scripted(lab, *steps)
    bridge = bridged(lab, behind(at(proxy), 5900), connect_timeout='500ms')
    refused(lab, bridge, 504, 'target_timeout', f'proxy 127.0.0.1:{proxy.port}: no answer in time')


@pytest.mark.parametrize('steps', SOCKS_SILENCES.values(), ids=SOCKS_SILENCES.keys())
def test_silence_of_socks(lab, steps):
    proxy = scripted(lab, *steps)
    bridge = bridged(lab, behind(f'socks5://me:pass@127.0.0.1:{proxy.port}', 5900), connect_timeout='500ms')
    refused(lab, bridge, 504, 'target_timeout', f'proxy 127.0.0.1:{proxy.port}: no answer in time')


@pytest.mark.parametrize('is_socks, steps', [
    *[(False, steps) for steps in SILENCES.values()], *[(True, steps) for steps in SOCKS_SILENCES.values()]],
    ids=[*SILENCES.keys(), *(f'socks {name}' for name in SOCKS_SILENCES)])
def test_an_end(lab, is_socks, steps):
    """The connection ends instead of the silence."""
    proxy = scripted(lab, *steps, then=lambda connection: None)
    place = f'127.0.0.1:{proxy.port}'
    bridge = bridged(lab, behind(f'socks5://me:pass@{place}' if is_socks else f'http://{place}', 5900))
    assert ask(lab, bridge).status == 502
    assert bridge.session()['reason'] in ('target_proxy_failed', 'target_proxy_unreachable')  # the latter: a reset
    assert f'proxy {place}: ' in bridge.session()['detail']


NO_ANSWERS = {
    'many fields': ('http', b'HTTP/1.1 200 OK\r\n' + b'X: y\r\n' * 5000, 'a header that is too large'),
    'an endless line': ('http', b'HTTP/1.1 200 ' + b'x' * 100000, 'a header that is too large'),
    'endless interim answers': ('http', b'HTTP/1.1 100 Continue\r\n\r\n' * 5000, 'a header that is too large'),
    'a folded line': ('http', b'HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n', 'no valid HTTP'),
    'another protocol': ('http', b'HTTP/1.1 101 Switching Protocols\r\n\r\n', 'changes to another protocol'),
    'an SSH server': ('http', b'SSH-2.0-x\r\n', 'no valid HTTP'),
    'a SOCKS proxy': ('http', b'\5\0' + SOCKS_GRANTED, 'no valid HTTP'),
    'an HTTP proxy': ('socks5', b'HTTP/1.1 400 Bad Request\r\n\r\n', 'speaks HTTP, not SOCKS5'),
    'a method': ('socks5', b'\5\2', 'chose a login that was not offered'),
    'a type of address': ('socks5', b'\5\0\5\0\0\7\0\0\0\0', 'no valid SOCKS5'),
    'zeros': ('socks5', b'\0' * 100000, 'does not speak SOCKS5'),
}


@pytest.mark.parametrize('scheme, answer, detail', NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_what_is_no_answer(lab, scheme, answer, detail):
    proxy = scripted(lab, (1, answer))
    bridge = bridged(lab, behind(at(proxy, scheme), 5900))
    refused(lab, bridge, 502, 'target_proxy_failed', detail)


@pytest.mark.parametrize('scheme, answer', [('http', GRANTED), ('socks5', b'\5\0' + SOCKS_GRANTED)])
def test_byte_by_byte_with_the_first_of_the_target(lab, scheme, answer):
    """The bytes behind the answer are the target's, wherever it ends."""
    def drip(connection):
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in answer[:-1]:
            connection.sock.sendall(bytes([byte]))
        connection.sock.sendall(answer[-1:] + RFB)
        targets.sink(connection)
    proxy = lab.target(drip)
    bridge = bridged(lab, behind(at(proxy, scheme), 5900))
    client = opened(lab, bridge)
    assert client.data(len(RFB)) == RFB
    client.bye()


def test_the_next_target_when_a_proxy_fails(lab):
    """A failure of the proxy is one of the target."""
    service, proxy = lab.target(), scripted(lab, (HEAD_ENDS, b'HTTP/1.1 403 No\r\n\r\n'))
    bridge = start(lab, [{'path': '/*', 'balance': 'first', 'targets': [
        behind(at(proxy), 5900), f'tcp://127.0.0.1:{service.port}']}])
    echoes(lab, bridge)
    assert proxy.connection().received.startswith(b'CONNECT localhost:5900 HTTP/1.1\r\nHost: localhost:5900\r\n\r\n')
