"""Hosts that clients choose a part of: what is a name, what is an address, and how long they may be."""
import re

import pytest
import targets
from gateway import ask, start

ADDRESSES = ('127.0.0.1', '2130706433', '0', '127.1', '0x7f000001', '0X7F.1', '0177.0.0.1', '017700000001', '127.0.0.1.',
             '127.0.0.01', '0x', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '127.0.0.1%25lo', '%31%32%37.1',
             '127%E3%80%820%E3%80%820%E3%80%821')


def long_name(length):
    """Labels of 63 bytes."""
    return ''.join('.' if i % 64 == 63 else 'a' for i in range(length))


def route(pattern, host, port, **options):
    return {'path': '/{name}', 'captures': {'name': pattern}, 'connect_timeout': '2s',
            'target': {'address': f'tcp://{host}:{port}', **options}}


@pytest.mark.parametrize('pattern', ['.*', '[a-z0-9-]{1,32}', '[a-zA-Z0-9.:-]+', '[^/]+'])
def test_no_spelling_of_an_address_passes_for_a_name(lab, pattern):
    service = lab.target()
    bridge = start(lab, [route(pattern, '{name}', service.port)])
    assert {spelling: ask(lab, bridge, f'/{spelling}').status for spelling in ADDRESSES} == dict.fromkeys(ADDRESSES, 404)
    assert service.connections == []
    line = bridge.session(reason='target_name_refused')
    assert re.match("host {name}: '.+' ", line['detail']) and line['target'] == f'{{name}}:{service.port}'


def test_addresses_that_are_spelled_out(lab):
    service = lab.target()
    octets = route('[0-9.]+', '{name}', service.port)
    last = {**route('[a-z0-9-]+', '127.0.0.{name}', service.port), 'path': '/last/{name}'}
    bridge = start(lab, [octets, last])
    assert [ask(lab, bridge, path).status for path in ('/127.0.0.1', '/last/1')] == [101, 101]
    assert [ask(lab, bridge, path).status for path in (
        '/2130706433', '/127.1', '/127.0.0.01', '/last/01', '/last/0x1', '/last/257')] == [404] * 6


def test_after_the_upgrade_a_close_frame_says_so(lab):
    bridge = start(lab, [{**route('[a-z0-9]+', '{name}', 9), 'connect': 'after_upgrade'}])
    assert lab.open(bridge, upgrade={'path': '/2130706433'}).end()[1:] == (1008, 'This target name is not allowed')


def test_every_length_of_a_captured_host(lab, certs):
    """Each request meets a template of the server_name, too; none may end the process."""
    service = lab.target(context=certs.server_context(certs.ec, certs.ec_key))
    forms = {'one': '{name}', 'two': '{name}.desks', 'three': 'desk'}
    routes = [{'path': f'/{path}/{{name}}', 'captures': {'name': '[a-z.]+'}, 'connect_timeout': '1s',
               'target': {'address': f'tls://{{name}}:{service.port}', 'server_name': form}}
              for path, form in forms.items()]
    bridge = start(lab, routes)
    for path in forms:
        status = {length: ask(lab, bridge, f'/{path}/{long_name(length)}').status for length in range(245, 258)}
        fits = 247 if path == 'two' else 253
        assert {length: answer == 404 for length, answer in status.items()} == {
            length: length > fits for length in status}, status
    assert ask(lab, bridge, '/one/localhost').status == 502  # still there; that certificate has another authority


def test_host_and_server_name_have_room_each(lab, certs):
    names = []
    context = certs.server_context(certs.ec, certs.ec_key)
    context.sni_callback = lambda sock, name, _: names.append(name)
    service = lab.target(targets.echo, context=context)
    bridge = start(lab, [{'path': '/{host}/{name}', 'captures': {'host': 'localhost', 'name': '[a-z.]+'}, 'target': {
        'address': f'tls://{{host}}:{service.port}', 'server_name': '{name}', 'insecure': True}}])
    longest = long_name(253)
    assert ask(lab, bridge, f'/localhost/{longest}').status == 101
    assert names == [longest]
    assert ask(lab, bridge, f'/localhost/{long_name(254)}').status == 404
    assert bridge.session(reason='target_name_refused')['detail'] == "server_name {name}: '' is longer than 253 bytes"
