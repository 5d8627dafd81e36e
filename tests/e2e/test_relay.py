"""Relays: a WebSocket client of a route whose target speaks WebSocket, at their limits and ends. test_far_servers has
more on messages and subprotocols, test_hostile_server on servers that do it wrong."""
import asyncio
import json
import re
import signal
import subprocess
import threading

import pytest
import websockets
from far_servers import HERE, KINDS
from gateway import reload, start
from hostile_server import Opening, server, switch, until_left
from recipes import folder_for, gateway, recipe, replaced
from users_file import credentials, demand_crypt, set_password
from wire import BINARY, CLOSE, CONT, PING, PONG, TEXT, WAIT, close_frame, frame, header, pattern, request, until

FAR = 'ws://127.0.0.1:{}/'


@pytest.fixture(name='far', params=['websockets', 'npm'])
def fixture_far(lab, request):
    return KINDS[request.param](lab)


def relay(lab, port, *, file='gateway.yaml', limits=None, **route):
    process = {'limits': limits} if limits else {}
    return start(lab, [{'name': 'far', 'path': '/*', 'target': FAR.format(port), **route}], file=file, **process)


def relayed(lab, bridge, **how):
    client = lab.open(bridge, **how)
    client.relayed = True
    return client


def far_side(*frames):
    """A far side that opens the WebSocket, sends these, and keeps what it gets."""
    return lambda connection: until_left(connection, [switch(Opening(connection).key) + b''.join(frames)])


# ---- clients and messages ----

def test_a_client_of_npm(lab, far):
    bridge = relay(lab, far.port)
    result = subprocess.run(['node', HERE / 'client.mjs', f'ws://127.0.0.1:{bridge.port}/', '1000000'],
                            capture_output=True, text=True, timeout=4 * WAIT, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report == {'protocol': 'binary', 'echoed': True, 'pong': 'are you there', 'code': 1000}
    assert far.closed()[0] == 1000


def test_a_message_of_ten_megabytes(lab, far):
    """It is never collected: both sides need the memory, and the relay does not."""
    bridge = relay(lab, far.port)
    message = pattern(10_000_000, 9)

    async def talk():
        async with websockets.connect(f'ws://127.0.0.1:{bridge.port}/', max_size=None, open_timeout=WAIT) as client:
            await client.send(message)
            return await asyncio.wait_for(client.recv(), 4 * WAIT)
    assert asyncio.run(talk()) == message
    line = bridge.session(route='far')
    assert int(line['bytes_up']) >= len(message) and int(line['bytes_down']) >= len(message)


def test_each_side_has_its_own_pings(lab):
    """They are answered by the relay, between the frames of a message, and reach the other side in no form."""
    service = lab.target(far_side(server(PING, b'far'), server(TEXT, b'a', fin=False), server(PING, b'again'),
                                  server(CONT, b'b')))
    client = relayed(lab, relay(lab, service.port))
    client.send(frame(PING, b'near') + frame(BINARY, b'x', fin=False) + frame(PING, b'more') + frame(CONT, b'y'))
    got = []
    while sum(opcode in (TEXT, CONT) for opcode, _ in got) < 1 or b'more' not in [payload for _, payload in got]:
        got.append(client.frame())
    data = b''.join(payload for opcode, payload in got if opcode in (TEXT, CONT))
    while data != b'ab':
        data += client.frame()[1]
    pongs = [payload for opcode, payload in got if opcode == PONG]
    assert pongs in ([b'near', b'more'], [b'more'])
    assert PING not in [opcode for opcode, _ in got]
    connection = service.connection()
    until(lambda: b'\x8a' in bytes(connection.received).partition(b'\r\n\r\n')[2], 'a pong')
    client.hang_up()


# ---- ends ----

@pytest.mark.parametrize('payload', [b'', b'\x03\xe8', b'\x0f\xa0enough', b'\x03\xf3no more room'])
def test_a_close_of_either_side(lab, payload):
    """Reaches the other one as it is, and its sender gets its code back."""
    service = lab.target(far_side(server(CLOSE, payload)))
    client = relayed(lab, relay(lab, service.port))
    assert client.frame() == (CLOSE, payload)
    client.send(frame(CLOSE, payload))
    assert client.eof()
    connection = service.connection()
    assert connection.ended.wait(WAIT)
    assert unmasked(connection)[-1] == (CLOSE, payload[:2])

    service = lab.target(far_side())
    client = relayed(lab, relay(lab, service.port, file='near.yaml'))
    client.send(frame(CLOSE, payload))
    assert client.frame() == (CLOSE, payload[:2])
    connection = service.connection()
    until(lambda: unmasked(connection), 'a Close at the far side')
    assert unmasked(connection) == [(CLOSE, payload)]
    assert client.eof()


def unmasked(connection):
    """The whole frames that a far side has got, each with its mask."""
    bytes_, found = bytes(connection.received).partition(b'\r\n\r\n')[2], []
    while len(bytes_) >= 6 and len(bytes_) >= 6 + (bytes_[1] & 127):
        assert bytes_[1] & 0x80 and (bytes_[1] & 127) <= 125
        length, mask = bytes_[1] & 127, bytes_[2:6]
        found.append((bytes_[0] & 15, bytes(b ^ mask[i % 4] for i, b in enumerate(bytes_[6:6 + length]))))
        bytes_ = bytes_[6 + length:]
    return found


def test_drain(lab, far):
    """SIGTERM: both sides hear that the relay goes away."""
    bridge = relay(lab, far.port, limits={'drain_timeout': '0s', 'close_timeout': '5s'})
    client = relayed(lab, bridge)
    client.send(frame(TEXT, b'hello'))
    assert client.frame() == (TEXT, b'hello')
    bridge.signal(signal.SIGTERM)
    assert client.frame()[0] == CLOSE
    client.send(close_frame(1001))
    assert client.eof()
    assert bridge.wait() == 0
    assert far.closed()[0] == 1001


def test_reload(lab, far):
    """Open relays go on; new ones go to the new target."""
    bridge = relay(lab, far.port)
    old = relayed(lab, bridge)
    bridge.config['routes'][0]['target'] = FAR.format(lab.target(far_side(server(TEXT, b'new'))).port)
    reload(bridge, bridge.config)
    new = relayed(lab, bridge)
    assert new.frame() == (TEXT, b'new')
    old.send(frame(TEXT, b'old'))
    assert old.frame() == (TEXT, b'old')
    new.hang_up()
    old.bye()


@pytest.mark.parametrize('target_speaks', [True, False])
def test_the_client_got_its_answer_already(lab, target_speaks):
    """connect: after_upgrade: the target is offered what the client was told, or nothing."""
    seen = []

    def handler(connection):
        opening = Opening(connection)
        seen.append(opening.fields.get('sec-websocket-protocol'))
        until_left(connection, [switch(opening.key, *(['Sec-WebSocket-Protocol: v4.channel'] if target_speaks else ()))
                                + server(TEXT, b'hi')])
    bridge = relay(lab, lab.target(handler).port, connect='after_upgrade')
    fields = {'Sec-WebSocket-Protocol': 'v4.channel, v5.channel'} if target_speaks else {}
    client = lab.connect(bridge)
    client.upgrade(fields=fields)
    client.relayed = True
    assert client.frame() == (TEXT, b'hi')
    assert seen == [['v4.channel'] if target_speaks else None]
    client.hang_up()


# ---- limits ----

def test_a_slow_far_side(lab):
    """What it does not read stays with the client; then all of it arrives, in one message."""
    go_on = threading.Event()

    def handler(connection):
        connection.sock.sendall(switch(Opening(connection).key))
        go_on.wait(4 * WAIT)
        connection.read_all()
    service = lab.target(handler)
    bridge = relay(lab, service.port)
    client = relayed(lab, bridge, send_buffer=8192)
    size = 40_000_000
    client.send(header(BINARY, size, mask=bytes(4)))
    client.sock.settimeout(0.3)
    sent, block = 0, bytes(1 << 16)
    try:
        while sent < size:
            sent += client.sock.send(block)
    except TimeoutError:
        pass
    assert sent < size, 'the relay has taken all'
    before = bridge.memory()
    assert before < 64 << 20
    go_on.set()
    client.sock.settimeout(WAIT)
    while sent < size:
        sent += client.sock.send(block[:size - sent])
    connection = service.connection()
    until(lambda: len(connection.received) > size, 'the rest', 4 * WAIT)
    client.hang_up()
    assert connection.ended.wait(WAIT)


def test_a_header_and_silence(lab):
    """The far side claims a frame that never comes: pings keep the session, idle_timeout ends it."""
    service = lab.target(far_side(header(BINARY, 1000) + b'half'))
    bridge = relay(lab, service.port, idle_timeout='1s')
    client = relayed(lab, bridge)
    assert client.frame() == (BINARY, b'half')
    assert client.closing()[1] == 1000
    client.send(close_frame(1000))
    assert client.eof()
    assert bridge.session(route='far')['reason'] == 'idle_timeout'


def test_tiny_frames(lab):
    """A far side that sends a byte a frame takes a share of the worker, and no more memory."""
    count = 50_000
    service = lab.target(far_side(server(BINARY, b'x') * count, server(BINARY, b'done')))
    bridge = relay(lab, service.port)
    client = relayed(lab, bridge)
    wanted = server(BINARY, b'x') * count + server(BINARY, b'done')
    assert client.exactly(len(wanted)) == wanted
    client.hang_up()


@pytest.mark.release_only
def test_memory_of_a_session(lab):
    """An idle relay holds no buffer."""
    service = lab.target(far_side(server(TEXT, b'hi')))
    bridge = relay(lab, service.port)

    def opened():
        client = relayed(lab, bridge)
        assert client.frame() == (TEXT, b'hi')
    for _ in range(50):
        opened()
    before, count = bridge.memory(), 300
    for _ in range(count):
        opened()
    assert (bridge.memory() - before) / count < 8192, f'{(bridge.memory() - before) / count:.0f} bytes each'
    for client in lab.clients:
        client.hang_up()


# ---- a recipe ----

def test_the_recipe_for_kubevirt(lab, certs):
    """In front of a stub of the API server, which wants the token of the file, its own subprotocol, and the machine in the path."""
    demand_crypt()

    def api(connection):
        opening = Opening(connection)
        want = {'authorization': ['Bearer of-the-pod'], 'sec-websocket-protocol': ['plain.kubevirt.io'], 'host': [f'localhost:{service.port}']}
        machine = re.fullmatch(r'GET /apis/subresources.kubevirt.io/v1/namespaces/([^/]+)/virtualmachineinstances/([^/]+)/vnc HTTP/1.1', opening.line)
        if not machine or {name: opening.fields.get(name) for name in want} != want:
            connection.sock.sendall(b'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
            return
        until_left(connection, [switch(opening.key, 'Sec-WebSocket-Protocol: plain.kubevirt.io'),
                                server(BINARY, ' '.join(machine.groups()).encode())])
    (_, file), = recipe('Consoles of KubeVirt')
    here = folder_for(lab, certs)
    set_password(here / 'users', 'alice', 'sesame')
    (here / 'token').write_text('of-the-pod\n')
    service = lab.target(api, context=certs.server_context(certs.ec, certs.ec_key))
    bridge = gateway(lab, here, replaced(
        file, port=(':443', '127.0.0.1:0'), web=('/usr/share/novnc', here / 'web'), api=('kubernetes.default.svc', f'localhost:{service.port}'),
        ca=('/var/run/secrets/kubernetes.io/serviceaccount/ca.crt', certs.ca), token=('/var/run/secrets/kubernetes.io/serviceaccount/token', here / 'token')))

    def opens(path, fields=None):
        client = lab.connect(bridge, context=certs.context())
        answer = client.send(request(path, fields={'Sec-WebSocket-Protocol': 'binary', **(fields or {})})).answer()
        said = client.frame()[1] if answer.status == 101 else answer.status
        client.hang_up()
        return said
    assert opens('/vms/default/web1/vnc') == 401
    who = credentials('alice', 'sesame')
    assert opens('/vms/default/web1/vnc', who) == b'default web1'
    assert opens('/vms/lab/db.two/vnc', who) == b'lab db.two'
    assert opens('/vms/lab/..%2f..%2fpods/vnc', who) in (400, 404)
    (here / 'token').write_text('changed\n')
    reload(bridge)
    assert opens('/vms/default/web1/vnc', who) == 502
