"""Targets that speak WebSocket, made by others: python3-websockets, npm's ws, Debian's websockify; behind nginx and
HAProxy. The near side is raw bytes, or a WebSocket whose messages are kept."""
import asyncio
import json
import socket
import subprocess
import threading

import pytest
import websockets
from far_servers import KINDS
from gateway import ANY, start
from lab import BINARY
from test_websockify import Real, needs_the_real_one
from wire import CONT, PING, PONG, TEXT, WAIT, close_frame, frame, pattern

MESSAGES = ['', b'', 'h', 'héllo wörld', b'\0\xff', 'x' * 70000, pattern(1_000_000, 1), b'', 'the end']


@pytest.fixture(name='far', params=KINDS)
def fixture_far(lab, request):
    return KINDS[request.param](lab)


def route(far, path='/', **websocket):
    return {'name': 'far', 'path': '/*', 'target': {'address': f'ws://127.0.0.1:{far.port}{path}',
                                                     'websocket': websocket}}


def relay(lab, far, *path, **websocket):
    return start(lab, [route(far, *path, **websocket)])


def raw(lab, far, *path, **websocket):
    return start(lab, [route(far, *path, **websocket)], [{'address': ANY, 'raw': True, 'routes': ['far']}])


def near(bridge, talk, **how):
    """Runs `talk` with a client that we did not write, either."""
    async def run():
        async with websockets.connect(f'ws://{bridge.address}/', max_size=None, **how) as client:
            return await asyncio.wait_for(talk(client), 4 * WAIT)
    return asyncio.run(run())


# ---- messages to messages ----

def test_messages_are_kept(lab, far):
    """Type, content and end of each: empty ones, texts, and those that no buffer holds as a whole."""
    async def talk(client):
        for message in MESSAGES:
            await client.send(message)
        return [await client.recv() for _ in MESSAGES]
    assert near(relay(lab, far), talk) == MESSAGES
    assert far.closed() == (1000, '')


def test_fragments_of_a_message(lab, far):
    """From the near side, with a ping in between, in the middle of a character."""
    client = lab.open(relay(lab, far))
    client.send(frame(TEXT, b'a', fin=False) + frame(CONT, fin=False) + frame(PING, b'?') +
                frame(CONT, b'\xc3', fin=False) + frame(CONT, b'\xa9b'))
    assert sorted((client.frame(), client.frame())) == [(TEXT, 'aéb'.encode()), (PONG, b'?')]
    client.bye()


def test_many_messages_at_once(lab, far):
    """In windows that cut headers and payloads anywhere."""
    messages = [pattern(number % 300, number) for number in range(5000)]

    async def talk(client):
        async def send():
            for message in messages:
                await client.send(message)
        sending = asyncio.ensure_future(send())
        received = [await client.recv() for _ in messages]
        await sending
        return received
    assert near(relay(lab, far), talk) == messages


@pytest.mark.parametrize('offered, chosen', [(['chat'], 'chat'), (['unknown', 'chat'], 'chat'), ([], None)])
def test_subprotocols_of_the_client(lab, far, offered, chosen):
    """The far side chooses among what the client offers, and the client hears of it."""
    async def talk(client):
        await client.send('who')
        return client.subprotocol, json.loads(await client.recv())
    subprotocol, seen = near(relay(lab, far), talk, subprotocols=offered or None)
    assert (subprotocol, seen['subprotocol']) == (chosen, chosen)
    assert seen.get('sec-websocket-protocol') == (', '.join(offered) or None)
    assert 'sec-websocket-extensions' not in seen, 'the client offered compression to us alone'


def test_subprotocols_of_the_route(lab, far):
    """Only those that the route allows, in its order; a secret among the offers stays here."""
    bridge = start(lab, [{**route(far), 'subprotocols': ['binary', 'chat']}])

    async def talk(client):
        await client.send('who')
        return client.subprotocol, json.loads(await client.recv())['sec-websocket-protocol']
    offered = ['unknown', 'chat', 'bearer.secret', 'binary']
    assert near(bridge, talk, subprotocols=offered)[1] == 'binary, chat'
    assert near(relay(lab, far), talk, subprotocols=['bearer.secret', 'chat']) == ('chat', 'chat')


def test_the_request(lab, far):
    """What the configuration says of it reaches the far side; credentials of the client do not."""
    bridge = start(lab, [route(far, '/desk/7?size=big', user='ann', password='sesame', origin='https://desk.example',
                               subprotocols=['chat'], headers={'X-Tenant': 'blue'})])

    async def talk(client):
        await client.send('who')
        return json.loads(await client.recv())
    seen = near(bridge, talk, extra_headers={'Authorization': 'Bearer of-the-client', 'Cookie': 'a=b'})
    assert (seen['path'], seen['subprotocol'], seen['origin']) == ('/desk/7?size=big', 'chat', 'https://desk.example')
    assert (seen['authorization'], seen['x-tenant']) == ('Basic YW5uOnNlc2FtZQ==', 'blue')
    assert 'cookie' not in seen
    assert 'sesame' not in bridge.text


def test_captures_in_the_path(lab, far):
    """A part of the client's path, which adds neither segments nor parameters."""
    bridge = start(lab, [{**route(far, '/desks/{desk}?name={desk}&as=guest'), 'path': '/desk/{desk}',
                          'captures': {'desk': '.+'}}])

    async def talk(client):
        await client.send('who')
        return json.loads(await client.recv())['path']

    def seen(path):
        async def run():
            async with websockets.connect(f'ws://{bridge.address}{path}') as client:
                return await asyncio.wait_for(talk(client), WAIT)
        return asyncio.run(run())
    assert seen('/desk/vm1') == '/desks/vm1?name=vm1&as=guest'
    assert seen('/desk/..;x%252f') == '/desks/..%3Bx%252f?name=..%3Bx%252f&as=guest'
    assert seen('/desk/x&as=root%c3%a9') == '/desks/x%26as%3Droot%C3%A9?name=x%26as%3Droot%C3%A9&as=guest'


def test_close_from_the_far_side(lab, far):
    client = lab.open(relay(lab, far))
    client.send(frame(TEXT, b'close 4321 bye'))
    assert client.end() == (b'', 4321, 'bye')


def test_close_from_the_near_side(lab, far):
    client = lab.open(relay(lab, far))
    client.send(close_frame(4000, b'enough'))
    assert client.close_code() == 4000
    assert far.closed() == (4000, 'enough')
    client.hang_up()


def test_pings_of_the_far_side_are_answered(lab, far):
    client = lab.open(relay(lab, far))
    client.send(frame(TEXT, b'ping'))
    assert client.frame() == (TEXT, b'pong')
    client.bye()


# ---- raw bytes to messages ----

def bytes_through(lab, bridge, size=2_000_000):
    client = lab.connect(bridge)
    data = pattern(size, 5)
    client.send_while_reading(data)
    while len(client.pending) < size:
        assert client.fill()
    assert bytes(client.pending) == data
    client.pending.clear()
    return client


def test_raw_bytes(lab, far):
    client = bytes_through(lab, raw(lab, far, eof='close'))
    client.sock.shutdown(socket.SHUT_WR)
    assert client.eof()
    assert far.closed() == (1000, '')


def test_the_far_side_goes(lab, far):
    """It is killed: the near side hears of it at once."""
    bridge = raw(lab, far)
    client = bytes_through(lab, bridge, 1000)
    for process in lab.processes:
        process.kill()
    assert client.eof()
    assert bridge.session()['reason'] in ('target_eof', 'target_reset', 'target_closed')


@needs_the_real_one
@pytest.mark.parametrize('near_side', ['raw', 'relay'])
def test_websockify(lab, near_side):
    real = Real(lab, 'LISTEN', f'127.0.0.1:{lab.target().port}')
    if near_side == 'raw':
        client = bytes_through(lab, raw(lab, real, '/websockify', subprotocols=['binary'], eof='close'))
        client.sock.shutdown(socket.SHUT_WR)
        assert client.eof()
        return
    client = lab.open(relay(lab, real, '/websockify', subprotocols=['binary']))
    client.relayed = True
    for size in (1, 100, 70000):
        client.binary(pattern(size))
        assert client.data(size) == pattern(size)
    client.bye()


# ---- wsluice connect ----

def test_connect(lab, far):
    """Bytes both ways; the end of the input is a Close 1000, which the server answers."""
    process = lab.spawn(BINARY, 'connect', '--eof=close', f'ws://127.0.0.1:{far.port}/', stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    data = pattern(2_000_000, 6)
    sending = threading.Thread(target=process.stdin.write, args=(data,))
    sending.start()
    assert process.stdout.read(len(data)) == data
    sending.join()
    assert process.communicate(timeout=WAIT) == (b'', b'')
    assert process.returncode == 0
    assert far.closed() == (1000, '')


# ---- the end of the input is kept from the server ----

LATE = b'late' * 500_000


def connect(far, *options):
    """(status, standard output, standard error)"""
    result = subprocess.run([BINARY, 'connect', *options, f'ws://127.0.0.1:{far.port}/'], input=b'late',
                            capture_output=True, check=False, timeout=4 * WAIT)
    return result.returncode, result.stdout, result.stderr


def test_connect_waits(lab, far):
    """Each of these servers drops everything at a FIN; it answers after three pings have been answered."""
    status, out, error = connect(far)
    assert (status, out) == (1, b'') and b'see --eof=wait' in error
    assert connect(far, '--eof=wait') == (0, LATE, b'')


def test_a_raw_client_waits(lab, far):
    bridge = raw(lab, far, eof='wait')
    client = lab.connect(bridge)
    client.send(b'late').sock.shutdown(socket.SHUT_WR)
    assert client.exactly(len(LATE)) == LATE and client.eof()
    client.hang_up()
    assert bridge.session()['reason'] == 'target_closed'


class Page:
    """An answer, once the request's empty line has come. It closes only when that has passed: websockify drops what it
    still holds of a target that closes."""

    def __init__(self):
        self.passed = threading.Event()

    def __call__(self, connection):
        while not bytes(connection.received).endswith(b'\r\n\r\n'):
            assert connection.read()
        connection.sock.sendall(LATE)
        assert self.passed.wait(4 * WAIT)
        connection.sock.close()


@needs_the_real_one
@pytest.mark.parametrize('near_side', ['connect', 'raw'])
def test_a_page_through_websockify(lab, near_side):
    """It ends both directions at a FIN, and at a Close."""
    page = Page()
    real = Real(lab, 'LISTEN', f'127.0.0.1:{lab.target(page).port}')
    question = b'GET / HTTP/1.0\r\n\r\n'
    if near_side == 'connect':
        process = lab.spawn(BINARY, 'connect', '--eof=wait', '--subprotocol=binary',
                            f'ws://127.0.0.1:{real.port}/websockify', stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(question)
        process.stdin.close()
        assert process.stdout.read(len(LATE)) == LATE
        page.passed.set()
        assert (process.stdout.read(), process.wait(WAIT)) == (b'', 0)
        return
    client = lab.connect(raw(lab, real, '/websockify', subprotocols=['binary'], eof='wait'))
    client.send(question).sock.shutdown(socket.SHUT_WR)
    assert client.exactly(len(LATE)) == LATE
    page.passed.set()
    assert client.eof()
