"""Raw listeners: clients that speak no HTTP, to targets that speak raw bytes or WebSocket."""
import asyncio
import contextlib
import signal
import socket
import ssl
import threading

import pytest
import targets
import websockets
from gateway import ANY, FAILED, reload, samples, start, there, write
from hostile_server import Opening, server, switch, until_left
from lab import run
from test_gateway_targets import Port
from wire import BINARY, CLOSE, pattern, time_passes, until

FAR = 'ws://127.0.0.1:{}/'


def echo_frames(connection):
    """A WebSocket server for whole frames with a mask, which sends each payload back; up to a Close."""
    key = Opening(connection)
    connection.sock.sendall(switch(key.key))
    held = bytearray(key.rest)

    def take(count):
        while len(held) < count:
            data = connection.read()
            if not data:
                raise EOFError
            held.extend(data)
        taken = bytes(held[:count])
        del held[:count]
        return taken
    connection.frames = []
    try:
        while True:
            first, second = take(2)
            length = second & 127
            if length > 125:
                length = int.from_bytes(take(2 if length == 126 else 8), 'big')
            mask = take(4)
            payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(take(length)))
            connection.frames.append((first, payload))
            connection.sock.sendall(server(first & 15, payload))
            if first & 15 == CLOSE:
                return
    except EOFError:
        connection.sock.sendall(server(BINARY, b'after the end') + server(CLOSE, b'\x03\xe8'))


def raw(lab, target, *, listener=None, route=None, **process):
    """A raw listener with its one route."""
    return start(lab, [{'name': 'it', 'path': '/', 'target': target, **(route or {})}],
                 [{'address': ANY, 'raw': True, 'routes': ['it'], **(listener or {})}], **process)


def secure(certs, **options):
    return {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}], **options}


def kinds(lab, handler=None):
    """A target of each framing, both echoing."""
    return {'raw': there(lab.target(handler or targets.echo)), 'ws': FAR.format(lab.target(echo_frames).port)}


@pytest.fixture(name='kind', params=['raw', 'ws'])
def fixture_kind(request):
    return request.param


# ---- bytes ----

def test_bytes_pass(lab, kind):
    bridge = raw(lab, kinds(lab)[kind])
    client = lab.connect(bridge)
    for number in range(3):
        data = pattern(100 + number, number)
        client.send(data)
        assert client.exactly(len(data)) == data
    client.sock.shutdown(socket.SHUT_WR)
    assert client.exactly(13) == b'after the end' if kind == 'ws' else client.eof()
    client.hang_up()
    line = bridge.session(route='it')
    assert (line['reason'], line['bytes_up']) == ('client_eof', '303')


def test_the_target_speaks_first(lab):
    """No byte of the client is waited for."""
    def far(connection):
        until_left(connection, [switch(Opening(connection).key) + server(BINARY, b'SSH-2.0-far\r\n')])
    targets_of = {'raw': there(lab.target(targets.source(b'SSH-2.0-far\r\n', then='hold'))),
                  'ws': FAR.format(lab.target(far).port)}
    for number, target in enumerate(targets_of.values()):
        client = lab.connect(raw(lab, target, file=f'{number}.yaml'))
        assert client.exactly(13) == b'SSH-2.0-far\r\n'
        client.hang_up()


def test_much_both_ways(lab, kind, certs):
    """More than any buffer holds, with TLS on either side as well."""
    size = 3_000_000
    target = kinds(lab)['raw']
    if kind == 'ws':
        target = f'wss://localhost:{Far(lab, certs).port}/'
    bridge = raw(lab, {'address': target, 'ca': certs.ca} if kind == 'ws' else target,
                 listener={'tls': secure(certs)})
    client = lab.connect(bridge, context=certs.context())
    data = pattern(size, 3)
    client.send_while_reading(data)
    assert client.exactly(size) == data
    client.hang_up()
    line = bridge.session()
    assert line['bytes_up'] == line['bytes_down'] == str(size)
    assert line['tls'].startswith('TLSv1')


class Far:
    """python3-websockets, which echoes, with TLS."""

    def __init__(self, lab, certs):
        ready, self.stop = threading.Event(), None

        async def echo(client):
            async for message in client:
                await client.send(message)

        async def serve():
            loop, self.stop = asyncio.get_running_loop(), asyncio.Event()
            self.close = lambda: loop.call_soon_threadsafe(self.stop.set)
            context = certs.server_context(certs.ec, certs.ec_key)
            async with websockets.serve(echo, '127.0.0.1', 0, ssl=context, max_size=None) as far:
                self.port = far.sockets[0].getsockname()[1]
                self.connections = []
                ready.set()
                await self.stop.wait()
        self.thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
        self.thread.start()
        assert ready.wait(15)
        lab.targets.append(self)


# ---- ends ----

def test_the_end_of_the_client(lab):
    """A FIN, on which the target still answers: to raw bytes as it is, to a WebSocket likewise, or as a Close."""
    service = lab.target(targets.answer_after_eof(b'all there'))
    client = lab.connect(raw(lab, there(service)))
    client.send(b'question').sock.shutdown(socket.SHUT_WR)
    assert client.exactly(9) == b'all there' and client.eof()
    assert bytes(service.connection().received) == b'question'

    far = lab.target(echo_frames)
    client = lab.connect(raw(lab, FAR.format(far.port), file='fin.yaml'))
    client.send(b'question').sock.shutdown(socket.SHUT_WR)
    assert client.exactly(21) == b'questionafter the end' and client.eof()
    assert [first for first, _ in far.connection().frames] == [0x82]
    assert far.connection().saw_eof.wait(15)

    far = lab.target(echo_frames)
    client = lab.connect(raw(lab, {'address': FAR.format(far.port), 'websocket': {'eof': 'close'}}, file='close.yaml'))
    client.send(b'question').sock.shutdown(socket.SHUT_WR)
    assert client.exactly(8) == b'question' and client.eof()
    assert far.connection().frames == [(0x82, b'question'), (0x88, b'\x03\xe8')]


def test_the_end_of_the_target(lab):
    """The client's direction stays open after a FIN of raw bytes; a Close ends both."""
    service = lab.target(targets.source(b'bye', then='half'))
    client = lab.connect(raw(lab, there(service)))
    assert client.exactly(3) == b'bye'
    assert not client.fill()
    client.send(b'still here')
    client.hang_up()
    connection = service.connection()
    assert connection.ended.wait(15) and bytes(connection.received) == b'still here'

    def closes(connection):
        until_left(connection, [switch(Opening(connection).key) + server(BINARY, b'bye') +
                                server(CLOSE, b'\x0f\xa0that is all')])
    far = lab.target(closes)
    bridge = raw(lab, FAR.format(far.port), file='close.yaml')
    client = lab.connect(bridge)
    assert client.exactly(3) == b'bye' and client.eof()
    assert bridge.session()['reason'] == 'target_closed'
    assert far.connection().ended.wait(15)


def test_a_reset_of_the_client(lab, kind):
    """The target is told at once."""
    service = lab.target(echo_frames if kind == 'ws' else targets.echo)
    bridge = raw(lab, FAR.format(service.port) if kind == 'ws' else there(service))
    client = lab.connect(bridge)
    client.send(b'x')
    assert client.exactly(1) == b'x'
    client.reset()
    assert service.connection().ended.wait(15)
    assert bridge.session()['reason'] == 'client_reset'


def test_a_client_that_sends_no_more_before_its_target_starts(lab):
    """Its bytes wait for the end of the retry window; a client that has sent nothing and left does not stay."""
    port = Port(lab)
    bridge = raw(lab, f'tcp://127.0.0.1:{port.port}', route={'connect_retry': '60s'})
    client, other = (lab.connect(bridge) for _ in range(2))
    client.send(b'question').sock.shutdown(socket.SHUT_WR)
    bridge.rests()
    other.hang_up()
    bridge.session(reason='handshake_eof')  # which a retry finds
    port.up(targets.answer_after_eof(b'all there'))
    assert client.exactly(9) == b'all there' and client.eof()
    assert bytes(port.target.connection().received) == b'question'


def test_a_client_with_tls_that_sends_no_more_before_its_target_starts(lab, certs):
    """TLS has read all of its bytes with the end of the handshake."""
    port = Port(lab)
    bridge = raw(lab, f'tcp://127.0.0.1:{port.port}', route={'connect_retry': '60s'},
                 listener={'tls': secure(certs)})
    sock, received, outgoing = lab.socket(bridge), ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = certs.context().wrap_bio(received, outgoing, server_hostname='localhost')
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    sock.sendall(outgoing.read())
    while not outgoing.pending:
        received.write(sock.recv(1 << 16))
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.do_handshake()
    tls.write(b'question')
    with pytest.raises(ssl.SSLWantReadError):
        tls.unwrap()
    sock.sendall(outgoing.read())
    sock.shutdown(socket.SHUT_WR)
    bridge.rests()
    time_passes(0.5)  # three retries
    port.up(targets.answer_after_eof(b'all there'))
    assert bridge.session(reason='client_eof')['bytes_up'] == '8'
    assert bytes(port.target.connection().received) == b'question'
    sock.close()


def test_a_client_of_a_unix_socket_that_is_gone_before_its_target_starts(lab, tmp_path):
    """What it has sent is delivered."""
    port = Port(lab)
    bridge = raw(lab, f'tcp://127.0.0.1:{port.port}', route={'connect_retry': '60s'},
                 listener={'address': f'unix:{tmp_path}/s'})
    for words in (b'question', b''):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(f'{tmp_path}/s')
            sock.sendall(words)
    bridge.session(reason='handshake_eof')
    port.up(targets.echo)
    until(lambda: port.target.connections, 'the target is reached')
    connection = port.target.connection()
    assert connection.ended.wait(15) and bytes(connection.received) == b'question'


def test_a_client_that_sends_no_more_and_reads_nothing(lab, kind):
    """It has sent a FIN, and takes no answer: stall_timeout ends it, though the target pours."""
    def pours(connection):
        block = bytes(1 << 16)
        if kind == 'ws':
            connection.sock.sendall(switch(Opening(connection).key))
            block = server(BINARY, block)
        try:
            while True:
                connection.sock.sendall(block)
        except OSError:
            pass
    service = lab.target(pours)
    bridge = raw(lab, FAR.format(service.port) if kind == 'ws' else there(service),
                 limits={'stall_timeout': '1s', 'close_timeout': '1s'})
    client = lab.connect(bridge, receive_buffer=4096)
    client.sock.shutdown(socket.SHUT_WR)
    assert service.connection().ended.wait(15)
    assert bridge.session()['reason'] in ('client_stalled', 'client_eof')
    client.reset()


def test_a_client_that_waits(lab, kind):
    """It half-closes and waits for an answer that never comes: close_timeout."""
    service = lab.target(lambda connection: until_left(connection, [switch(Opening(connection).key)])
                         if kind == 'ws' else targets.hold(connection))
    bridge = raw(lab, FAR.format(service.port) if kind == 'ws' else there(service), limits={'close_timeout': '500ms'})
    client = lab.connect(bridge)
    client.sock.shutdown(socket.SHUT_WR)
    assert client.eof()
    assert bridge.session()['reason'] == 'client_eof'
    for connection in service.connections:
        connection.ended.set()


def keeps_frames(connection):
    """A WebSocket server that speaks first, and then answers nothing."""
    connection.sock.sendall(switch(Opening(connection).key) + server(BINARY, b'hello'))
    connection.read_all()
    connection.frames = bytes(connection.received).partition(b'\r\n\r\n')[2]


def silent(lab, **route):
    """A client that has said its last, of a target that is told nothing of that."""
    far = lab.target(keeps_frames)
    bridge = raw(lab, {'address': FAR.format(far.port), 'websocket': {'eof': 'wait'}}, route=route,
                 limits={'close_timeout': '500ms'})
    client = lab.connect(bridge)
    assert client.exactly(5) == b'hello'
    client.sock.shutdown(socket.SHUT_WR)
    return far.connection(), bridge, client


def test_a_limit_ends_a_client_that_waits(lab):
    """idle_timeout, and not close_timeout; only then is the target told."""
    far, bridge, client = silent(lab, idle_timeout='1s')
    assert client.eof()
    assert bridge.session()['reason'] == 'idle_timeout'
    assert far.ended.wait(15) and far.frames[:1] == b'\x88', far.frames


def test_a_client_that_waited_is_gone(lab):
    far, bridge, client = silent(lab)
    bridge.rests()
    client.reset()
    assert bridge.session()['reason'] == 'client_reset'
    assert far.ended.wait(15) and far.frames[:1] == b'\x88', far.frames


# ---- what there is in front of the bytes ----

@pytest.mark.parametrize('version', ['v1', 'v2'])
def test_the_target_is_told_the_client(lab, version):
    """By a PROXY header, in front of the bytes, or in front of the upgrade."""
    service = lab.target(targets.sink)
    client = lab.connect(raw(lab, there(service, proxy_protocol=version)))
    port = client.sock.getsockname()[1]
    client.send(b'hello').hang_up()
    connection = service.connection()
    assert connection.ended.wait(15)
    received = bytes(connection.received)
    assert received.endswith(b'hello')
    if version == 'v1':
        assert received.startswith(f'PROXY TCP4 127.0.0.1 127.0.0.1 {port} '.encode())
    else:
        assert received.startswith(b'\r\n\r\n\0\r\nQUIT\n\x21\x11') and port.to_bytes(2, 'big') in received


def test_a_header_in_front_of_the_client(lab):
    """The listener takes it, and the lists and the log see the address that it has."""
    service = lab.target()
    bridge = raw(lab, there(service, proxy_protocol='v1'),
                 listener={'proxy_protocol': 'require', 'trusted_proxies': ['127.0.0.1'], 'deny': ['192.0.2.66']})
    client = lab.connect(bridge)
    client.send(b'PROXY TCP4 192.0.2.7 192.0.2.1 1234 22\r\nhello')
    told = b'PROXY TCP4 192.0.2.7 127.0.0.1 1234 '
    assert client.exactly(len(told)) == told
    client.hang_up()
    assert bridge.session(route='it')['client'] == '192.0.2.7:1234'
    denied = lab.connect(bridge)
    denied.send(b'PROXY TCP4 192.0.2.66 192.0.2.1 1234 22\r\nhello')
    assert denied.eof()
    bridge.session(client='192.0.2.66:1234')
    headless = lab.connect(bridge)
    headless.send(b'SSH-2.0-x\r\n')
    assert headless.eof()


def test_no_header_of_a_request_reaches_a_raw_target(lab):
    """What looks like HTTP is bytes as any others."""
    service = lab.target()
    bridge = raw(lab, there(service))
    client = lab.connect(bridge)
    data = b'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n'
    assert client.send(data).exactly(len(data)) == data
    client.hang_up()
    assert 'url=' not in bridge.text


# ---- refusals: hung up on, without a byte of HTTP ----

def test_lists(lab, kind):
    bridge = raw(lab, kinds(lab)[kind], listener={'deny': ['127.0.0.0/8']})
    assert lab.connect(bridge).eof()
    bridge = raw(lab, kinds(lab)[kind], route={'allow': ['192.0.2.0/24']}, file='route.yaml')
    assert lab.connect(bridge).eof()
    assert not any(target.connections for target in lab.targets)


def test_limits(lab, kind):
    """Of the listener's connections, and of the route's sessions; a place that is free again is given again."""
    target = kinds(lab)[kind]
    for number, limit in enumerate(({'route': {'max_sessions': 1}}, {'listener': {'max_connections': 1}})):
        bridge = raw(lab, target, file=f'{number}.yaml', **limit)
        first = lab.connect(bridge)
        first.send(b'x')
        assert first.exactly(1) == b'x'
        assert lab.connect(bridge).eof()
        first.hang_up()
        bridge.session(route='it', reason='client_eof')

        def again():
            client = lab.connect(bridge)
            try:
                client.send(b'y')
                return client.fill()
            except OSError:
                return False
            finally:
                client.hang_up()
        until(again, lambda bridge=bridge: bridge.text[-2000:])


def test_a_target_that_is_not_there(lab, kind):
    bridge = raw(lab, (FAR if kind == 'ws' else 'tcp://127.0.0.1:{}').format(
        targets.refusing_port().getsockname()[1]), limits={'handshake_timeout': '5s'})
    client = lab.connect(bridge)
    client.send(b'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    assert client.eof()
    assert bridge.session(route='it')['reason'] == 'target_refused'


def test_no_tls_and_no_plain(lab, certs):
    """A plain client of a TLS listener, and a listener that has both."""
    service = lab.target()
    bridge = raw(lab, there(service), listener={'tls': secure(certs)})
    client = lab.connect(bridge)
    client.send(b'SSH-2.0-x\r\n')
    client.sock.shutdown(socket.SHUT_WR)
    while client.fill():
        pass
    assert b'HTTP' not in client.pending
    assert not service.connections
    client.hang_up()


def test_bytes_with_the_end_of_the_handshake(lab, certs):
    """They come in one segment, so TLS has read them before the target is connected."""
    bridge = raw(lab, there(lab.target()), listener={'tls': secure(certs)})
    client, incoming, outgoing = lab.connect(bridge), ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = certs.context().wrap_bio(incoming, outgoing, server_hostname='localhost')

    def more():
        client.send(outgoing.read())
        incoming.write(client.sock.recv(1 << 16))

    def repeat(action):
        while True:
            try:
                return action()
            except ssl.SSLWantReadError:
                more()
    repeat(tls.do_handshake)
    tls.write(b'hello')
    assert repeat(lambda: tls.read(5)) == b'hello'


def test_a_client_certificate(lab, certs):
    service = lab.target()
    bridge = raw(lab, there(service),
                 listener={'tls': secure(certs, client_ca=certs.ca, client_verify='required')})
    client = lab.connect(bridge, context=certs.context(client=(certs.client, certs.client_key)))
    assert client.send(b'hello').exactly(5) == b'hello'
    client.hang_up()
    bridge.session(route='it')
    stranger = lab.connect(bridge, context=certs.context())
    try:
        stranger.send(b'hello')
        assert not stranger.fill()
    except OSError:  # an alert, or a reset
        pass
    assert len(service.connections) == 1


# ---- reload, drain, numbers ----

def test_reload(lab, kind):
    """New clients get the new target; sessions go on with the old one."""
    bridge = raw(lab, kinds(lab)[kind])
    old = lab.connect(bridge)
    old.send(b'a')
    assert old.exactly(1) == b'a'
    bridge.config['routes'][0]['target'] = there(lab.target(targets.source(b'new', then='hold')))
    reload(bridge, bridge.config)
    new = lab.connect(bridge)
    assert new.exactly(3) == b'new'
    old.send(b'b')
    assert old.exactly(1) == b'b'
    bridge.config['routes'].append({'name': 'it', 'path': '/other', 'target': kinds(lab)['raw']})
    reload(bridge, bridge.config, done=False)
    bridge.says(FAILED)
    new.hang_up()
    old.hang_up()


def test_drain(lab, kind):
    """SIGTERM: no new ones; those that are open may finish, and are ended after drain_timeout."""
    bridge = raw(lab, kinds(lab)[kind], limits={'drain_timeout': '2s', 'close_timeout': '500ms'})
    client = lab.connect(bridge)
    client.send(b'a')
    assert client.exactly(1) == b'a'
    bridge.signal(signal.SIGTERM)
    until(lambda: 'drain' in bridge.text or bridge.process.poll() is not None, lambda: bridge.text)
    assert client.eof()
    assert bridge.wait() == 0
    assert bridge.session(route='it')['reason'] in ('drained', 'shutdown')


def test_numbers(lab, kind):
    """A raw session is counted as one of its route, and has no handshake to fail."""
    bridge = start(lab, [{'name': 'it', 'path': '/', 'target': kinds(lab)[kind]},
                         {'name': 'numbers', 'path': '/metrics', 'metrics': True}],
                   [{'address': ANY, 'raw': True, 'routes': ['it']}, {'address': ANY, 'routes': ['numbers']}])
    client = lab.connect(bridge.endpoints[0])
    client.send(b'hello')
    assert client.exactly(5) == b'hello'
    found = samples(lab, bridge.endpoints[1])
    assert found['wsluice_route_sessions{route="it"}'] == 1, found
    client.hang_up()


def test_idle(lab, kind):
    bridge = raw(lab, kinds(lab)[kind], route={'idle_timeout': '1s'})
    client = lab.connect(bridge)
    client.send(b'a')
    assert client.exactly(1) == b'a'
    assert client.eof()
    assert bridge.session(route='it')['reason'] == 'idle_timeout'


@pytest.mark.parametrize('routes, listener, said', [
    ([{'path': '/', 'files': '/tmp'}], {}, 'has no target'),
    ([{'path': '/', 'target': 'localhost:1', 'auth': [{'basic': {'users': 'x'}}]}], {}, 'no request to log in'),
    ([{'path': '/a', 'target': 'localhost:1'}, {'path': '/b', 'target': 'localhost:1'}], {}, 'exactly one route'),
    ([{'path': '/', 'target': 'localhost:1'}], {'routes': []}, 'names its route'),
    ([{'path': '/', 'target': 'localhost:1'}], {'base_path': '/x'}, 'have no path'),
])
def test_what_makes_no_sense(lab, routes, listener, said):
    """Is refused before it starts."""
    file = lab.folder / 'bad.yaml'
    write(file, {'listeners': [{'address': ANY, 'raw': True, 'routes': ['it'], **listener}],
                 'routes': [{'name': 'it', **route} for route in routes]})
    status, out, err = run('check', file)
    assert status != 0 and said in out + err, out + err
