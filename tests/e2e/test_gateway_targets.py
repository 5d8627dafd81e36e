"""Targets of a route: which one, what when it fails, probes, the retry window, and TLS of every kind."""
import collections
import socket
import ssl
import time

import pytest
import targets
from gateway import ask, get, marked, samples, start, there
from lab import elapsed
from wire import BINARY, Client, frame, request, time_passes, until

OPS = [{'path': '/metrics', 'metrics': True}]


def says(name):
    """A service that tells its name, then echoes."""
    def handler(connection):
        connection.sock.sendall(name)
        targets.echo(connection)
    return handler


def named(lab, count):
    return [lab.target(says(b'%d' % i)) for i in range(count)]


def who(lab, bridge, path='/', *, stay=False):
    """Which target a session gets."""
    client = lab.open(bridge, upgrade={'path': path})
    name = int(client.data(1))
    if stay:
        return name, client
    client.bye()
    return name


class Port:
    """A port that refuses until somebody listens there, and again afterwards."""

    def __init__(self, lab):
        self.lab, self.target = lab, None
        self.held = targets.refusing_port()
        self.port = self.held.getsockname()[1]

    def up(self, handler):
        self.held.close()
        self.target = self.lab.target(handler, sock=targets.listening(address=('127.0.0.1', self.port)))

    def down(self):
        self.target.close()
        self.held = socket.socket()
        self.held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        until(self.take, 'the port is free')

    def take(self):
        try:
            self.held.bind(('127.0.0.1', self.port))
            return True
        except OSError:
            return False


# ---- balance ----

def test_round_robin(lab):
    services = named(lab, 3)
    bridge = start(lab, [{'path': '/*', 'targets': [there(s) for s in services]}])
    seen = [who(lab, bridge) for _ in range(12)]
    assert collections.Counter(seen) == {0: 4, 1: 4, 2: 4} and len(set(seen[:3])) == 3


def test_least_sessions(lab):
    services = named(lab, 3)
    bridge = start(lab, [{'path': '/*', 'balance': 'least_sessions', 'targets': [there(s) for s in services]}])
    inside = [who(lab, bridge, stay=True) for _ in range(9)]
    assert collections.Counter(name for name, _ in inside) == {0: 3, 1: 3, 2: 3}
    for name, client in inside:
        if name == 1:
            client.bye()
    until(lambda: len([r for r in bridge.records() if r['reason'] == 'client_closed']) == 3, 'three ended')
    assert [who(lab, bridge, stay=True)[0] for _ in range(3)] == [1, 1, 1]
    for client in lab.clients:
        client.hang_up()


def test_first(lab):
    services = named(lab, 2)
    bridge = start(lab, [{'path': '/*', 'balance': 'first', 'targets': [there(s) for s in services]}])
    assert [who(lab, bridge) for _ in range(5)] == [0] * 5
    services[0].close()
    assert [who(lab, bridge) for _ in range(5)] == [1] * 5
    assert bridge.session(reason='client_closed', number=5)['target'].endswith(str(services[1].port))


@pytest.mark.parametrize('connect', ['first', 'after_upgrade'])
def test_a_dead_target_is_left_alone_and_comes_back(lab, connect):
    port, spare = Port(lab), lab.target(says(b'1'))
    bridge = start(lab, [{'path': '/*', 'balance': 'first', 'fail_after': 2, 'retry_down': '1500ms', 'connect': connect,
                          'targets': [f'tcp://127.0.0.1:{port.port}', there(spare)]}, *OPS])
    up = f'wsluice_target_up{{target="127.0.0.1:{port.port}"}}'
    assert who(lab, bridge) == 1
    assert samples(lab, bridge)[up] == 1  # one failure is none
    marked_at = time.monotonic()
    assert who(lab, bridge) == 1
    assert samples(lab, bridge)[up] == 0
    port.up(says(b'0'))
    while time.monotonic() < marked_at + 1:
        assert who(lab, bridge) == 1
    assert port.target.connections == []
    until(lambda: who(lab, bridge) == 0, 'its trial', 4)
    assert samples(lab, bridge)[up] == 1
    assert [who(lab, bridge) for _ in range(3)] == [0] * 3


def test_when_all_are_down_all_are_tried(lab):
    ports = [Port(lab), Port(lab)]
    bridge = start(lab, [{'path': '/*', 'fail_after': 1, 'retry_down': '1h',
                          'targets': [f'tcp://127.0.0.1:{port.port}' for port in ports]}])
    for _ in range(3):
        answer = ask(lab, bridge)
        assert answer.status == 502 and b'refused' in answer.body
    ports[1].up(says(b'1'))
    assert who(lab, bridge) == 1


def test_a_black_hole_leaves_time_for_the_next(lab):
    full = socket.socket()
    full.bind(('127.0.0.1', 0))
    full.listen(0)
    holes = [socket.create_connection(full.getsockname()) for _ in range(1)]
    spare = lab.target(says(b'1'))
    bridge = start(lab, [{'path': '/*', 'balance': 'first', 'connect_timeout': '2s',
                          'targets': [f'tcp://127.0.0.1:{full.getsockname()[1]}', there(spare)]}])
    assert 0.5 < elapsed(lambda: who(lab, bridge)) < 1.9
    for sock in [*holes, full]:
        sock.close()


# ---- probes ----

def probed(lab, port, **options):
    target = {'address': f'tcp://127.0.0.1:{port}', 'probe_interval': '100ms', **options}
    spare = lab.target(says(b'1'))
    routes = [{'path': '/*', 'name': 'desk', 'balance': 'first', 'targets': [target, there(spare)], 'fail_after': 2},
              {'path': '/alone', 'name': 'alone', 'target': target},
              {'path': '/ready', 'health': 'ready', 'needs': ['alone']}, *OPS]
    return start(lab, routes)


def state(lab, bridge, port):
    """Metrics and readiness, once they agree: they are asked one after the other."""
    def asked():
        up = samples(lab, bridge)[f'wsluice_target_up{{target="127.0.0.1:{port}"}}']
        return {(1, 200): 'up', (0, 503): 'down'}.get((up, get(lab, bridge, '/ready').status))
    return until(asked, 'metrics and readiness disagree') == 'up'


def test_a_probe_that_connects(lab):
    port = Port(lab)
    bridge = probed(lab, port.port, probe='connect')
    until(lambda: not state(lab, bridge, port.port), 'down')
    assert who(lab, bridge) == 1
    port.up(says(b'0'))
    until(lambda: state(lab, bridge, port.port), 'up')
    assert who(lab, bridge) == 0
    port.down()
    until(lambda: not state(lab, bridge, port.port), 'down again')
    assert who(lab, bridge) == 1
    until(lambda: f'target 127.0.0.1:{port.port} is up again' in bridge.text, lambda: bridge.text)


@pytest.mark.parametrize('expected, good, bad', [
    ('RFB 003.', b'RFB 003.008\n', b'HTTP/1.1 400 Bad Request\r\n'),
    ('SSH-2.0', b'SSH-2.0-OpenSSH_9.2\r\n', b'SSH-1.99'),
    ('RFB 003.', b'RFB 003.008\n', b''), ('RFB 003.', b'RFB 003.', b'RFB 002.001\n')])
def test_a_probe_that_expects_a_banner(lab, expected, good, bad):
    banner = [bad]

    def handler(connection):
        if banner[0] != good:
            connection.sock.sendall(banner[0])
        else:  # in pieces
            for byte in good:
                connection.sock.sendall(bytes([byte]))
        connection.read_all()
    service = lab.target(handler)
    bridge = probed(lab, service.port, probe='banner', banner=expected, probe_timeout='500ms')
    until(lambda: not state(lab, bridge, service.port), 'down')
    banner[0] = good
    until(lambda: state(lab, bridge, service.port), 'up')
    banner[0] = bad
    until(lambda: not state(lab, bridge, service.port), 'down again')


def test_a_probe_of_a_tls_target(lab, certs):
    service = lab.target(says(b'RFB 003.008\n'), context=certs.server_context(certs.ec, certs.ec_key))
    bridge = start(lab, [
        {'path': '/good', 'name': 'good', 'target': {
            'address': f'tls://localhost:{service.port}', 'ca': certs.ca, 'probe': 'banner', 'banner': 'RFB 003.',
            'probe_interval': '100ms'}},
        {'path': '/bad', 'name': 'bad', 'target': {
            'address': f'tls://localhost:{service.port}', 'ca': certs.stranger, 'probe': 'connect',
            'probe_interval': '100ms'}},
        {'path': '/ready/good', 'health': 'ready', 'needs': ['good']},
        {'path': '/ready/bad', 'health': 'ready', 'needs': ['bad']}])
    until(lambda: get(lab, bridge, '/ready/bad').status == 503, 'untrusted is down')
    until(lambda: len(service.connections) > 2, 'probes')
    assert get(lab, bridge, '/ready/good').status == 200


# ---- the moment ----

def test_connect_first_and_after_upgrade(lab):
    port = Port(lab)
    address = f'tcp://127.0.0.1:{port.port}'
    bridge = start(lab, [{'path': '/first', 'target': address},
                         {'path': '/after', 'target': address, 'connect': 'after_upgrade'},
                         {'path': '/name', 'target': 'tcp://nobody.invalid:1'}])
    answer = ask(lab, bridge, '/first')
    assert answer.status == 502 and b'Target refused the connection' in answer.body
    assert lab.open(bridge, upgrade={'path': '/after'}).end()[1:] == (1011, 'Target refused the connection')
    answer = ask(lab, bridge, '/name')
    assert answer.status == 502 and b'does not resolve' in answer.body


@pytest.mark.parametrize('connect', ['first', 'after_upgrade'])
def test_a_retry_window_waits_for_a_target_that_starts(lab, connect):
    port = Port(lab)
    bridge = start(lab, [{'path': '/*', 'target': f'tcp://127.0.0.1:{port.port}', 'connect_retry': '20s',
                          'connect': connect}])
    client = lab.connect(bridge)
    began = time.monotonic()
    client.send(request() + frame(BINARY, b'early'))
    if connect == 'after_upgrade':
        assert client.answer().status == 101
        assert time.monotonic() - began < 0.5
    time_passes(1)
    port.up(targets.echo)
    if connect == 'first':
        assert client.answer().status == 101
        assert time.monotonic() - began >= 1
    assert client.data(5) == b'early'
    assert time.monotonic() - began < 3
    client.bye()


def test_a_retry_window_ends(lab):
    port = Port(lab)
    bridge = start(lab, [{'path': '/*', 'target': f'tcp://127.0.0.1:{port.port}', 'connect_retry': '1s'}])
    assert 0.9 < elapsed(lambda: ask(lab, bridge)) < 3
    assert bridge.session(reason='target_refused')


@pytest.mark.parametrize('connect', ['first', 'after_upgrade'])
def test_a_client_that_leaves_the_retry_window(lab, connect):
    port = Port(lab)
    bridge = start(lab, [{'path': '/*', 'target': f'tcp://127.0.0.1:{port.port}', 'connect_retry': '1h',
                          'connect': connect, 'max_sessions': 2}])
    for leave in (Client.hang_up, Client.reset):
        client = lab.connect(bridge).send(request())
        bridge.rests()
        leave(client)
    until(lambda: len(bridge.records()) == 2, lambda: bridge.text)
    port.up(targets.echo)
    assert ask(lab, bridge).status == 101


# ---- TLS ----

def tls_route(lab, service, connect='first', **options):
    return start(lab, [{'path': '/*', 'target': {'address': f'tls://localhost:{service.port}', **options},
                        'connect': connect}])


def test_tls_with_its_own_authority(lab, certs):
    service = lab.target(context=certs.server_context(certs.rsa, certs.rsa_key))
    client = lab.open(tls_route(lab, service, ca=certs.ca)).binary(b'x' * 100000)
    assert client.data(100000) == b'x' * 100000
    client.bye()


@pytest.mark.parametrize('options, reason', [
    ({}, 'target_untrusted'), ({'ca': 'stranger'}, 'target_untrusted'),
    ({'ca': 'ca', 'server_name': 'elsewhere.example'}, 'target_untrusted')])
def test_a_target_that_is_not_trusted(lab, certs, options, reason):
    service = lab.target(context=certs.server_context(certs.ec, certs.ec_key))
    if 'ca' in options:
        options = {**options, 'ca': getattr(certs, options['ca'])}
    bridge = tls_route(lab, service, **options)
    assert ask(lab, bridge).status == 502
    assert bridge.session()['reason'] == reason
    assert service.connections == [] or not service.connections[0].received


def test_the_name_that_is_sent_and_expected(lab, certs):
    names = []
    context = certs.server_context(certs.other, certs.other_key)
    context.sni_callback = lambda sock, name, _: names.append(name)
    service = lab.target(context=context)
    bridge = tls_route(lab, service, ca=certs.ca, server_name='elsewhere.example')
    lab.open(bridge).binary(b'x').bye()
    assert names == ['elsewhere.example']


def test_insecure_by_that_word_only(lab, certs):
    service = lab.target(context=certs.server_context(certs.fake, certs.fake_key))
    lab.open(tls_route(lab, service, insecure=True)).binary(b'x').bye()


def test_our_certificate_for_the_target(lab, certs):
    context = certs.server_context(certs.ec, certs.ec_key)
    context.load_verify_locations(certs.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    people = []

    def handler(connection):
        people.append(dict(part[0] for part in connection.sock.getpeercert()['subject'])['commonName'])
        targets.echo(connection)
    service = lab.target(handler, context=context)
    bridge = tls_route(lab, service, ca=certs.ca, certificate=certs.client, key=certs.client_key)
    client = lab.open(bridge).binary(b'x')
    assert client.data(1) == b'x' and people == ['somebody']
    client.bye()


def test_tls_to_a_plain_target(lab, certs):
    service = lab.target(targets.source(b'RFB 003.008\n', then='hold'))
    bridge = tls_route(lab, service, ca=certs.ca)
    assert ask(lab, bridge).status == 502
    assert bridge.session()['reason'] == 'target_tls'


def test_an_untrusted_target_gives_way_to_the_next(lab, certs):
    bad = lab.target(context=certs.server_context(certs.fake, certs.fake_key))
    good = lab.target(context=certs.server_context(certs.ec, certs.ec_key))
    bridge = start(lab, [{'path': '/*', 'balance': 'first', 'targets': [
        {'address': f'tls://localhost:{service.port}', 'ca': certs.ca} for service in (bad, good)]}])
    client = lab.open(bridge).binary(b'x')
    assert client.data(1) == b'x'
    client.bye()
    assert bridge.session()['target'].endswith(str(good.port))


def test_a_captured_name_is_the_name_of_the_certificate(lab, certs):
    service = lab.target(context=certs.server_context(certs.ec, certs.ec_key))
    bridge = start(lab, [{'path': '/{host}', 'captures': {'host': 'localhost|127[.]0[.]0[.][12]'}, 'target': {
        'address': f'tls://{{host}}:{service.port}', 'ca': certs.ca}}])
    assert [ask(lab, bridge, path).status for path in ('/localhost', '/127.0.0.1')] == [101, 101]
    service = lab.target(context=certs.server_context(certs.other, certs.other_key))
    bridge = start(lab, [{'path': '/{host}', 'captures': {'host': 'localhost'}, 'target': {
        'address': f'tls://{{host}}:{service.port}', 'ca': certs.ca}}], file='other.yaml')
    assert ask(lab, bridge, '/localhost').status == 502


# ---- sockets ----

def test_unix_and_abstract(lab):
    one, two = lab.unix_target(says(b'1')), lab.unix_target(says(b'2'), path='@wsluice-gateway-target')
    bridge = start(lab, [{'path': '/1', 'target': there(one)}, {'path': '/2', 'target': there(two)},
                         {'path': '/12', 'targets': [f'unix:{lab.folder}/nobody', there(two)]}])
    assert [who(lab, bridge, path) for path in ('/1', '/2', '/12')] == [1, 2, 2]


def test_targets_that_share_an_address_are_one_sample(lab):
    """One of them speaks PROXY; a sample that came twice would cost Prometheus the whole scrape."""
    echo = lab.target()
    bridge = start(lab, [marked('/a', echo), {'path': '/b', 'target': there(echo, proxy_protocol='v1')},
                         marked('/c', echo), *OPS])
    inside = [lab.open(bridge, upgrade={'path': path}) for path in ('/a', '/b', '/c')]
    names = [line.rsplit(' ', 1)[0] for line in get(lab, bridge, '/metrics').body.decode().splitlines()]
    assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
    assert samples(lab, bridge)[f'wsluice_target_sessions{{target="127.0.0.1:{echo.port}"}}'] == 3
    for client in inside:
        client.bye()
