"""The bridge itself: every byte, both ways, with either side closing first, and with slow readers."""
import asyncio
import hashlib
import json
import pathlib
import shutil
import socket
import subprocess
import threading
import time

import pytest
import websockets
from targets import answer_after_eof, digest, echo, hold, listening, sink, source
from wire import BINARY, WAIT, close_frame, frame, pattern, time_passes, until

MEGABYTE = 1 << 20
HERE = pathlib.Path(__file__).parent
pytestmark = pytest.mark.threads


def send_in_background(client, data, piece=1 << 16, mask=b'\x09\x08\x07\x06'):
    def work():
        try:
            for start in range(0, len(data), piece):
                client.send(frame(BINARY, data[start:start + piece], mask=mask))
        except OSError:
            pass
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


# ---- everything arrives ----

@pytest.mark.parametrize('piece', [1, 7, 125, 126, 1000, 65535, 65536, 1 << 20])
def test_echo(lab, piece):
    bridge, _ = lab.start_echo()
    data = pattern(min(8 * MEGABYTE, piece * 3000), seed=piece)
    client = lab.open(bridge)
    thread = send_in_background(client, data, piece)
    assert digest(client.data(len(data))) == digest(data)
    thread.join(10)
    client.bye()
    record = bridge.session(reason='client_closed')
    assert (record['bytes_up'], record['bytes_down']) == (str(len(data)), str(len(data)))


@pytest.mark.release_only
def test_a_gigabyte_each_way(lab):
    size = 1 << 30
    block = pattern(8 * MEGABYTE)
    count = size // len(block)
    sums = {}

    def both(connection):
        def down():
            for _ in range(count):
                connection.sock.sendall(block)
            connection.sock.shutdown(socket.SHUT_WR)
        thread = threading.Thread(target=down)
        thread.start()
        total, seen = hashlib.sha256(), 0
        while seen < size:
            data = connection.sock.recv(MEGABYTE)
            if not data:
                break
            total.update(data)
            seen += len(data)
        sums['up'] = (seen, total.hexdigest())
        thread.join()

    expected = hashlib.sha256()
    for _ in range(count):
        expected.update(block)
    bridge, _ = lab.start_echo(handler=both)
    client = lab.open(bridge)
    framed = frame(BINARY, block, mask=bytes(4))
    thread = threading.Thread(target=lambda: [client.send(framed) for _ in range(count)])
    thread.start()
    total, seen = hashlib.sha256(), 0
    while seen < size:
        opcode, payload = client.frame()
        assert opcode == BINARY
        total.update(payload)
        seen += len(payload)
    assert total.hexdigest() == expected.hexdigest()
    thread.join()
    # Its direction being over, the target closes when it has everything.
    until(lambda: 'up' in sums, 'the target has it all', 60)
    assert sums['up'] == (size, expected.hexdigest())


def test_one_byte_drips_both_ways(lab):
    bridge, _ = lab.start_echo()
    client = lab.open(bridge)
    for number in range(500):
        byte = bytes([number % 256])
        assert client.binary(byte).data(1) == byte


def test_many_sessions_at_once(lab):
    bridge, target = lab.start_echo('--workers=4')
    clients = [lab.open(bridge) for _ in range(200)]
    for number, client in enumerate(clients):
        client.binary(pattern(5000, seed=number))
    for number, client in enumerate(clients):
        assert client.data(5000) == pattern(5000, seed=number)
    assert len(target.connections) == 200


def test_sessions_coming_and_going(lab):
    bridge, _ = lab.start_echo('--workers=4')
    failures = []

    def visitor(number):
        try:
            for turn in range(25):
                client = lab.open(bridge)
                data = pattern(1 + number * 997 + turn, seed=turn)
                assert client.binary(data).data(len(data)) == data
                if turn % 3 == 0:
                    client.reset()
                elif turn % 3 == 1:
                    client.hang_up()
                else:
                    client.bye()
        except Exception as failure:  # noqa: BLE001 - the test reports it
            failures.append(failure)
    threads = [threading.Thread(target=visitor, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    until(lambda: len(bridge.records()) == 200, lambda: f'{len(bridge.records())} of 200 sessions logged')


# ---- the end ----

@pytest.mark.parametrize('size', [0, 1, 100, 300_000, 5 * MEGABYTE])
def test_target_closes_after_its_last_byte(lab, size):
    data = pattern(size)
    bridge, _ = lab.start_echo(handler=source(data))
    payload, code, reason = lab.open(bridge).closing()
    assert (digest(payload), code, reason) == (digest(data), 1000, 'Target closed')


def test_target_closes_while_the_client_sleeps(lab):
    """Bytes that the target sent before its end wait for the client, within the close timeout."""
    data = pattern(3 * MEGABYTE)
    bridge, target = lab.start_echo(handler=source(data))
    client = lab.open(bridge, receive_buffer=8192)
    time_passes(1)
    assert digest(client.end()[0]) == digest(data)
    bridge.session(reason='target_closed')


@pytest.mark.parametrize('end', ['close', 'eof'])
@pytest.mark.parametrize('size', [1, 300_000, 5 * MEGABYTE])
def test_client_ends_after_its_last_byte(lab, size, end):
    data = pattern(size)
    bridge, target = lab.start_echo(handler=sink)
    client = lab.open(bridge)
    client.send(frame(BINARY, data))
    if end == 'close':
        client.send(close_frame(1000))
    else:
        client.sock.shutdown(socket.SHUT_WR)
    connection = target.connection()
    assert connection.ended.wait(15) and connection.saw_eof.is_set()
    assert digest(connection.received) == digest(data)
    client.hang_up()
    record = bridge.session()
    assert record['reason'] == ('client_closed' if end == 'close' else 'client_eof')
    assert record['bytes_up'] == str(size)


@pytest.mark.parametrize('end', ['close', 'eof'])
def test_client_ends_before_a_slow_target_has_everything(lab, end):
    data = pattern(2 * MEGABYTE)

    def slow(connection):
        time_passes(1)
        connection.read_all()
    target = lab.target(slow, sock=listening(receive_buffer=65536))
    bridge = lab.start(target=target)
    client = lab.open(bridge)
    client.send(frame(BINARY, data) + (close_frame(1000) if end == 'close' else b''))
    if end == 'eof':
        client.sock.shutdown(socket.SHUT_WR)
    connection = target.connection()
    assert connection.ended.wait(15)
    assert digest(connection.received) == digest(data)


def test_a_client_that_says_only_fin_still_hears_the_target(lab):
    """TCP half-close without a Close frame: the answer is still delivered."""
    data = pattern(300_000)
    bridge, target = lab.start_echo(handler=answer_after_eof(data))
    client = lab.open(bridge).binary(b'question')
    client.sock.shutdown(socket.SHUT_WR)
    payload = b''
    while len(payload) < len(data):
        opcode, part = client.frame()
        assert opcode == BINARY
        payload += part
    assert payload == data
    assert client.closing() == (b'', 1000, 'Target closed'), 'so that it knows that it has all'
    assert bytes(target.connection().received) == b'question'
    bridge.session(reason='client_eof')


def test_a_target_that_says_only_fin_still_gets_what_was_sent(lab):
    bridge, target = lab.start_echo(handler=source(b'hello and goodbye', then='half'))
    client = lab.open(bridge)
    client.send(frame(BINARY, pattern(100_000)))
    payload, code, _ = client.end()
    assert (payload, code) == (b'hello and goodbye', 1000)
    assert target.connection().ended.wait(15)
    assert bytes(target.connection().received) == pattern(100_000)


def test_after_its_close_a_client_gets_no_data(lab):
    bridge, target = lab.start_echo(handler=answer_after_eof(pattern(1000)))
    client = lab.open(bridge).send(frame(BINARY, b'x') + close_frame(1000))
    assert client.closing() == (b'', 1000, '')
    assert client.eof()
    assert target.connection().ended.wait(15)


# ---- resets ----

def test_a_reset_of_the_client_is_seen_by_the_target_within_a_second(lab):
    bridge, target = lab.start_echo(handler=sink)
    client = lab.open(bridge).binary(b'x')
    connection = target.connection()
    until(lambda: connection.received, 'the session is open')
    began = time.monotonic()
    client.reset()
    assert connection.ended.wait(10)
    assert time.monotonic() - began < 1
    bridge.session(reason='client_reset')


def test_a_reset_of_the_target_is_seen_by_the_client_within_a_second(lab):
    def reset_when_told(connection):
        connection.read()
        connection.reset()
    bridge, _ = lab.start_echo(handler=reset_when_told)
    client = lab.open(bridge)
    began = time.monotonic()
    assert client.binary(b'now').end()[1] == 1011
    assert time.monotonic() - began < 1
    bridge.session(reason='target_reset')


def test_a_reset_of_the_client_is_seen_although_the_target_sleeps(lab):
    """Nothing is being read from the client (its bytes do not fit the target), yet its end shows."""
    bridge, target = lab.start_echo(handler=hold)
    client = lab.open(bridge)
    connection = target.connection()
    client.sock.settimeout(1)
    with pytest.raises(TimeoutError):
        while True:
            client.send(frame(BINARY, bytes(1 << 16), mask=bytes(4)))
    began = time.monotonic()
    client.reset()
    bridge.session(reason='client_reset')
    assert time.monotonic() - began < 1.5
    connection.ended.set()


def test_a_reset_of_the_target_is_seen_although_the_client_sleeps(lab):
    def flood(connection):
        connection.sock.settimeout(1)
        try:
            while True:
                connection.sock.sendall(bytes(1 << 16))
        except TimeoutError:
            pass
        connection.reset()
    bridge, target = lab.start_echo('--close-timeout=1s', handler=flood)
    lab.open(bridge, receive_buffer=8192)
    assert target.connection().ended.wait(15)
    until(lambda: bridge.records(), 'the session ends', 10)


# ---- back-pressure ----

def test_both_sides_slow_is_no_deadlock(lab):
    """Both fill every buffer on the way before they begin to read."""
    size = 6 * MEGABYTE
    data, full = pattern(size), threading.Event()

    def stubborn(connection):
        sender = threading.Thread(target=connection.sock.sendall, args=(data,))
        sender.start()
        assert full.wait(WAIT)
        while len(connection.received) < size:
            if not connection.read(20_000):
                break
        sender.join()
        connection.read_all()
    bridge, target = lab.start_echo(handler=stubborn)
    client = lab.open(bridge, receive_buffer=16384, send_buffer=16384)
    sender = send_in_background(client, data, 50_000)
    bridge.rests()
    full.set()
    assert digest(client.data(size)) == digest(data)
    sender.join(15)
    client.send(close_frame(1000))
    assert target.connection().ended.wait(15)
    assert digest(target.connection().received) == digest(data)


def test_a_sleeping_client_slows_the_target_down(lab, sanitized):
    sent = []

    def flood(connection):
        connection.sock.settimeout(2)
        try:
            while True:
                sent.append(connection.sock.send(bytes(1 << 16)))
        except TimeoutError:
            pass
    bridge, target = lab.start_echo('--workers=1', handler=flood)
    lab.open(bridge, receive_buffer=8192)
    assert target.connection().ended.wait(30)
    assert sum(sent) < 32 * MEGABYTE, 'more than the kernel holds was taken from the target'
    before = bridge.memory()
    for _ in range(10):
        lab.open(bridge, receive_buffer=8192)
    for number in range(1, 11):
        assert target.connection(number).ended.wait(30)
    if not sanitized:
        assert bridge.memory() - before < 10 * 300 * 1024, 'one carry each'


def test_a_sleeping_target_slows_the_client_down(lab, sanitized):
    bridge, target = lab.start_echo('--workers=1', handler=hold)

    def stall():
        client, sent = lab.open(bridge), 0
        client.sock.settimeout(1)
        with pytest.raises(TimeoutError):
            while True:
                client.send(frame(BINARY, bytes(1 << 16), mask=bytes(4)))
                sent += 1 << 16
        assert sent < 32 * MEGABYTE
    stall()
    before = bridge.memory()
    for _ in range(5):
        stall()
    if not sanitized:
        assert bridge.memory() - before < 5 * 300 * 1024, 'one carry each'
    for connection in target.connections:
        connection.ended.set()


def test_a_stalled_session_stalls_no_other(lab):
    """One worker, one session that takes nothing: the next one runs as if it were alone."""
    def flood_or_echo(connection):
        if connection.read() == b'flood':
            try:
                while True:
                    connection.sock.sendall(bytes(1 << 16))
            except OSError:
                return
        connection.sock.sendall(b'first')
        echo(connection)
    bridge, _ = lab.start_echo('--workers=1', handler=flood_or_echo)
    lab.open(bridge, receive_buffer=4096).binary(b'flood')
    bridge.rests()
    client = lab.open(bridge).binary(b'echo')
    assert client.data(5) == b'first'
    for number in range(50):
        assert client.binary(b'%4d' % number).data(4) == b'%4d' % number


def test_a_fast_session_starves_no_other(lab):
    def flood_or_echo(connection):
        if connection.read() == b'flood':
            while True:
                connection.sock.sendall(bytes(1 << 20))
        connection.sock.sendall(b'first')
        echo(connection)
    bridge, _ = lab.start_echo('--workers=1', handler=flood_or_echo)
    busy = lab.open(bridge).binary(b'flood')
    stop = threading.Event()

    def drink():
        while not stop.is_set():
            busy.sock.recv(1 << 20)
    thread = threading.Thread(target=drink)
    thread.start()
    try:
        client = lab.open(bridge).binary(b'echo')
        assert client.data(5) == b'first'
        for _ in range(50):
            began = time.monotonic()
            assert client.binary(b'ping').data(4) == b'ping'
            assert time.monotonic() - began < 2
    finally:
        stop.set()
        thread.join()


def test_idle_sessions_cost_no_processor_time(lab):
    bridge, _ = lab.start_echo()
    for _ in range(50):
        lab.open(bridge)
    bridge.rests()
    before = bridge.cpu()
    time_passes(2)
    assert bridge.cpu() - before < 0.2


# ---- clients that we did not write ----

def test_python_websockets(lab):
    bridge, _ = lab.start_echo()
    data = pattern(3 * MEGABYTE)

    async def talk():
        url = f'ws://127.0.0.1:{bridge.port}/'
        async with websockets.connect(url, subprotocols=['binary'], max_size=None) as ws:
            assert ws.subprotocol == 'binary'

            async def send():
                for start in range(0, len(data), 100_000):
                    await ws.send(data[start:start + 100_000])
            sending = asyncio.create_task(send())
            got = b''
            while len(got) < len(data):
                got += await ws.recv()
            await sending
            assert digest(got) == digest(data)
            await asyncio.wait_for(await ws.ping(b'are you there'), 10)
            await ws.send('text ⚓')
            assert (await ws.recv()).decode() == 'text ⚓'
        assert ws.close_code == 1000
    asyncio.run(talk())
    bridge.session(reason='client_closed')


def test_python_websockets_hears_the_target_close(lab):
    bridge, _ = lab.start_echo(handler=source(b'short'))

    async def talk():
        async with websockets.connect(f'ws://127.0.0.1:{bridge.port}/') as ws:
            assert await ws.recv() == b'short'
            with pytest.raises(websockets.ConnectionClosedOK):
                await ws.recv()
            assert (ws.close_code, ws.close_reason) == (1000, 'Target closed')
    asyncio.run(talk())


@pytest.mark.skipif(shutil.which('node') is None, reason='no node')
def test_npm_ws(lab):
    bridge, _ = lab.start_echo()
    result = subprocess.run(['node', HERE / 'client.mjs', f'ws://127.0.0.1:{bridge.port}/', '2000000'],
                            capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report == {'protocol': 'binary', 'echoed': True, 'pong': 'are you there', 'code': 1000}
