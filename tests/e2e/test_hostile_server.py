"""Targets that speak WebSocket, and do it wrong: each is refused within its deadline, and the reason says why."""
import socket
import struct
import subprocess
import threading

import pytest
from gateway import ANY, ask, start
from hostile_server import BROKEN, REFUSED, SILENT, Opening, says, server, switch, then, until_left
from lab import BINARY as BINARY_FILE
from wire import BINARY, CLOSE, PING, WAIT, close_frame, header, until

HANG_UPS = ('target_upgrade', 'target_reset', 'target_io')
MESSAGE = 'Target did not open the WebSocket'


def gateway(lab, handlers, **options):
    """A relay with a route for each handler, and a raw listener for each behind it."""
    routes = [{'name': name, 'path': f'/{name}',
               'target': {'address': f'ws://127.0.0.1:{lab.target(handler).port}/x'}, **options}
              for name, handler in handlers.items()]
    listeners = [{'address': ANY, 'routes': list(handlers)}, *({'address': ANY, 'raw': True, 'routes': [name]} for name in handlers)]
    bridge = start(lab, routes, listeners)
    bridge.raw = dict(zip(handlers, bridge.endpoints[1:]))
    return bridge


def alone(lab, handler, **options):
    """A gateway for one handler: it, and its raw listener."""
    bridge = gateway(lab, {'only': handler}, **options)
    return bridge, bridge.raw['only']


def log_of(bridge, name, number=0):
    return bridge.session(number, route=name)


def everything(client):
    """All bytes until the end of the stream."""
    while client.fill():
        pass
    client.hang_up()
    return bytes(client.pending)


def nothing_comes(client):
    assert client.eof(), bytes(client.pending)


# ---- before the WebSocket is open ----

def test_refused(lab):
    """A WebSocket client gets a 502 with a clear text, a raw one is hung up on; the log has the server's own fault."""
    bridge = gateway(lab, {name: handler for name, (handler, _) in REFUSED.items()})
    for name, (_, why) in REFUSED.items():
        answer = ask(lab, bridge.endpoints[0], f'/{name}')
        assert answer.status == 502, name
        line = log_of(bridge, name)
        assert line['reason'] in (HANG_UPS if 'leaves' in name or 'resets' in name else HANG_UPS[:1]), (name, line)
        assert why in line['detail'], (name, line)
        if line['reason'] == 'target_upgrade':
            assert MESSAGE.encode() in answer.body, name


def test_refused_raw(lab):
    bridge = gateway(lab, {name: handler for name, (handler, _) in REFUSED.items()})
    for name, (_, why) in REFUSED.items():
        client = lab.connect(bridge.raw[name])
        client.send(b'early bytes')
        nothing_comes(client)
        line = log_of(bridge, name)
        assert line['reason'] in HANG_UPS and why in line['detail'], (name, line)
        assert line['bytes_down'] == '0', name


def test_silence(lab):
    """At each stage: the deadline of connecting ends it, and is not put off by signs of life."""
    bridge = gateway(lab, SILENT, connect_timeout='1s')
    clients = {name: lab.connect(bridge.raw[name]) for name in SILENT}
    for name, client in clients.items():
        nothing_comes(client)
        assert log_of(bridge, name)['reason'] == 'target_timeout', name


def test_silence_is_a_504(lab):
    bridge, _ = alone(lab, SILENT['no_empty_line'], connect_timeout='300ms')
    assert ask(lab, bridge.endpoints[0], '/only').status == 504


def test_a_client_that_leaves_meanwhile(lab):
    """The target is left as well, though it never answers."""
    service = lab.target(SILENT['says_nothing'])
    routes = [{'name': 'only', 'path': '/*', 'target': f'ws://127.0.0.1:{service.port}/'}]
    bridge = start(lab, routes, [{'address': ANY}])
    client = lab.connect(bridge.endpoints[0])
    client.send(b'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n')
    service.connection()
    client.reset()
    assert service.connection().ended.wait(15)


def test_what_a_client_offers_says_nothing_of_a_target(lab):
    """A refusal of subprotocols that one client has made up does not take the target from all others."""
    def picky(connection):
        opening = Opening(connection)
        if 'sec-websocket-protocol' in opening.fields:
            until_left(connection, [b'HTTP/1.1 400 Bad Request\r\n\r\n'])
        else:
            until_left(connection, [switch(opening.key), server(BINARY, b'0')])
    handlers = picky, says(switch, server(BINARY, b'1'))
    addresses = [f'ws://127.0.0.1:{lab.target(handler).port}/' for handler in handlers]
    bridge = start(lab, [{'path': '/*', 'balance': 'first', 'fail_after': 1, 'retry_down': '1h', 'targets': addresses}],
                   [{'address': ANY}])
    found = []
    for fields in ({}, {'Sec-WebSocket-Protocol': 'made-up'}, {}):
        client = lab.open(bridge.endpoints[0], upgrade={'fields': fields})
        found.append(client.data(1))
        client.hang_up()
    assert found == [b'0', b'1', b'0']


# ---- frames ----

def relayed(lab, bridge, name='only'):
    client = lab.open(bridge.endpoints[0], upgrade={'path': f'/{name}'})
    client.relayed = True
    return client


def test_frames_with_the_answer(lab):
    """In the same segment as the 101, and in the order in which they were sent."""
    _, raw = alone(lab, then(server(BINARY, b'at '), server(PING, b'?'), server(BINARY, b'once'),
                             server(CLOSE, b'\x03\xe8')))
    client = lab.connect(raw)
    assert client.exactly(7) == b'at once'
    nothing_comes(client)


def test_the_answer_byte_by_byte(lab):
    """Head and frames."""
    def handler(connection):
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in switch(Opening(connection).key) + server(BINARY, b'hello') + server(CLOSE, b'\x03\xe8'):
            connection.sock.sendall(bytes([byte]))
        until_left(connection)
    _, raw = alone(lab, handler)
    client = lab.connect(raw)
    assert client.exactly(5) == b'hello'
    nothing_comes(client)


def test_broken_frames(lab):
    """A good frame before the broken one is delivered; the server hears 1002 or 1007, in a masked frame."""
    closes = {}

    def watched(name, handler):
        def wrapper(connection):
            handler(connection)
            closes[name] = bytes(connection.received).partition(b'\r\n\r\n')[2]
        return wrapper
    bridge = gateway(lab, {name: watched(name, handler) for name, handler in BROKEN.items()})
    for name in BROKEN:
        before = everything(lab.connect(bridge.raw[name]))
        assert before == (b'a' if name == 'interleaved' else b''), name
        ending = log_of(bridge, name)
        assert ending['reason'] == 'target_frames' and ending['detail'], (name, ending)
        until(lambda name=name: name in closes, name)
        sent = closes[name]
        assert sent[0] == 0x88 and sent[1] & 0x80, (name, sent)
        code, = struct.unpack('!H', bytes(a ^ b for a, b in zip(sent[6:8], sent[2:4])))
        assert code == (1007 if 'utf8' in name else 1002), (name, code)


def test_broken_frames_of_a_relay(lab):
    bridge = gateway(lab, BROKEN)
    for name in BROKEN:
        client = relayed(lab, bridge, name)
        assert client.closing()[1] == 1011, name
        client.send(close_frame(1011))
        nothing_comes(client)


@pytest.mark.parametrize('payload', [b'', b'\x03\xe8', b'\x03\xe8bye', b'\x0f\xa0'])
def test_a_close_in_the_middle_of_a_message(lab, payload):
    """What came before it is delivered, what comes after it is not."""
    _, raw = alone(lab, then(server(BINARY, b'half', fin=False), server(CLOSE, payload), server(BINARY, b'more')))
    client = lab.connect(raw)
    assert client.exactly(4) == b'half'
    nothing_comes(client)


def test_no_close_frame(lab):
    """The server hangs up in the middle of a frame: what came of it is delivered, and the log tells the difference."""
    def handler(connection):
        connection.sock.sendall(switch(Opening(connection).key) + header(BINARY, 100) + b'half')
    bridge, raw = alone(lab, handler)
    client = lab.connect(raw)
    assert client.exactly(4) == b'half'
    nothing_comes(client)
    assert log_of(bridge, 'only')['reason'] == 'target_eof'


@pytest.mark.release_only
def test_a_giant_frame_is_not_collected(lab):
    """It claims 2^62 bytes; they pass as they come, to raw bytes and to fragments."""
    size = 64 << 20

    def handler(connection):
        connection.sock.sendall(switch(Opening(connection).key) + header(BINARY, 1 << 62))
        block = bytes(1 << 20)
        for _ in range(size // len(block)):
            connection.sock.sendall(block)
        until_left(connection)
    bridge, raw = alone(lab, handler)
    before = bridge.memory()
    client = lab.connect(raw)
    left = size
    while left:
        left -= len(client.exactly(min(left, 1 << 20)))
    assert bridge.memory() - before < 8 << 20
    client.hang_up()
    client, left = relayed(lab, bridge), size
    while left:
        left -= len(client.frame()[1])
    client.hang_up()
    assert bridge.memory() - before < 16 << 20


@pytest.mark.release_only
def test_a_flood_of_pings(lab):
    """A server that sends nothing but pings and reads nothing: pongs are not queued, and data passes meanwhile."""
    def handler(connection):
        key = Opening(connection).key
        connection.sock.sendall(switch(key) + 100_000 * server(PING, bytes(125)) + server(BINARY, b'done'))
        connection.ended.wait(60)
    bridge, raw = alone(lab, handler)
    before = bridge.memory()
    client = lab.connect(raw)
    assert client.exactly(4) == b'done'
    assert bridge.memory() - before < 8 << 20
    client.reset()
    for target in lab.targets:
        for connection in target.connections:
            connection.ended.set()


def test_a_server_that_ignores_our_close(lab):
    """It goes on sending: the close timeout ends it."""
    def handler(connection):
        connection.sock.sendall(switch(Opening(connection).key))
        try:
            while True:
                connection.sock.sendall(server(BINARY, bytes(60000)))
        except OSError:
            pass
    service = lab.target(handler)
    bridge = start(lab, [{'path': '/*', 'target': {'address': f'ws://127.0.0.1:{service.port}/'}}],
                   limits={'close_timeout': '500ms'})
    client = lab.open(bridge)
    client.relayed = True
    client.frame()
    client.send(close_frame(1000))
    assert service.connection().ended.wait(15)
    client.hang_up()


def test_a_silent_server_is_pinged(lab):
    """It answers no ping: the session ends."""
    bridge, raw = alone(lab, then(), ping_interval='1s', ping_timeout='1s')
    nothing_comes(lab.connect(raw))
    assert log_of(bridge, 'only')['reason'] == 'target_dead'


def test_masks_of_frames_differ(lab):
    """Each frame of ours has a key of its own, which never is all zeros, nor counts up."""
    service = lab.target(then())
    bridge = start(lab, [{'name': 'only', 'path': '/*', 'target': {'address': f'ws://127.0.0.1:{service.port}/'}}],
                   [{'address': ANY, 'raw': True, 'routes': ['only']}])
    client = lab.connect(bridge.endpoints[0])
    connection = service.connection()
    keys = []
    for number in range(200):
        size = len(connection.received)
        client.send(b'%05d' % number)
        until(lambda size=size: b'\r\n\r\n' in connection.received and len(connection.received) >= size + 11, 'a frame')
        keys.append(bytes(connection.received[-9:-5]))
    assert len(set(keys)) == 200 and bytes(4) not in keys
    steps = {int.from_bytes(b, 'big') - int.from_bytes(a, 'big') for a, b in zip(keys, keys[1:])}
    assert len(steps) > 190
    client.hang_up()


# ---- wsluice connect ----

def connecting(lab, handler, *options):
    return lab.spawn(BINARY_FILE, 'connect', *options, f'ws://127.0.0.1:{lab.target(handler).port}/x',
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def outcome(process):
    """(exit status, payload, the line on standard error); its input has stayed open."""
    process.wait(WAIT)
    out, error = process.stdout.read(), process.stderr.read().decode()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
    assert error == '' or error.startswith('wsluice: ') and error.count('\n') == 1
    return process.returncode, out, error


def test_connect_is_refused(lab):
    """Status 1, and one line that says why."""
    processes = {name: connecting(lab, handler) for name, (handler, _) in REFUSED.items()}
    for name, process in processes.items():
        status, out, error = outcome(process)
        assert (status, out) == (1, b'') and REFUSED[name][1] in error, (name, error)
        assert all(' ' <= char <= '~' for char in error[:-1]), (name, error)


def test_connect_in_silence(lab):
    processes = {name: connecting(lab, handler, '--connect-timeout=1s') for name, handler in SILENT.items()}
    for name, process in processes.items():
        status, out, error = outcome(process)
        assert (status, out) == (1, b'') and 'no complete answer came in time' in error, (name, error)


def test_connect_and_broken_frames(lab):
    processes = {name: connecting(lab, handler) for name, handler in BROKEN.items()}
    for name, process in processes.items():
        status, out, error = outcome(process)
        assert (status, out) == (1, b'a' if name == 'interleaved' else b''), name
        assert 'broke the WebSocket protocol: ' in error, (name, error)


@pytest.mark.parametrize('end, status', [(server(CLOSE, b'\x03\xe8'), 0), (b'', 1)])
def test_connect_knows_an_answer_from_a_part_of_it(lab, end, status):
    """Its input has ended, and then the server hangs up: with a Close or without one."""
    def handler(connection):
        connection.sock.sendall(switch(Opening(connection).key))
        connection.read_all()
        connection.sock.sendall(server(BINARY, b'answer') + end)
    process = connecting(lab, handler)
    out, error = process.communicate(b'question', WAIT)
    assert (process.returncode, out) == (status, b'answer')
    assert status == 0 and error == b'' or status == 1 and b'without a Close frame' in error


@pytest.mark.parametrize('payload, status, words', [
    (b'', 0, ''), (b'\x03\xe8', 0, ''), (b'\x03\xe8bye', 0, ''), (b'\x03\xf3Target refused', 1, '1011'),
    (b'\x0f\xa0no \xc3\xa9', 1, '4000')])
def test_connect_is_closed(lab, payload, status, words):
    """What came before the Close is written; its code decides the status, and is told with its text."""
    code, out, error = outcome(connecting(lab, then(server(BINARY, b'all of it'), server(CLOSE, payload))))
    assert (code, out) == (status, b'all of it') and words in error, error
    assert status == 0 and error == '' or status == 1 and payload[2:5].decode() in error


@pytest.mark.parametrize('ending', [b'', server(CLOSE, b'\x03\xe8')])
def test_connect_cannot_write_all(lab, ending):
    """The disk is full: the status says so, however well the connection ends."""
    def handler(connection):
        connection.sock.sendall(switch(Opening(connection).key))
        connection.read_all()
        connection.sock.sendall(server(BINARY, b'answer') + ending)
    port = lab.target(handler).port
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([BINARY_FILE, 'connect', f'ws://127.0.0.1:{port}/'], input=b'question', stdout=full,
                              stderr=subprocess.PIPE, timeout=WAIT, check=False)
    assert (done.returncode, done.stderr) == (1, b'wsluice: standard input or output failed: No space left on device\n')


def test_connect_and_a_signal_behind_its_input(lab):
    """Its input has ended, and the server is silent: one signal is enough."""
    service = lab.target(lambda connection: (connection.sock.sendall(switch(Opening(connection).key)),
                                             connection.read_all(), ended.set(), left.wait(WAIT)))
    ended, left = threading.Event(), threading.Event()
    process = lab.spawn(BINARY_FILE, 'connect', f'ws://127.0.0.1:{service.port}/', stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert ended.wait(WAIT)
    process.terminate()
    assert process.communicate(timeout=WAIT) == (b'', b'') and process.returncode == 1
    left.set()
