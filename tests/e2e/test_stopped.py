"""A process that was stopped past a deadline: bytes that arrived meanwhile are read before a verdict."""
import signal
import socket
import threading

import gateway
import pytest
from targets import echo, hold
from wire import BINARY, PING, PONG, close_frame, frame, request, time_passes, until

TIMES = {'handshake_timeout': '1s', 'close_timeout': '1s', 'reply_timeout': '1s'}
PAST = 1.5  # longer than each deadline here


class Stopped:
    """SIGSTOP, and SIGCONT when every deadline has passed."""

    def __init__(self, bridge):
        self.bridge = bridge

    def __enter__(self):
        self.bridge.signal(signal.SIGSTOP)
        state = f'/proc/{self.bridge.pid}/stat'
        until(lambda: open(state, encoding='ascii').read().rsplit(')', 1)[1].split()[0] == 'T', 'a stopped process')

    def __exit__(self, *failure):
        time_passes(PAST)
        self.bridge.signal(signal.SIGCONT)


def start(lab, certs=None, *, handler=echo, limits=None, **route):
    target = lab.target(handler)
    listener = {'address': '127.0.0.1:0'}
    if certs:
        listener['tls'] = {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}
    bridge = gateway.start(lab, [{'path': '/', 'target': gateway.there(target), **route}], [listener],
                           limits={**TIMES, **(limits or {})})
    return bridge, bridge.endpoints[0], target


@pytest.mark.parametrize('first', [b'', request()[:20]], ids=['nothing', 'a part'])
@pytest.mark.parametrize('tls', [False, True], ids=['plain', 'TLS'])
def test_a_request_that_was_whole(lab, certs, tls, first):
    bridge, endpoint, _ = start(lab, certs if tls else None)
    client = lab.connect(endpoint, context=certs.context() if tls else None)
    client.send(first)
    until(lambda: bridge.fds() > bridge.baseline, 'an accepted client')
    with Stopped(bridge):
        client.send(request()[len(first):])
    assert client.answer().status == 101
    assert client.binary(b'x').data(1) == b'x'


def test_a_next_request_that_was_whole(lab):
    """The head of a later request has a deadline of its own."""
    bridge, endpoint, _ = start(lab, limits={'keep_alive': '1s'})
    client = lab.connect(endpoint)
    ask = b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
    client.send(ask)
    assert client.answer().status == 426
    with Stopped(bridge):
        client.send(ask)
    assert client.answer().status == 426


def test_a_pong_that_had_arrived(lab):
    bridge, endpoint, _ = start(lab, ping_interval='1s', ping_timeout='1s')
    client = lab.open(endpoint)
    assert client.frame()[0] == PING
    with Stopped(bridge):
        client.send(frame(PONG))
    client.binary(b'alive')
    while (got := client.frame())[0] == PING:
        client.send(frame(PONG))
    assert got == (BINARY, b'alive')


@pytest.mark.parametrize('sender', ['client', 'target'])
def test_data_that_had_arrived_is_no_idleness(lab, sender):
    bridge, endpoint, target = start(lab, handler=hold, idle_timeout='1s')
    client = lab.open(endpoint)
    connection = target.connection()
    with Stopped(bridge):
        if sender == 'client':
            client.binary(b'moved')
        else:
            connection.sock.sendall(b'moved')
    if sender == 'client':
        assert connection.sock.recv(5) == b'moved'
        connection.sock.sendall(b'back!')
        assert client.data(5) == b'back!'
    else:
        assert client.data(5) == b'moved'
        client.binary(b'back!')
        assert connection.sock.recv(5) == b'back!'
    connection.ended.set()


def test_last_bytes_that_had_arrived(lab):
    """The target has finished sending and listens; the client's last words come while we are stopped."""
    def half(connection):
        connection.sock.shutdown(socket.SHUT_WR)
        connection.read_all()
    bridge, endpoint, target = start(lab, handler=half)
    client = lab.open(endpoint)
    assert client.close_code() == 1000
    with Stopped(bridge):
        client.send(frame(BINARY, b'last words') + close_frame(1000))
    assert target.connection().ended.wait(15)
    assert bytes(target.connection().received) == b'last words'
    bridge.session(reason='target_closed')


def test_a_target_that_had_shaken_hands(lab, certs):
    """A TLS target whose side of the handshake came while we were stopped."""
    greeted, go, context = threading.Event(), threading.Event(), certs.server_context(certs.ec, certs.ec_key)

    def shake_hands_late(connection):
        connection.sock.recv(1, socket.MSG_PEEK)
        greeted.set()
        go.wait(15)
        connection.sock = context.wrap_socket(connection.sock, server_side=True)
        echo(connection)
    target = lab.target(shake_hands_late)
    bridge = gateway.start(lab, [{'path': '/', 'connect_timeout': '1s',
                                  'target': {'address': f'tls://localhost:{target.port}', 'ca': certs.ca}}])
    client = lab.connect(bridge.endpoints[0]).send(request())
    assert greeted.wait(15), 'else there is nothing that the target could answer while we are stopped'
    with Stopped(bridge):
        go.set()
    assert client.answer().status == 101
    assert client.binary(b'x').data(1) == b'x'
