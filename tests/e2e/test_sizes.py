"""A request of exactly each buffer's size, one byte less and one more: answered, and nothing ends but the request."""
import struct

import pytest
from gateway import ANY, ask, get, start
from wire import BINARY, CLOSE, PING, PONG, frame, header, request

OPS = {'path': '/metrics', 'metrics': True, 'name': 'ops'}


def around(*sizes):
    return [size + more for size in sizes for more in (-2, -1, 0, 1, 2)]


@pytest.fixture
def gateway(lab):
    echo = lab.target()
    (lab.folder / 'files').mkdir()
    (lab.folder / 'tokens').write_text(f'{"t" * 4096}: 127.0.0.1:{echo.port}\n')
    there = {'address': f'tcp://127.0.0.1:{echo.port}', 'proxy_protocol': 'v2'}
    routes = [{'path': '/*', 'target': f'tcp://127.0.0.1:{echo.port}'},
              {'path': '/proxy', 'target': there},
              {'path': '/c/{name}', 'captures': {'name': '.*'}, 'target': f'tcp://127.0.0.1:{echo.port}'},
              {'path': '/h/{name}', 'captures': {'name': '.*'}, 'target': f'tcp://{{name}}.test.invalid.:{echo.port}',
               'connect_timeout': '1s'},
              {'path': '/s/{name}', 'captures': {'name': '.*'}, 'connect_timeout': '1s',
               'target': {'address': f'tls://{{name}}:{echo.port}', 'server_name': '{name}.test'}},
              {'path': '/t', 'tokens': {'from': 'query:token', 'file': str(lab.folder / 'tokens')}},
              {'path': '/files/*', 'files': str(lab.folder / 'files')},
              {'path': '/away/*', 'redirect': 'https://{host}{path}{query}'},
              {'path': '/status', 'status': True}, OPS]
    listeners = [{'address': ANY, 'trusted_proxies': ['127.0.0.1']},
                 {'address': ANY, 'trusted_proxies': ['127.0.0.1'], 'proxy_protocol': 'require'}]
    bridge = start(lab, routes, listeners)
    yield bridge
    assert get(lab, bridge.endpoints[0], '/metrics').status == 200


def answers(lab, gateway, sizes, make):
    """{size: status}; each request comes on a connection of its own."""
    return {size: ask(lab, gateway.endpoints[0], raw=make(size)).status for size in sizes}


def pad_to(size, path='/'):
    """An upgrade request of so many bytes."""
    bare = len(request(path, fields={'X': ''}))
    return request(path, fields={'X': 'x' * (size - bare)})


def test_heads(lab, gateway):
    limit = 16 * 1024
    found = answers(lab, gateway, around(limit), pad_to)
    assert found == {size: 101 if size <= limit else 431 for size in found}
    found = answers(lab, gateway, around(100), lambda count: request(fields={f'X{i}': 'x' for i in range(count - 5)}))
    assert found == {count: 101 if count <= 100 else 431 for count in found}


@pytest.mark.parametrize('path', ['/', '/c/', '/h/', '/s/', '/files/', '/away/', '/status?filter=', '/t?token=', '/proxy?'])
def test_paths(lab, gateway, path):
    """Around every buffer that a path goes through: segments, hosts, tokens, locations, queries, lines of the log."""
    for letter in ('a', '%7b', '|', '.a'):
        for size in around(64, 128, 239, 253, 255, 1024, 2048, 4096 - 22, 4096, 8192 - 20):
            text = (letter * (size // len(letter) + 1))[:size]
            upgrade = path not in ('/files/', '/away/', '/status?filter=')
            answer = (ask if upgrade else get)(lab, gateway.endpoints[0], path + text)
            assert answer.status in (101, 200, 302, 301, 308, 400, 404, 414, 431, 502, 504), (letter, size)


def test_tokens(lab, gateway):
    found = answers(lab, gateway, around(4096), lambda size: request(f'/t?token={"t" * size}'))
    assert found == {size: 101 if size == 4096 else 404 for size in found}


@pytest.mark.parametrize('name', ['Host', 'Origin', 'Sec-WebSocket-Protocol', 'Sec-WebSocket-Key', 'X-Forwarded-For',
                                  'Forwarded', 'Cookie', 'Upgrade', 'Connection', 'Sec-WebSocket-Extensions'])
@pytest.mark.parametrize('path', ['/', '/proxy'])
def test_fields(lab, gateway, name, path):
    for size in around(24, 63, 253, 255, 512, 1000, 1024, 4096, 8192):
        answer = ask(lab, gateway.endpoints[0], path, fields={name: 'a' * size})
        assert answer.status in (101, 400, 403, 404, 426, 431), size


def test_methods(lab, gateway):
    found = answers(lab, gateway, around(15, 255, 4096), lambda size: request(method='M' * size))
    assert set(found.values()) == {405}


@pytest.mark.parametrize('authority', [None, 0, 253, 255, 256, 1024])
def test_proxy_headers(lab, gateway, authority):
    """Of every length around the largest that is taken."""
    addresses = bytes([192, 0, 2, 1, 127, 0, 0, 1]) + struct.pack('!HH', 1, 2)
    tlvs = b'' if authority is None else b'\x02' + struct.pack('!H', authority) + b'h' * authority
    for total in around(4096, 4000):
        rest = total - 16 - len(addresses) - len(tlvs) - 3
        noop = b'\x04' + struct.pack('!H', rest) + bytes(rest)
        body = addresses + tlvs + noop
        client = lab.connect(gateway.endpoints[1])
        client.send(b'\r\n\r\n\0\r\nQUIT\n\x21\x11' + struct.pack('!H', len(body)) + body + request('/proxy'))
        if total <= 4096:
            assert client.answer().status == 101, total
        else:
            with pytest.raises((EOFError, ConnectionResetError)):
                client.answer()
        client.hang_up()


def test_control_frames(lab, gateway):
    for size in around(125):
        pinger, closer = lab.open(gateway.endpoints[0]), lab.open(gateway.endpoints[0])
        payload = struct.pack('!H', 1000) + b'r' * (size - 2)
        if size <= 125:
            pinger.send(frame(PING, payload))
            assert pinger.exactly(2 + size) == bytes([0x80 | PONG, size]) + payload
            closer.send(frame(CLOSE, payload))
            assert closer.end()[1] == 1000
        else:
            for client, opcode in ((pinger, PING), (closer, CLOSE)):
                client.send(header(opcode, size, mask=bytes(4)) + payload)
                assert client.end()[1] == 1002
        pinger.hang_up()
        closer.hang_up()


def test_data_frames_around_the_buffer(lab, gateway):
    """Payloads and what precedes them, so that a frame ends at every place of the 256 KiB that one read takes."""
    for size in around(125, 65535, 256 * 1024 - 8, 256 * 1024):
        client = lab.open(gateway.endpoints[0])
        client.send(frame(BINARY, b'd' * size))
        assert client.data(size) == b'd' * size
        client.bye()
