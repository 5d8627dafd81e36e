"""Plain HTTP, several requests on one connection (RFC 9112 section 9), for each kind of answer."""
import hashlib
import os
import re
import signal
import socket
import time

import pytest
from gateway import ANY, ask as ask_raw, get, marked, samples, start, there
from wire import BINARY, Answer, frame, request, time_passes, unread, until

MIB = 1 << 20
PAGE = b'<!doctype html><title>a page</title>\n'


def ask(path='/page.html', method='GET', *, version='HTTP/1.1', fields=()):
    lines = [f'{method} {path} {version}', 'Host: localhost', *fields]
    return ('\r\n'.join(lines) + '\r\n\r\n').encode()


def answer(client, *, to='GET'):
    """As client.answer(), for answers that have a length and no body."""
    if to == 'GET':
        return client.answer()
    while b'\r\n\r\n' not in client.pending:
        assert client.fill(), bytes(client.pending)
    return Answer(client.exactly(client.pending.index(b'\r\n\r\n') + 4)[:-4])


def big_file(path, size):
    """Every MiB differs, so that a piece in the wrong place is seen."""
    block = os.urandom(MIB - 8)
    with open(path, 'wb') as file:
        for i in range(0, size, MIB):
            file.write((i.to_bytes(8, 'big') + block)[:min(MIB, size - i)])
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / 'www'
    root.mkdir()
    (root / 'page.html').write_bytes(PAGE)
    (root / 'empty').touch()
    return root


def routes(lab, folder):
    return [{'path': '/*', 'files': str(folder)}, marked('/ws', lab.target()),
            {'path': '/metrics', 'metrics': True}, {'path': '/up', 'health': 'live'},
            {'path': '/away', 'redirect': 'https://localhost/'}]


def serve(lab, folder, *, listeners=({'address': ANY},), **process):
    process = {'workers': 1, 'log': {'level': 'debug'}, **process}
    return start(lab, routes(lab, folder), listeners, **process)


def requests_logged(bridge):
    return [line for line in bridge.lines if ' request ' in line]


# ---- one after another ----

def test_a_connection_stays(lab, folder):
    bridge = serve(lab, folder)
    client = lab.connect(bridge)
    for path, status in (('/page.html', 200), ('/none', 404), ('/up', 200), ('/away', 301), ('/ws', 426),
                         ('/page.html', 200)):
        found = client.send(ask(path)).answer()
        assert found.status == status and 'close' not in found.fields.get('connection', '').lower()
        assert re.fullmatch(r'\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT', found.fields['date'])
    assert found.body == PAGE
    client.hang_up()
    counted = samples(lab, bridge)
    assert counted['wsluice_connections_total'] == 2
    assert counted['wsluice_requests_total{status="2xx"}'] == 3
    assert counted['wsluice_requests_total{status="3xx"}'] == 1
    assert counted['wsluice_requests_total{status="4xx"}'] == 2
    assert counted['wsluice_route_ended_total{route="/up",reason="answered"}'] == 1
    line = until(lambda: requests_logged(bridge), lambda: bridge.text)[0]
    assert 'route=/* method=GET path=/page.html status=200 bytes=37 ' in line


@pytest.mark.parametrize('data', [ask(fields=('Connection: close',)), ask(fields=('Connection: x, Close',)),
                                  ask(version='HTTP/1.0'), ask(fields=('Upgrade: h2c', 'Connection: upgrade')),
                                  ask(method='POST', fields=('Content-Length: 2',)) + b'ab'],
                         ids=['close', 'in a list', 'HTTP/1.0', 'an upgrade', 'a body'])
def test_the_last_one(lab, folder, data):
    client = lab.connect(serve(lab, folder))
    client.send(data + ask('/up'))
    assert client.answer().fields['connection'].lower() == 'close'
    assert client.eof()


def test_head_has_the_fields_and_no_body(lab, folder):
    client = lab.connect(serve(lab, folder))
    for path in ('/page.html', '/none', '/up', '/metrics'):
        client.send(ask(path, 'HEAD') + ask('/up'))
        assert int(answer(client, to='HEAD').fields['content-length']) > 0
        assert client.answer().body == b'{"status":"live"}\n'
    client.hang_up()


@pytest.mark.parametrize('version', ['HTTP/1.0', 'HTTP/1.1', 'HTTP/1.2'])
def test_options_asks_for_health(lab, version):
    """Over HTTP/1.0 without a Host as well: so HAProxy checks by default."""
    bridge = start(lab, [{'path': '/', 'health': 'ready'}, {'path': '/away', 'redirect': '/'},
                         marked('/ws', lab.target())])
    host = b'' if version == 'HTTP/1.0' else b'Host: localhost\r\n'
    for path, status, allow in ((b'/', 200, 'GET, HEAD, OPTIONS'), (b'/away', 405, 'GET, HEAD'), (b'/ws', 405, 'GET')):
        client = lab.connect(bridge)
        found = client.send(b'OPTIONS %s %s\r\n%s\r\n' % (path, version.encode(), host)).answer()
        assert (found.status, found.fields['allow']) == (status, allow)
        client.hang_up()
    client = lab.connect(bridge).send(ask('/', 'POST', fields=('Connection: close',)))
    assert client.answer().fields['allow'] == 'GET, HEAD, OPTIONS'


def test_options_says_so_when_not_ready(lab):
    dead = {'path': '/ws', 'name': 'ws', 'target': {'address': f'unix:{lab.folder}/nobody', 'probe': 'connect',
                                                    'probe_interval': '100ms'}}
    bridge = start(lab, [{'path': '/', 'health': 'ready', 'needs': ['ws']}, dead])

    def status():
        return ask_raw(lab, bridge, raw=b'OPTIONS / HTTP/1.0\r\n\r\n').status
    until(lambda: status() == 503, 'the target is down')


def test_an_answer_that_has_not_changed(lab):
    bridge = start(lab, [{'path': '/', 'target': there(lab.target()), 'demo': True}])
    client = lab.connect(bridge)
    first = client.send(ask('/')).answer()
    assert first.status == 200 and b'<html' in first.body.lower()
    tag = first.fields['etag']
    for given, status in ((tag, 304), (f'"x", W/{tag}', 304), ('*', 304), ('"x"', 200)):
        client.send(ask('/', fields=(f'If-None-Match: {given}',)))
        found = answer(client, to='HEAD')
        assert found.status == status and found.fields['etag'] == tag
        if status == 304:
            assert 'content-length' not in found.fields
        else:
            client.exactly(int(found.fields['content-length']))
    client.upgrade()
    client.send(frame(BINARY, b'hello'))
    assert client.data(5) == b'hello'
    client.bye()


def test_an_upgrade_after_requests(lab, folder):
    bridge = serve(lab, folder)
    client = lab.connect(bridge)
    client.send(ask() + ask('/none'))
    assert [client.answer().status for _ in range(2)] == [200, 404]
    client.upgrade(path='/ws', early=frame(BINARY, b'early'))
    assert client.data(5) == b'early'
    client.bye()
    assert bridge.session(reason='client_closed')


def test_an_upgrade_in_the_same_segment(lab, folder):
    client = lab.connect(serve(lab, folder))
    client.send(ask() + ask('/up') + request('/ws') + frame(BINARY, b'early'))
    assert [client.answer().status for _ in range(3)] == [200, 200, 101]
    assert client.data(5) == b'early'
    client.bye()


def test_what_is_malformed_ends_it(lab, folder):
    client = lab.connect(serve(lab, folder))
    client.send(ask() + b'GET / HTTP/1.1\r\nHost : a\r\n\r\n' + ask())
    assert client.answer().status == 200
    found = client.answer()
    assert found.status == 400 and found.fields['connection'] == 'close'
    assert client.eof()


def test_off(lab, folder):
    client = lab.connect(serve(lab, folder, limits={'keep_alive': 'off'}))
    assert client.send(ask()).answer().fields['connection'] == 'close'
    assert client.eof()


# ---- many at once ----

STREAM = (ask() + ask('/none') + ask('/up', 'HEAD') + ask('/page.html', fields=('Range: bytes=0-3',)) +
          ask('/away') + ask('/empty', fields=('Connection: close',)))


def all_of(client):
    while client.fill():
        pass
    return re.sub(rb'\r\nDate: [^\r]*', b'', bytes(client.pending))


def test_cut_at_every_byte(lab, folder):
    bridge = serve(lab, folder)
    whole = all_of(lab.connect(bridge).send(STREAM))
    assert re.findall(rb'HTTP/1.1 (\d+)', whole) == [b'200', b'404', b'200', b'206', b'301', b'200']
    for cut in range(1, len(STREAM)):
        client = lab.connect(bridge).send(STREAM[:cut])
        until(lambda: unread(client) == 0, 'the first part is read')
        assert all_of(client.send(STREAM[cut:])) == whole, cut
        client.hang_up()
        lab.clients.remove(client)
    client = lab.connect(bridge)
    for i in range(len(STREAM)):
        client.send(STREAM[i:i + 1])
    assert all_of(client) == whole


def test_a_crowd_in_one_write(lab, folder, certs):
    tls = {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}
    bridge = serve(lab, folder, listeners=[{'address': ANY}, {'address': ANY, 'tls': tls}])
    for endpoint, context in zip(bridge.endpoints, (None, certs.context())):
        client = lab.connect(endpoint, context=context)
        count = 3000
        client.send_while_reading((ask() + ask('/up')) * count)
        for _ in range(count):
            assert client.answer().body == PAGE
            assert client.answer().status == 200
        client.hang_up()


def test_a_crowd_does_not_starve_others(lab, folder):
    bridge = serve(lab, folder)
    greedy, other = lab.connect(bridge), lab.connect(bridge)
    greedy.send(ask() * 400)
    began = time.monotonic()
    assert other.send(ask()).answer().status == 200
    assert time.monotonic() - began < 2
    for _ in range(400):
        assert greedy.answer().status == 200
    greedy.hang_up()


# ---- large bodies ----

@pytest.mark.parametrize('tls', [False, True], ids=['plain', 'TLS'])
@pytest.mark.parametrize('size', [1, 65535, 65536, 300000, 20 * MIB + 17])
def test_files_of_any_size(lab, folder, certs, tls, size):
    digest = big_file(folder / 'big', size)
    listener = {'address': ANY}
    if tls:
        listener['tls'] = {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}
    bridge = serve(lab, folder, listeners=[listener])
    client = lab.connect(bridge.endpoints[0], context=certs.context() if tls else None)
    client.send(ask('/big') + ask('/up') + ask('/big') + ask('/none'))
    for path in ('/big', '/up', '/big', '/none'):
        found = client.answer()
        if path == '/big':
            assert len(found.body) == size and hashlib.sha256(found.body).hexdigest() == digest
    client.hang_up()


def test_a_slow_but_steady_reader(lab, folder):
    big_file(folder / 'big', 4 * MIB)
    bridge = serve(lab, folder, limits={'reply_timeout': '1s'})
    client = lab.connect(bridge, receive_buffer=4096)
    client.send(ask('/big'))
    have, began = 0, time.monotonic()
    while time.monotonic() - began < 4:
        have += len(client.sock.recv(16384))
        time_passes(0.05)
    while have < 4 * MIB:
        have += len(client.sock.recv(1 << 18))
    client.hang_up()
    assert not [r for r in bridge.records() if r['reason'] == 'client_stalled']


@pytest.mark.parametrize('tls', [False, True], ids=['plain', 'TLS'])
def test_a_reader_that_stops(lab, folder, certs, tls):
    big_file(folder / 'big', 32 * MIB)
    listener = {'address': ANY}
    if tls:
        listener['tls'] = {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}
    bridge = serve(lab, folder, listeners=[listener], limits={'reply_timeout': '1s'})
    client = lab.connect(bridge.endpoints[0], context=certs.context() if tls else None, receive_buffer=4096)
    client.send(ask('/big'))
    client.exactly(1000)
    assert bridge.session(reason='client_stalled')


def test_a_file_that_becomes_shorter(lab, folder):
    big_file(folder / 'big', 64 * MIB)
    bridge = serve(lab, folder)
    client = lab.connect(bridge, receive_buffer=4096)
    client.send(ask('/big') + ask('/up'))
    client.exactly(1000)
    os.truncate(folder / 'big', MIB)
    have = 1000
    try:
        while data := client.sock.recv(1 << 18):
            have += len(data)
    except ConnectionResetError:
        pass
    assert have < 64 * MIB
    assert bridge.session(reason='file_changed')
    client.hang_up()


@pytest.mark.release_only
def test_slow_readers_cost_no_memory(lab, folder, sanitized):
    if sanitized:
        pytest.skip('counts memory')
    with open(folder / 'huge', 'wb') as file:
        file.truncate(1 << 30)
    bridge = serve(lab, folder)
    get(lab, bridge, '/huge', fields={'Range': 'bytes=0-0'})
    before = bridge.memory()
    clients = [lab.connect(bridge, receive_buffer=4096).send(ask('/huge')) for _ in range(200)]
    for client in clients:
        client.exactly(1000)
    bridge.rests()
    grown = (bridge.memory() - before) / len(clients)
    for client in clients:
        client.hang_up()
    assert grown < 8192, grown


# ---- how it ends ----

def test_half_closed(lab, folder):
    digest = big_file(folder / 'big', 5 * MIB)
    bridge = serve(lab, folder)
    client = lab.connect(bridge, receive_buffer=4096)
    client.send(ask('/up') + ask('/big'))
    client.sock.shutdown(socket.SHUT_WR)
    assert client.answer().status == 200
    assert hashlib.sha256(client.answer().body).hexdigest() == digest
    assert client.eof()
    until(lambda: bridge.records() or None, lambda: bridge.text)
    assert {r['reason'] for r in bridge.records()} == {'answered'}


def test_a_client_that_leaves_in_the_middle(lab, folder):
    big_file(folder / 'big', 32 * MIB)
    bridge = serve(lab, folder)
    client = lab.connect(bridge, receive_buffer=4096)
    client.send(ask('/big'))
    client.exactly(1000)
    client.hang_up()
    assert bridge.session(reason='client_reset')


def test_clients_that_leave_while_the_disk_is_asked(lab, folder):
    """A folder is read in the thread pool; its client may be gone by then."""
    for i in range(2000):
        (folder / f'file-{i}').touch()
    bridge = start(lab, [{'path': '/*', 'files': {'root': str(folder), 'listing': True}}])
    for i in range(60):
        client = lab.connect(bridge)
        client.send(ask('/') * (1 + i % 3))
        if i % 2:
            client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        client.hang_up()
        lab.clients.remove(client)
    client = lab.connect(bridge)
    client.send(ask('/') + ask() + ask('/'))
    assert [client.answer().status for _ in range(3)] == [200, 200, 200]
    client.hang_up()


def test_an_idle_connection_ends(lab, folder):
    bridge = serve(lab, folder, limits={'keep_alive': '1s', 'handshake_timeout': '500ms'})
    client = lab.connect(bridge)
    assert client.send(ask()).answer().status == 200
    began = time.monotonic()
    assert client.eof()
    assert 0.8 < time.monotonic() - began < 3
    assert bridge.session(reason='answered')


def test_a_request_that_begins_late_has_its_own_deadline(lab, folder):
    bridge = serve(lab, folder, limits={'keep_alive': '30s', 'handshake_timeout': '1s'})
    client = lab.connect(bridge)
    assert client.send(ask()).answer().status == 200
    time_passes(1.5)
    began = time.monotonic()
    for byte in b'GET / HTTP/1.1\r\n':
        client.send(bytes((byte,)))
        time_passes(0.05)
    assert client.answer().status == 408
    assert 0.8 < time.monotonic() - began < 3
    assert client.eof()


def test_drained(lab, folder):
    digest = big_file(folder / 'big', 32 * MIB)
    bridge = serve(lab, folder, limits={'drain_spread': '0s'})
    idle, busy = lab.connect(bridge), lab.connect(bridge, receive_buffer=4096)
    assert idle.send(ask()).answer().status == 200
    busy.send(ask('/big') + ask('/up'))
    busy.exactly(0)
    until(lambda: busy.sock.recv(1, socket.MSG_PEEK), lambda: 'no answer')
    bridge.signal(signal.SIGTERM)
    began = time.monotonic()
    assert idle.eof()
    assert time.monotonic() - began < 3
    assert hashlib.sha256(busy.answer().body).hexdigest() == digest
    assert busy.eof()
    assert bridge.wait() == 0


def test_a_reload_moves_them_on(lab, folder):
    bridge = serve(lab, folder)
    client = lab.connect(bridge)
    assert 'connection' not in client.send(ask()).answer().fields
    bridge.file.write_text(bridge.file.read_text().replace('"/up"', '"/there"'))
    bridge.signal(signal.SIGHUP)
    until(lambda: get(lab, bridge, '/there').status == 200, lambda: bridge.text)
    found = client.send(ask('/up')).answer()
    assert found.status == 200 and found.fields['connection'] == 'close'
    assert client.eof()


# ---- who asks ----

def test_a_proxy_asks_for_many(lab, folder):
    """A connection that a proxy shares between its clients: each is judged by its own address."""
    listener = {'address': ANY, 'trusted_proxies': ['127.0.0.1'], 'deny': ['192.0.2.66']}
    bridge = serve(lab, folder, listeners=[listener], limits={'max_connections_per_address': 1})
    client = lab.connect(bridge)
    for address in ('192.0.2.1', '192.0.2.2', '192.0.2.2', '192.0.2.1'):
        assert client.send(ask(fields=(f'X-Forwarded-For: {address}',))).answer().status == 200
        until(lambda: f'client={address} ' in (requests_logged(bridge) or [''])[-1], lambda: bridge.text)
    other = lab.connect(bridge)
    assert other.send(ask(fields=('X-Forwarded-For: 192.0.2.2',))).answer().status == 200
    assert client.send(ask(fields=('X-Forwarded-For: 192.0.2.2',))).answer().status == 429
    assert client.eof()
    assert other.send(ask(fields=('X-Forwarded-For: 192.0.2.66',))).answer().status == 403
    assert other.eof()
