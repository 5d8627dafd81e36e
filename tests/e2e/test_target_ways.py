"""Ways to a target: connect_to, family and pins, for sessions, probes and check --connect."""
import socket

import pytest
import targets
from certs import EC, pin_of
from gateway import ANY, ask, start, status_document, write
from hostile_server import Opening, server, switch, until_left
from lab import run
from wire import BINARY, until


def to_localhost(certs, **target):
    """A target whose name no resolver knows, and whose certificate has it."""
    name, key = certs.leaf('gate', EC, 'gate.invalid')
    return certs.server_context(name, key), {'address': 'tls://gate.invalid:443', 'ca': certs.ca, **target}


def opened(lab, bridge, path='/'):
    client = lab.open(bridge, upgrade={'path': path})
    client.binary(b'hello')
    assert client.data(5) == b'hello'
    client.bye()


# ---- connect_to ----

def test_connect_to(lab, certs):
    """The address names the server, in SNI and in its certificate; only connections go elsewhere."""
    context, target = to_localhost(certs)
    seen = []
    context.sni_callback = lambda sock, name, own: seen.append(name)
    service = lab.target(context=context)
    bridge = start(lab, [{'path': '/*', 'target': {**target, 'connect_to': f'127.0.0.1:{service.port}'}}])
    opened(lab, bridge)
    assert seen == ['gate.invalid']
    assert bridge.session()['target'] == 'gate.invalid:443'
    bridge = start(lab, [{'path': '/*', 'target': {'address': 'tls://other.invalid:443', 'ca': certs.ca,
                                                   'connect_to': f'127.0.0.1:{service.port}'}}], file='other.yaml')
    assert ask(lab, bridge).status == 502
    assert 'hostname mismatch' in bridge.session(reason='target_untrusted')['detail']


def test_connect_to_a_socket(lab, certs):
    """Of another user's tunnel, for one."""
    context, target = to_localhost(certs)
    service = lab.target(context=context, sock=targets.listening(
        socket.AF_UNIX, str(lab.folder / 'tunnel')))
    bridge = start(lab, [{'path': '/*', 'target': {**target, 'connect_to': f'unix:{lab.folder}/tunnel'}}])
    opened(lab, bridge)
    service.close()
    assert ask(lab, bridge).status == 502
    assert f'{lab.folder}/tunnel' in bridge.session(reason='target_refused')['detail']


def test_connect_to_of_a_websocket(lab):
    """The field Host has the name of the address; routes to one name, with two paths, are two targets."""
    def handler(connection):
        opening = Opening(connection)
        said = f'{opening.line} {opening.fields["host"][0]}'.encode()
        until_left(connection, [switch(opening.key) + server(BINARY, said)])
    there = f'127.0.0.1:{lab.target(handler).port}'
    routes = [{'path': f'/{name}', 'target': {'address': f'ws://gate.invalid:8080/{name}', 'connect_to': there}}
              for name in ('a', 'b')]
    bridge = start(lab, routes)
    for name in ('a', 'b'):
        client = lab.open(bridge, upgrade={'path': f'/{name}'})
        assert client.frame() == (BINARY, f'GET /{name} HTTP/1.1 gate.invalid:8080'.encode())
        client.hang_up()


def test_connect_to_with_a_captured_host(lab, certs):
    """The name of the request is verified; it is not looked up."""
    context, target = to_localhost(certs)
    service = lab.target(context=context)
    bridge = start(lab, [{'path': '/{name}', 'captures': {'name': '[a-z]+'},
                          'target': {**target, 'address': 'tls://{name}.invalid:443',
                                     'connect_to': f'127.0.0.1:{service.port}'}}])
    opened(lab, bridge, '/gate')
    assert ask(lab, bridge, '/desk').status == 502
    assert bridge.session(reason='target_untrusted')['target'] == 'desk.invalid:443'


# ---- family ----

def test_family(lab):
    service = lab.target()
    routes = [{'path': f'/{family}', 'target': {'address': f'tcp://{host}:{service.port}', 'family': family}}
              for host, family in (('localhost', 'ipv4'), ('127.0.0.1', 'ipv6'))]
    bridge = start(lab, routes)
    opened(lab, bridge, '/ipv4')
    assert ask(lab, bridge, '/ipv6').status == 502
    assert 'it has no IPv6 address' in bridge.session(reason='target_unresolved')['detail']


# ---- pins ----

OTHER = 'sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='


@pytest.mark.parametrize('listener', [{}, {'raw': True, 'routes': ['it']}])
def test_pins(lab, certs, listener):
    """The key must be one of them, beside all that is verified; the log has the one that was seen."""
    own = pin_of((certs.ec, certs.ec_key))
    service = lab.target(context=certs.server_context(certs.ec, certs.ec_key))
    trials = [({'ca': certs.ca, 'pins': [OTHER, own]}, None), ({'ca': certs.ca, 'pins': [OTHER]}, own),
              ({'ca': certs.stranger, 'pins': [own]}, 'unable to get local issuer certificate'),
              ({'insecure': True, 'pins': [own]}, None), ({'insecure': True, 'pins': [OTHER]}, own)]
    for number, (options, fault) in enumerate(trials):
        target = {'address': f'tls://localhost:{service.port}', 'family': 'ipv4', **options}
        bridge = start(lab, [{'name': 'it', 'path': '/*', 'target': target}], [{'address': ANY, **listener}],
                       file=f'{number}.yaml')
        client = lab.connect(bridge)
        if listener:
            client.send(b'hello')
            assert client.eof() if fault else client.exactly(5) == b'hello'
            client.hang_up()
        else:
            client.send(b'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                        b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n')
            assert client.answer().status == (502 if fault else 101), (number, bridge.text)
            client.hang_up()
        if fault:
            assert fault in bridge.session(reason='target_untrusted')['detail'], number


# ---- probes ----

def test_probes_go_the_same_way(lab, certs):
    context, target = to_localhost(certs)
    service = lab.target(targets.source(b'SSH-2.0-x\r\n', then='hold'), context=context)
    way = {'connect_to': f'127.0.0.1:{service.port}', 'probe': 'banner', 'banner': 'ssh', 'probe_interval': '100ms'}
    bridge = start(lab, [{'path': '/good', 'target': {**target, **way}},
                         {'path': '/bad', 'target': {**target, **way, 'pins': [OTHER]}},
                         {'path': '/status', 'status': True}])

    def probes():
        found = {str(route.get('path', route.get('route'))): route['targets'][0]
                 for route in status_document(lab, bridge)['routes'] if route.get('targets')}
        states = [found[path]['state'] for path in ('/good', '/bad')]
        return states == ['up', 'down']
    until(probes, lambda: bridge.text[-2000:])
    bridge.says('is not one of the pinned keys')


def test_check_goes_the_same_way(lab, certs):
    """And names the certificate whose key is another one."""
    context, target = to_localhost(certs)
    service = lab.target(context=context)
    target['connect_to'] = f'127.0.0.1:{service.port}'
    file = write(lab.folder / 'check.yaml', {'listeners': [{'address': ANY}], 'routes': [{'path': '/', 'target': target}]})
    status, out, err = run('check', '--connect', file)
    assert status == 0 and 'gate.invalid:443: connected' in out, out + err
    target['pins'] = [OTHER]
    write(file, {'listeners': [{'address': ANY}], 'routes': [{'path': '/', 'target': target}]})
    status, out, err = run('check', '--connect', file)
    assert status != 0 and 'is not one of the pinned keys' in out + err and 'certificate of gate.invalid' in out + err, out + err
