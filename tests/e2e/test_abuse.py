"""Any input of a peer ends in a clean close within the deadline and a log line that names it; new
clients are served meanwhile; no descriptor (Lab checks that after each test) or memory is left."""
import os
import random
import socket
import time

import pytest
from targets import sink
from wire import BINARY, WAIT, frame, header, pattern, request, time_passes, until

MEGABYTE = 1 << 20


def served(lab, bridge):
    """A new client gets through, soon."""
    began = time.monotonic()
    client = lab.open(bridge)
    assert client.binary(b'new here').data(8) == b'new here'
    client.hang_up()
    assert time.monotonic() - began < 5


def read_to_the_end(sock):
    got = b''
    try:
        while True:
            data = sock.recv(65536)
            if not data:
                return got
            got += data
    except ConnectionError:
        return got


def strange_bytes(rng):
    """Noise, or something that begins like a request, a TLS hello or a session, and then goes wrong."""
    noise = rng.randbytes(rng.randrange(0, 400))
    return rng.choice([
        noise,
        b'\x16\x03\x01' + noise,
        b'GET / HTTP/1.1\r\n' + noise,
        request()[:rng.randrange(len(request()))],
        request()[:rng.randrange(len(request()))] + noise,
        request() + noise,
        request() + frame(BINARY, noise)[:rng.randrange(1, 20)],
        b'\r\n' * 50 + noise,
        b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + noise,
        b'SSH-2.0-OpenSSH_9.2\r\n',
    ])


@pytest.mark.threads
@pytest.mark.parametrize('tls', [False, True], ids=['plain', 'tls'])
def test_ten_thousand_random_connections(lab, certs, sanitized, tls):
    count = 600 if sanitized else 5000
    options = (f'--cert={certs.ec}', f'--key={certs.ec_key}') if tls else ()
    bridge, _ = lab.start_echo('-v', '--workers=2', '--handshake-timeout=5s', '--close-timeout=1s', *options)
    served(lab, bridge)
    rng = random.Random(6455)
    waiting, settled = [], None
    for number in range(count):
        sock = lab.socket(bridge)
        try:
            sock.sendall(strange_bytes(rng))
            if rng.random() < 0.5:
                sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        waiting.append(sock)
        if len(waiting) == 100:
            for old in waiting:
                old.close()
            waiting.clear()
            served(lab, bridge)
        if number == count // 2:
            settled = bridge.memory()
    for sock in waiting:
        sock.close()
    expected = count + 1 + count // 100
    until(lambda: len(bridge.records()) >= expected, lambda: f'{len(bridge.records())} lines of {expected}')
    assert len(bridge.records()) == expected, 'one line for each connection'
    assert not {r['reason'] for r in bridge.records()} & {'internal', 'out_of_memory', 'none'}
    if not sanitized:
        assert bridge.memory() - settled < 4 * MEGABYTE


def test_noise_is_closed_by_us(lab):
    """Without the client closing first: the deadline does it."""
    bridge, _ = lab.start_echo('--handshake-timeout=2s', '--close-timeout=1s')
    rng = random.Random(9112)
    socks = []
    for _ in range(200):
        sock = lab.socket(bridge)
        sock.sendall(rng.randbytes(300).replace(b'\x16', b'\x17'))
        socks.append(sock)
    began = time.monotonic()
    for sock in socks:
        read_to_the_end(sock)
        sock.close()
    assert time.monotonic() - began < 12
    until(lambda: len(bridge.records()) == 200, '200 lines')


def test_half_heads(lab):
    bridge, _ = lab.start_echo('--handshake-timeout=2s')
    socks = []
    for number in range(300):
        sock = lab.socket(bridge)
        sock.sendall(request()[:1 + number % (len(request()) - 1)])
        socks.append(sock)
    served(lab, bridge)
    began = time.monotonic()
    for sock in socks:
        assert read_to_the_end(sock).startswith(b'HTTP/1.1 408 ')
        sock.close()
    assert time.monotonic() - began < 10
    until(lambda: len([r for r in bridge.records() if r['reason'] == 'handshake_timeout']) == 300, '300 lines')


def test_five_hundred_slow_drips(lab):
    bridge, _ = lab.start_echo('--handshake-timeout=3s')
    head = request(extra=('X-Y: ' + 'z' * 500,))
    drips = [lab.socket(bridge) for _ in range(500)]
    began, position, alive = time.monotonic(), 0, set(drips)
    while alive and time.monotonic() - began < 15:
        for sock in list(alive):
            try:
                sock.sendall(head[position:position + 1])
            except OSError:
                alive.discard(sock)
        position += 1
        if position % 10 == 0:
            served(lab, bridge)
        time_passes(0.1)
    assert not alive, f'{len(alive)} still drip after 15 s'
    for sock in drips:
        sock.close()
    until(lambda: len([r for r in bridge.records() if r['reason'] == 'handshake_timeout']) == 500,
          lambda: f'{len(bridge.records())} lines')


def test_enormous_frames(lab, sanitized):
    bridge, target = lab.start_echo('--workers=1', handler=sink)
    lab.open(bridge).send(frame(BINARY, pattern(300_000)))
    until(lambda: len(target.connection().received) == 300_000, 'everything is warm')
    before = bridge.memory()
    clients = [lab.open(bridge).send(header(BINARY, 1 << 62, mask=bytes(4)) + pattern(10_000)) for _ in range(50)]
    for number in range(1, 51):
        connection = target.connection(number)
        until(lambda c=connection: len(c.received) == 10_000, 'its first bytes')
    if not sanitized:
        assert bridge.memory() - before < MEGABYTE
    for client in clients:
        client.hang_up()
    until(lambda: len(bridge.records()) == 50, '50 lines')


def test_a_tls_hello_on_a_plain_port(lab, tmp_path):
    bridge, _ = lab.start_echo(cwd=tmp_path)
    client = lab.connect(bridge).send(b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + os.urandom(500))
    read_to_the_end(client.sock)
    client.hang_up()
    bridge.session(reason='tls_unavailable')
    served(lab, bridge)


def test_a_head_without_end(lab):
    bridge, _ = lab.start_echo()
    client = lab.connect(bridge)
    try:
        client.send(b'GET / HTTP/1.1\r\nHost: a\r\n')
        for _ in range(1000):
            client.send(b'X-Y: ' + b'z' * 1000 + b'\r\n')
    except OSError:
        pass
    answer = read_to_the_end(client.sock)
    assert answer == b'' or answer.startswith(b'HTTP/1.1 431 ')
    client.hang_up()
    bridge.session(reason='http_head_too_large')


def test_a_target_without_end(lab):
    bridge, _ = lab.start_echo()
    client = lab.connect(bridge)
    try:
        client.send(b'GET /')
        for _ in range(1000):
            client.send(b'x' * 1000)
    except OSError:
        pass
    client.hang_up()
    bridge.session(reason='http_uri_too_long')


@pytest.mark.threads
def test_connections_that_are_reset_at_once(lab, sanitized):
    bridge, _ = lab.start_echo('--workers=2')
    for _ in range(300 if sanitized else 2000):
        client = lab.connect(bridge)
        client.reset()
        lab.clients.clear()
    served(lab, bridge)


@pytest.mark.threads
def test_upgrades_that_are_reset_at_once(lab, sanitized):
    """The reset comes while the target is being dialled."""
    bridge, _ = lab.start_echo('--workers=2')
    for _ in range(200 if sanitized else 1000):
        lab.connect(bridge).send(request() + frame(BINARY, b'x')).reset()
        lab.clients.clear()
    served(lab, bridge)


def test_a_client_that_never_reads_its_refusal(lab):
    bridge, _ = lab.start_echo('--handshake-timeout=1s', '--close-timeout=1s')
    client = lab.connect(bridge, receive_buffer=4096).send(request(method='POST'))
    bridge.session(reason='http_method')
    until(lambda: bridge.fds() <= bridge.baseline, 'the connection is gone', WAIT)
    client.hang_up()


def test_memory_does_not_grow_with_sessions(lab, sanitized):
    if sanitized:
        pytest.skip('counts memory')
    bridge, _ = lab.start_echo('--workers=1')

    def visit():
        for _ in range(1000):
            client = lab.open(bridge)
            client.binary(b'x' * 3000).data(3000)
            client.hang_up()
            lab.clients.clear()
    visit()
    settled = bridge.memory()
    visit()
    assert bridge.memory() - settled < MEGABYTE


def test_an_idle_session_is_small(lab, sanitized):
    if sanitized:
        pytest.skip('counts memory')
    bridge, _ = lab.start_echo('--workers=1')
    lab.open(bridge)
    before, count = bridge.memory(), 400
    for _ in range(count):
        lab.open(bridge)
    assert (bridge.memory() - before) / count < 4096
