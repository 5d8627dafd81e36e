"""Connections that break at the worst moment: the other side hears of it within a second."""
import socket
import ssl

import pytest
from lab import elapsed
from targets import hold
from wire import BINARY, frame, request, time_passes, until

pytestmark = pytest.mark.threads
PROMISE = 3  # a second, and what a slow machine and a sanitizer need


def test_a_client_that_says_eof_and_resets_later(lab):
    """After the EOF its target is heard out with patience; after the reset there is nobody to hear it."""
    bridge, target = lab.start_echo('--close-timeout=30s', handler=hold)
    client = lab.open(bridge)
    connection = target.connection()
    client.sock.shutdown(socket.SHUT_WR)
    assert connection.sock.recv(1) == b''
    connection.sock.sendall(b'heard')
    assert client.data(5) == b'heard'
    client.reset()

    def talk_until_broken():
        with pytest.raises(OSError):
            while True:
                connection.sock.sendall(b'nobody hears this')
                time_passes(0.05)
    assert elapsed(talk_until_broken) < PROMISE
    bridge.session(reason='client_eof')


def test_demo_without_descriptors_does_not_spin(lab):
    """Each session of the demo needs three descriptors of one process, and there are too few for that."""
    bridge = lab.start('demo', '127.0.0.1:0', nofile=(200, 200))
    clients = [lab.connect(bridge).send(request()) for _ in range(100)]
    until(lambda: bridge.fds() >= 199, lambda: f'only {bridge.fds()} descriptors')
    before = bridge.cpu()
    time_passes(1)
    assert bridge.cpu() - before < 0.3
    for client in clients:
        client.hang_up()


def test_close_notify_with_the_request_and_no_fin(lab, certs):
    """Decrypted bytes have left the socket, and no FIN follows to wake the bridge."""
    bridge, target = lab.start_echo(f'--cert={certs.ec}', f'--key={certs.ec_key}', handler=hold)
    sock, received, outgoing = lab.socket(bridge), ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = certs.context().wrap_bio(received, outgoing, server_hostname='localhost')
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            sock.sendall(outgoing.read())
            received.write(sock.recv(1 << 16))
    sock.sendall(outgoing.read())
    tls.write(request() + frame(BINARY, b'last words'))
    with pytest.raises(ssl.SSLWantReadError):
        tls.unwrap()
    sock.sendall(outgoing.read())
    connection = target.connection()
    assert connection.sock.recv(100) == b'last words'
    connection.sock.settimeout(PROMISE)
    assert connection.sock.recv(100) == b''
    connection.sock.close()
    bridge.session(reason='client_eof')
    sock.close()
