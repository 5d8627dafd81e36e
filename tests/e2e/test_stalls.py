"""Sides that take nothing, and sides that take little: the former end a session, the latter lose no byte."""
import socket
import threading
import time

import gateway
import pytest
from targets import digest, hold, listening, source
from wire import BINARY, close_frame, frame, pattern, time_passes

CERTIFIED = pytest.mark.parametrize('tls', [False, True], ids=['plain', 'TLS'])
OVER = pytest.mark.parametrize('unix', [False, True], ids=['tcp', 'unix'])


def start(lab, certs, handler, *, tls, unix_listener, unix_target, receive_buffer=None, options=()):
    """A bridge over each kind of socket on either side."""
    target = (lab.unix_target(handler) if unix_target
              else lab.target(handler, sock=listening(receive_buffer=receive_buffer)))
    where = f'unix:{target.path}' if unix_target else f'127.0.0.1:{target.port}'
    listen = f'unix:{lab.folder}/listener.sock' if unix_listener else '127.0.0.1:0'
    if tls:
        options = (*options, f'--cert={certs.ec}', f'--key={certs.ec_key}')
    bridge = lab.start(*options, listen, where)
    return bridge, target, lambda **how: lab.open(bridge, context=certs.context() if tls else None, **how)


def fill(client):
    """Sends until nothing more is taken on the whole way."""
    client.sock.settimeout(0.3)
    try:
        while True:
            client.send(frame(BINARY, bytes(1 << 16), mask=bytes(4)))
    except TimeoutError:
        client.sock.settimeout(15)


# ---- nothing is taken ----

@pytest.mark.parametrize('leaves', ['close', 'half', 'reset', 'silence'])
@CERTIFIED
@OVER
def test_a_unix_target_that_takes_nothing(lab, certs, tls, unix, leaves):
    """There is no TCP_USER_TIMEOUT for it, and a client's FIN lies behind bytes that nobody reads."""
    bridge, target, connect = start(lab, certs, hold, tls=tls, unix_listener=unix, unix_target=True,
                                    options=('--stall-timeout=2s', '--close-timeout=1s'))
    client = connect()
    connection = target.connection()
    fill(client)
    if leaves == 'close':
        client.sock.close()
    elif leaves == 'half':
        client.sock.shutdown(socket.SHUT_WR)
    elif leaves == 'reset':
        client.reset()
    record = bridge.session()
    gone = leaves == 'reset' and not unix
    assert record['reason'] == ('client_reset' if gone else 'target_stalled')
    connection.ended.set()


@OVER
def test_the_client_hears_of_a_target_that_takes_nothing(lab, certs, unix):
    bridge, target, connect = start(lab, certs, hold, tls=False, unix_listener=False, unix_target=unix,
                                    options=('--stall-timeout=1s',))
    client = connect()
    connection = target.connection()
    fill(client)
    assert client.close_code() == 1011
    bridge.session(reason='target_stalled')
    connection.ended.set()


@CERTIFIED
@OVER
def test_a_client_that_takes_nothing(lab, certs, tls, unix):
    broken = threading.Event()

    def flood(connection):
        try:
            while True:
                connection.sock.sendall(bytes(1 << 16))
        except OSError:
            broken.set()
    bridge, _, connect = start(lab, certs, flood, tls=tls, unix_listener=unix, unix_target=True,
                               options=('--stall-timeout=1s', '--close-timeout=1s'))
    connect()
    bridge.session(reason='client_stalled')
    assert broken.wait(15)


@OVER
def test_a_client_that_takes_little_is_not_stalled(lab, certs, unix):
    """It pauses often, and takes longer for what the kernel holds than a stall may last."""
    data = pattern(4 << 20)
    bridge, _, connect = start(lab, certs, source(data), tls=False, unix_listener=unix, unix_target=True,
                               options=('--stall-timeout=2s', '--close-timeout=2s'))
    client = connect(receive_buffer=4096)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        client.pending += client.sock.recv(1 << 16)
        time_passes(0.2)
    assert digest(client.closing()[0]) == digest(data)
    bridge.session(reason='target_closed')


# ---- last bytes ----

STEP = 1 << 16  # twice the receive buffer that a client here asks for, which is what it then gets


def read_slowly(client, says, patience):
    """Four steps, each after twice the time of the one before; it says something after all but the first."""
    for number in range(4):
        time_passes(patience * 0.3 * 2 ** number)
        enough = len(client.pending) + STEP
        while len(client.pending) < enough:
            client.fill()
        if number > 0:
            client.send(says)


@CERTIFIED
def test_a_slow_reader_that_also_sends(lab, certs, tls):
    """All bytes are in the kernel when the target closes; a close of ours would be a reset for it."""
    size, patience = 600_000, 1.5
    data = pattern(size)
    bridge, target, connect = start(lab, certs, source(data, then='half'), tls=tls, unix_listener=False,
                                    unix_target=False, options=(f'--close-timeout={patience * 1000:.0f}ms',))
    client = connect(receive_buffer=STEP // 2)
    read_slowly(client, frame(BINARY, b'still here'), patience)
    payload, code, _ = client.closing()
    assert (digest(payload), code) == (digest(data), 1000)
    client.send(close_frame(1000))
    bridge.session(reason='target_closed')
    assert target.connection().ended.wait(15)
    assert bytes(target.connection().received) == 3 * b'still here'


@CERTIFIED
@pytest.mark.parametrize('keeps', [False, True], ids=['close', 'keep-alive'])
def test_a_slow_reader_of_a_file_that_also_sends(lab, certs, tmp_path, tls, keeps):
    """It asks again while the kernel still holds the rest of its answer, and its connection is over."""
    size, patience = 600_000, 1.5
    data = pattern(size)
    (tmp_path / 'file').write_bytes(data)
    listener = {'address': '127.0.0.1:0'}
    if tls:
        listener['tls'] = {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}
    bridge = gateway.start(lab, [{'path': '/*', 'files': str(tmp_path)}], [listener],
                           limits={'close_timeout': f'{patience * 1000:.0f}ms', 'keep_alive': '1s'})
    client = lab.connect(bridge.endpoints[0], context=certs.context() if tls else None, receive_buffer=STEP // 2)
    client.send(b'GET /file HTTP/1.1\r\nHost: localhost\r\n' + (b'' if keeps else b'Connection: close\r\n') + b'\r\n')
    read_slowly(client, b'GET', patience)
    assert digest(client.answer().body) == digest(data)
    client.hang_up()


@OVER
def test_a_slow_target_that_also_sends(lab, certs, unix):
    """The client has closed; its last bytes are in the target's kernel, and the target talks on."""
    size, step, patience = (150_000, 1 << 15, 1.5) if unix else (600_000, STEP, 1.5)
    data, done = pattern(size), threading.Event()

    def slow(connection):
        for number in range(4):
            time_passes(patience * 0.3 * 2 ** number)
            enough = min(len(connection.received) + step, size)
            while len(connection.received) < enough and connection.read(step):
                pass
            connection.sock.sendall(b'still here')
        connection.read_all()
        done.set()
    bridge, target, connect = start(lab, certs, slow, tls=False, unix_listener=False, unix_target=unix,
                                    receive_buffer=STEP // 2, options=(f'--close-timeout={patience * 1000:.0f}ms',))
    client = connect().send(frame(BINARY, data) + close_frame(1000))
    assert client.closing()[1] == 1000
    assert done.wait(30)
    assert digest(target.connection().received) == digest(data)
    bridge.session(reason='client_closed')
