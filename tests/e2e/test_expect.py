"""Routes that expect a service: no byte passes before the target has said what it is."""
import json
import socket
import threading

import pytest
import targets
from gateway import ANY, ask, get, marked, start, there
from lab import elapsed, is_sanitized, run
from wire import BINARY, frame, pattern, request, time_passes, until

RFB = b'RFB 003.008\n'
SSH = b'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n'
WRONG, LATE = 'Target is not the expected service', 'Target sent no greeting in time'


def says(*pieces, then=targets.echo, pause=0.0):
    """A service that sends these, one after the other, and then does what `then` does."""
    def handler(connection):
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sock.sendall(piece)
            if pause:
                time_passes(pause)
        then(connection)
    return handler


def opened(lab, bridge, path='/', **how):
    return lab.open(bridge, upgrade={'path': path, **how})


def refused(lab, bridge, status, text, path='/'):
    answer = ask(lab, bridge, path)
    assert (answer.status, text.encode() in answer.body) == (status, True), answer.body


def untouched(service, number=0):
    """The target has heard nothing, and is left."""
    connection = service.connection(number)
    assert connection.ended.wait(5) and connection.received == b''


# ---- what is expected ----

@pytest.mark.parametrize('expect, banner', [
    ('rfb', RFB), ('rfb', b'RFB 003.889\n'), ('ssh', SSH), ('ssh', b'SSH-1.99-x\n'), ('220 ', b'220 mail ready\r\n'),
    ('a\r\n\t', b'a\r\n\tb')])
@pytest.mark.parametrize('connect', ['first', 'after_upgrade'])
def test_a_session(lab, expect, banner, connect):
    service = lab.target(says(banner))
    bridge = start(lab, [marked('/*', service, expect=expect, connect=connect)])
    client = opened(lab, bridge)
    assert client.data(len(banner)) == banner
    client.binary(b'hello')
    assert client.data(5) == b'hello'
    client.bye()
    assert bridge.session(reason='client_closed')['bytes_down'] == str(len(banner) + 5)


def test_cut_at_every_byte(lab):
    """In pieces that arrive one by one; what follows in the last piece is there as well."""
    cuts = iter(range(1, len(RFB)))

    def handler(connection):
        cut = next(cuts)
        says(RFB[:cut], RFB[cut:] + b'more', pause=0.02)(connection)
    bridge = start(lab, [marked('/*', lab.target(handler), expect='rfb')])
    for _ in range(1, len(RFB)):
        client = opened(lab, bridge)
        assert client.data(len(RFB) + 4) == RFB + b'more'
        client.bye()


def test_nothing_reaches_the_target_before(lab):
    """Frames that came with the request wait."""
    go = threading.Event()

    def handler(connection):
        go.wait(5)
        connection.sock.setblocking(False)
        try:
            assert connection.sock.recv(1) is None
        except BlockingIOError:
            connection.sock.setblocking(True)
            connection.sock.sendall(RFB)
            targets.echo(connection)
    for number, connect in enumerate(('first', 'after_upgrade')):
        go.clear()
        service = lab.target(handler)
        bridge = start(lab, [marked('/*', service, expect='rfb', connect=connect)])
        client = lab.connect(bridge)
        client.send(request('/') + frame(BINARY, b'early'))
        if connect == 'after_upgrade':
            assert client.answer().status == 101
            client.binary(b' and later')
        service.connection()
        go.set()
        if connect == 'first':
            assert client.answer().status == 101
            client.binary(b' and later')
        assert client.data(len(RFB) + 15) == RFB + b'early and later'
        client.bye()


# ---- what is not expected ----

@pytest.mark.parametrize('expect, sent, detail', [
    ('rfb', SSH, "sent 'SSH-2.0-OpenSSH_9.2p1 De' instead of 'RFB '"),
    ('ssh', RFB, "sent 'RFB 003.008.' instead of 'SSH-2.0-'"),
    ('rfb', b'RFB 003.008\r', "sent 'RFB 003.008.' instead of 'RFB '"),
    ('+OK', b'-ERR\x1b[31m\r\n', "sent '-ERR.[31m..' instead of '+OK'")])
def test_another_service(lab, expect, sent, detail):
    service = lab.target(says(sent, then=targets.sink))
    bridge = start(lab, [marked('/first', service, expect=expect),
                         marked('/after', service, expect=expect, connect='after_upgrade')])
    refused(lab, bridge, 502, WRONG, '/first')
    untouched(service)
    client = lab.connect(bridge)
    client.send(request('/after') + frame(BINARY, b'early'))
    assert client.answer().status == 101
    client.binary(b'later')
    assert client.closing() == (b'', 1011, WRONG)
    untouched(service, 1)
    record = bridge.session(reason='target_unexpected')
    assert record['detail'] == f'127.0.0.1:{service.port}: {detail}' and record['bytes_down'] == '0'


def test_a_target_that_waits_for_its_client(lab):
    """As a web server does. Bytes that drip do not start the time anew."""
    dripping = says(*(b'220 a rather long greeting' [i:i + 1] for i in range(26)), then=targets.sink, pause=0.3)
    silent, slow = lab.target(targets.sink), lab.target(dripping)
    bridge = start(lab, [marked('/silent', silent, expect='rfb', connect_timeout='1s'),
                         marked('/slow', slow, expect='220 a rather long greeting', connect_timeout='1s'),
                         marked('/after', silent, expect='rfb', connect_timeout='1s', connect='after_upgrade')])
    for path, service in (('/silent', silent), ('/slow', slow)):
        assert 0.9 < elapsed(lambda: refused(lab, bridge, 504, LATE, path)) < 2.5
        untouched(service)
    client = opened(lab, bridge, '/after')
    client.binary(b'GET / HTTP/1.1\r\n')
    assert client.closing() == (b'', 1011, LATE)
    untouched(silent, 1)
    assert bridge.session(2, reason='target_silent')


@pytest.mark.parametrize('sent', [b'', b'R', RFB[:-1]])
@pytest.mark.parametrize('how', ['close', 'half', 'reset'])
def test_a_target_that_ends_early(lab, sent, how):
    service = lab.target(targets.source(sent, then=how))
    bridge = start(lab, [marked('/*', service, expect='rfb')])
    answer = ask(lab, bridge)
    assert answer.status == 502
    reason = bridge.session()['reason']
    assert reason == 'target_unexpected' or (how == 'reset' and reason == 'target_reset')


def test_a_client_that_leaves_meanwhile(lab):
    service = lab.target(targets.sink)
    bridge = start(lab, [marked('/*', service, expect='rfb', connect='after_upgrade'), marked('/first', service, expect='rfb')])
    for path in ('/', '/first'):
        client = lab.connect(bridge).send(request(path))
        service.connection(0 if path == '/' else 1)
        client.reset()
    bridge.signal(15)
    bridge.wait()
    untouched(service, 1)


# ---- connections of every kind ----

@pytest.mark.parametrize('connect', ['first', 'after_upgrade'])
def test_over_tls(lab, certs, connect):
    """The greeting may come with the last bytes of the handshake."""
    context = certs.server_context(certs.ec, certs.ec_key)
    good, bad = lab.target(says(RFB), context=context), lab.target(says(SSH, then=targets.sink), context=context)
    bridge = start(lab, [{'path': path, 'expect': 'rfb', 'connect': connect,
                          'target': {'address': f'tls://localhost:{service.port}', 'ca': certs.ca}}
                         for path, service in (('/good', good), ('/bad', bad))])
    for _ in range(20):
        client = opened(lab, bridge, '/good')
        assert client.data(len(RFB)) == RFB
        client.binary(b'x')
        assert client.data(1) == b'x'
        client.bye()
    if connect == 'first':
        refused(lab, bridge, 502, WRONG, '/bad')
    else:
        assert opened(lab, bridge, '/bad').closing() == (b'', 1011, WRONG)
    untouched(bad)


def test_much_behind_a_greeting_over_tls(lab, certs):
    """More than one record, and more than one read."""
    data = RFB + pattern(1 << 20)
    service = lab.target(says(data), context=certs.server_context(certs.ec, certs.ec_key))
    bridge = start(lab, [{'path': '/*', 'expect': 'rfb',
                          'target': {'address': f'tls://localhost:{service.port}', 'ca': certs.ca}}])
    client = opened(lab, bridge)
    assert client.data(len(data)) == data
    client.bye()


def test_with_a_proxy_header(lab):
    service = lab.target(says(RFB, then=targets.sink))
    bridge = start(lab, [{'path': '/*', 'expect': 'rfb', 'target': there(service, proxy_protocol='v1')}])
    client = opened(lab, bridge)
    assert client.data(len(RFB)) == RFB
    until(lambda: bytes(service.connection().received).startswith(b'PROXY TCP4 127.0.0.1 127.0.0.1 '), 'the header')
    client.hang_up()


def test_a_target_that_starts_later(lab):
    held = targets.refusing_port()
    port = held.getsockname()[1]
    bridge = start(lab, [{'path': '/*', 'expect': 'rfb', 'target': f'tcp://127.0.0.1:{port}', 'connect_retry': '10s'}])
    client = lab.connect(bridge).send(request('/'))
    time_passes(0.3)
    held.close()
    lab.target(says(RFB), sock=targets.listening(address=('127.0.0.1', port)))
    assert client.answer().status == 101
    assert client.data(len(RFB)) == RFB
    client.bye()


def test_another_service_is_a_failure_of_the_target(lab):
    """The next target takes the session, and the first one is marked down."""
    wrong, right = lab.target(says(SSH, then=targets.sink)), lab.target(says(RFB))
    bridge = start(lab, [{'path': '/*', 'expect': 'rfb', 'balance': 'first', 'fail_after': 2, 'retry_down': '1h',
                          'targets': [there(wrong), there(right)]}, {'path': '/ready', 'health': 'ready', 'needs': ['/*']}])
    for _ in range(4):
        client = opened(lab, bridge)
        assert client.data(len(RFB)) == RFB
        client.bye()
    assert len(wrong.connections) == 2
    assert get(lab, bridge, '/ready').status == 200


def test_a_probe_expects_it_as_well(lab):
    service = lab.target(says(SSH, then=targets.sink))
    bridge = start(lab, [{'path': '/*', 'expect': 'rfb', 'target': there(service, probe='banner', probe_interval='100ms')},
                         {'path': '/ready', 'health': 'ready', 'needs': ['/*']}])
    until(lambda: get(lab, bridge, '/ready').status == 503, 'down')
    until(lambda: "is down: sent 'SSH-2.0-OpenSSH_9.2p1 De' instead of 'RFB '" in bridge.text, lambda: bridge.text)


def test_check_connects(lab, tmp_path):
    service = lab.target(says(SSH, then=targets.sink))
    file = tmp_path / 'gateway.yaml'
    for expect, code in (('ssh', 0), ('rfb', 1)):
        file.write_text(json.dumps({'listeners': [{'address': ANY}],
                                    'routes': [{'path': '/*', 'expect': expect, 'target': there(service)}]}))
        status, out, err = run('check', '--connect', str(file))
        assert (status != 0) == bool(code), out + err
    assert "instead of 'RFB '" in out + err and 'correct the address of the target' in out + err


def test_the_command_line(lab):
    service = lab.target(says(SSH, then=targets.sink))
    bridge = lab.start('--expect=rfb', '127.0.0.1:0', f'127.0.0.1:{service.port}')
    assert lab.open(bridge).closing() == (b'', 1011, WRONG)
    untouched(service)


# ---- attacks ----

def flood(first):
    """Sends `first`, and then 1 GiB, or as much as anybody takes."""
    def handler(connection):
        connection.sent = 0
        piece = bytes(1 << 20)
        connection.sock.sendall(first)
        while connection.sent < 1 << 30:
            connection.sent += connection.sock.send(piece)
    return handler


def test_a_flood_of_something_else(lab):
    service = lab.target(flood(b'not RFB'))
    bridge = start(lab, [marked('/*', service, expect='rfb')])
    refused(lab, bridge, 502, WRONG)
    assert service.connection().ended.wait(5) and service.connection().sent < 1 << 26


@pytest.mark.parametrize('connect', ['first', 'after_upgrade'])
def test_a_flood_behind_the_greeting(lab, connect):
    """A client that does not read stops it."""
    service = lab.target(flood(RFB))
    bridge = start(lab, [marked('/*', service, expect='rfb', connect=connect)])
    before = bridge.memory()
    client = lab.connect(bridge, receive_buffer=4096)
    client.send(request('/'))
    connection = service.connection()
    bridge.rests()
    assert connection.sent < 1 << 26 and bridge.memory() - before < 8 << 20
    assert client.answer().status == 101
    data = b''
    while len(data) < 1 << 20:
        data += client.frame()[1]
    assert data == RFB + bytes(len(data) - len(RFB))
    client.reset()


def test_a_target_that_only_finishes_sending(lab):
    """Its FIN comes with the greeting: the client's bytes still reach it."""
    service = lab.target(targets.source(RFB, then='half'))
    bridge = start(lab, [marked('/*', service, expect='rfb')])
    client = lab.connect(bridge)
    client.send(request('/') + frame(BINARY, b'early'))
    assert client.answer().status == 101
    assert client.data(len(RFB)) == RFB
    client.binary(b' and later')
    assert client.closing() == (b'', 1000, 'Target closed')
    until(lambda: service.connection().received == b'early and later', lambda: service.connection().received)


def test_many_that_wait(lab):
    """Each holds no more than its part of the greeting."""
    if is_sanitized():
        pytest.skip('counts memory')
    service = lab.target(says(RFB[:-1], then=targets.sink))
    bridge = start(lab, [marked('/*', service, expect='rfb', connect_timeout='1m', connect='after_upgrade')])
    opened(lab, bridge)
    service.connection()
    before = bridge.memory()
    clients = [opened(lab, bridge) for _ in range(200)]
    service.connection(200)
    assert bridge.memory() - before < 200 * (24 << 10)
    for client in clients:
        client.hang_up()
