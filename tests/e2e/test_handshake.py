"""The opening handshake: RFC 6455 section 4 and RFC 9112, strictly."""
import base64
import re
import socket
import select
import time

import pytest
from targets import refusing_port
from wire import BINARY, KEY, accept_of, frame, request


def ask(lab, bridge, data):
    return lab.connect(bridge).send(data)


@pytest.fixture
def echo(lab):
    bridge, target = lab.start_echo()
    return bridge, target


def test_the_answer(lab, echo):
    answer = ask(lab, echo[0], request('/any/path?x=1')).answer()
    assert (answer.version, answer.status) == ('HTTP/1.1', 101)
    assert answer.fields['upgrade'].lower() == 'websocket'
    assert answer.fields['connection'].lower() == 'upgrade'
    assert answer.fields['sec-websocket-accept'] == 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    assert 'sec-websocket-protocol' not in answer.fields
    assert 'sec-websocket-extensions' not in answer.fields


GOOD = {
    'names and tokens in any case': request(drop=('Upgrade', 'Connection'),
                                            extra=('uPGRADE: WebSocket', 'CONNECTION: uPgRaDe')),
    'tokens in lists': request(fields={'Connection': 'keep-alive , Upgrade', 'Upgrade': 'h2c,websocket'}),
    'lists over several lines': request(fields={'Connection': 'keep-alive'}, extra=('Connection: upgrade',)),
    'empty list elements': request(fields={'Connection': ', ,Upgrade,'}),
    'white space around values': request(fields={'Sec-WebSocket-Version': '\t 13 \t', 'Upgrade': '  websocket '}),
    'no white space at all': request(drop=('Host',), extra=('Host:localhost',)),
    'a body of length 0': request(extra=('Content-Length: 0',)),
    'unknown extensions': request(extra=('Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-y',)),
    'unknown fields': request(extra=('X-Anything: at all; "really"', 'Cookie: a=b', 'Origin: https://elsewhere.example')),
    'absolute form': request('http://localhost/chat'),
    'a port and an IPv6 literal in Host': request(fields={'Host': '[::1]:6080'}),
    'nearly 16 KiB': request(extra=tuple(f'X-{n}: ' + 'v' * 1000 for n in range(15))),
    '99 fields': request(extra=tuple(f'X-{n}: v' for n in range(94))),
    'a later minor version': request(version='HTTP/1.2'),
    'UTF-8 in a value': request(extra=('X-Name: caf\xc3\xa9',)),
}


@pytest.mark.parametrize('head', GOOD.values(), ids=GOOD.keys())
def test_accepted(lab, echo, head):
    client = ask(lab, echo[0], head)
    assert client.answer().status == 101
    assert client.binary(b'through').data(7) == b'through'


def key_of(size):
    return base64.b64encode(bytes(size)).decode()


REFUSED = {
    'no Host': (400, request(drop=('Host',))),
    'two Hosts': (400, request(extra=('Host: localhost',))),
    'two Hosts in one list': (400, request(fields={'Host': 'a, b'})),
    'a Host that is none': (400, request(fields={'Host': 'a b'})),
    'a body': (400, request(extra=('Content-Length: 5',)) + b'hello'),
    'two lengths': (400, request(extra=('Content-Length: 0', 'Content-Length: 5'))),
    'a length that is none': (400, request(extra=('Content-Length: +0',))),
    'chunks': (400, request(extra=('Transfer-Encoding: chunked',)) + b'0\r\n\r\n'),
    'chunks and a length': (400, request(extra=('Transfer-Encoding: chunked', 'Content-Length: 0'))),
    'identity': (400, request(extra=('Transfer-Encoding: identity',))),
    'space before the colon': (400, request(extra=('X-Y : z',))),
    'space before the colon of a field that counts': (400, request(drop=('Host',), extra=('Host : localhost',))),
    'no colon': (400, request(extra=('nonsense',))),
    'empty name': (400, request(extra=(': value',))),
    'a folded field': (400, request(extra=('X-Y: z', ' continued'))),
    'a folded first field': (400, request().replace(b'\r\nHost', b'\r\n Host', 1)),
    'bare LF': (400, request().replace(b'\r\n', b'\n')),
    'bare LF once': (400, request(extra=('A: b\nC: d',))),
    'bare CR': (400, request(extra=('A: b\rC: d',))),
    'NUL in a value': (400, request(extra=('A: b\0c',))),
    'NUL in a name': (400, request(extra=('A\0B: c',))),
    'a control byte in a value': (400, request(extra=('A: b\x01c',))),
    'DEL in a value': (400, request(extra=('A: b\x7fc',))),
    'a control byte in the target': (400, request('/a\x01b')),
    'two spaces in the first line': (400, request().replace(b'GET /', b'GET  /', 1)),
    'no target': (400, request().replace(b'GET / HTTP', b'GET HTTP', 1)),
    'a tab in the first line': (400, request().replace(b'GET / ', b'GET\t/ ', 1)),
    'no version': (400, request().replace(b' HTTP/1.1', b'', 1)),
    'a version that is none': (400, request(version='HTTP/1.x')),
    'a protocol that is none': (400, request(version='HTPP/1.1')),
    'garbage': (400, b'\x00\x01\x02\x03 / \xff\xff\r\n\r\n'),
    'an upgrade over HTTP/1.0': (426, request(version='HTTP/1.0')),
    'POST over HTTP/1.0': (405, request(method='POST', version='HTTP/1.0')),
    'HTTP/2.0': (505, request(version='HTTP/2.0')),
    'HTTP/3.0': (505, request(version='HTTP/3.0')),
    'HTTP/0.9': (505, request(version='HTTP/0.9')),
    'POST': (405, request(method='POST', extra=('Content-Length: 0',))),
    'PUT': (405, request(method='PUT')),
    'OPTIONS': (405, request(method='OPTIONS')),
    'a method nobody knows': (405, request(method='BREW')),
    'a method in small letters': (405, request(method='get')),
    'no Upgrade': (426, request(drop=('Upgrade',))),
    'no Connection': (426, request(drop=('Connection',))),
    'Upgrade to something else': (426, request(fields={'Upgrade': 'h2c'})),
    'Upgrade to nearly a WebSocket': (426, request(fields={'Upgrade': 'websockets'})),
    'a plain GET': (426, b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    'version missing': (426, request(drop=('Sec-WebSocket-Version',))),
    'version 8': (426, request(fields={'Sec-WebSocket-Version': '8'})),
    'version 013': (426, request(fields={'Sec-WebSocket-Version': '013'})),
    'no key': (400, request(drop=('Sec-WebSocket-Key',))),
    'two keys': (400, request(extra=(f'Sec-WebSocket-Key: {KEY}',))),
    'an empty key': (400, request(fields={'Sec-WebSocket-Key': ''})),
    'a short key': (400, request(fields={'Sec-WebSocket-Key': key_of(15)})),
    'a long key': (400, request(fields={'Sec-WebSocket-Key': key_of(17)})),
    'a key outside base64': (400, request(fields={'Sec-WebSocket-Key': KEY.replace('d', '!', 1)})),
    'a subprotocol that is no token': (400, request(fields={'Sec-WebSocket-Protocol': 'a b'})),
    'a long target': (414, request('/' + 'x' * 20000)),
    'a long field': (431, request(extra=('X-Y: ' + 'z' * 20000,))),
    'many fields': (431, request(extra=tuple(f'X-{n}: v' for n in range(120)))),
}


@pytest.mark.parametrize('status, data', REFUSED.values(), ids=REFUSED.keys())
def test_refused(lab, echo, status, data):
    bridge, target = echo
    client = ask(lab, bridge, data)
    answer = client.answer()
    assert answer.status == status, f'{answer.status} {answer.phrase} {answer.body!r}'
    options = re.split(r'\s*,\s*', answer.fields['connection'].lower())
    offered = re.search(rb'^upgrade *:', data, re.I | re.M)
    if status == 426 and not offered:  # an ordinary request, after which another one may follow
        assert 'close' not in options
        assert client.send(data).answer().status == 426
        client.sock.shutdown(socket.SHUT_WR)
    else:
        assert 'close' in options
    assert client.eof(), 'the connection is not to be used again'
    if status == 405:
        assert 'GET' in answer.fields['allow']
    if status == 426:
        assert answer.fields['upgrade'].lower() == 'websocket' and 'upgrade' in options
    bridge.session()
    assert not target.connections, 'no target is dialled for a bad request'


def test_http_1_0_is_told_what_a_websocket_needs(lab, echo):
    """A proxy in front whose own HTTP version is 1.0; a plain GET hears what it hears over 1.1."""
    bridge, _ = echo
    client = ask(lab, bridge, request(version='HTTP/1.0'))
    assert client.answer().body == b'A WebSocket needs HTTP/1.1\n' and client.eof()
    bridge.session(reason='ws_http_version')
    for data in (b'GET / HTTP/1.0\r\n\r\n', b'GET / HTTP/1.0\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n'):
        client = ask(lab, bridge, data)
        answer = client.answer()
        assert (answer.status, answer.body) == (426, b'This is a WebSocket endpoint\n') and client.eof()


@pytest.mark.parametrize('fields', [{'Sec-WebSocket-Version': '8'}, {'Sec-WebSocket-Version': '25, 14'}])
def test_a_wrong_version_hears_the_right_one(lab, echo, fields):
    answer = ask(lab, echo[0], request(fields=fields)).answer()
    assert (answer.status, answer.fields['sec-websocket-version']) == (426, '13')


def test_refused_before_the_head_is_whole(lab, echo):
    client = ask(lab, echo[0], b'GET / HTTP/1.1\r\nHost : localhost\r\n')
    assert client.answer().status == 400


def test_a_byte_at_a_time(lab, echo):
    client = lab.connect(echo[0])
    for byte in request() + frame(BINARY, b'hello'):
        client.send(bytes([byte]))
    assert client.answer().status == 101
    assert client.data(5) == b'hello'


def test_frames_in_the_same_segment_as_the_head(lab, echo):
    client = lab.open(echo[0], upgrade={'early': frame(BINARY, b'early ') + frame(BINARY, b'bird')})
    assert client.data(10) == b'early bird'


def test_half_a_frame_in_the_same_segment_as_the_head(lab, echo):
    whole = frame(BINARY, b'divided')
    client = lab.open(echo[0], upgrade={'early': whole[:8]})
    assert client.send(whole[8:]).data(7) == b'divided'


SUBPROTOCOLS = [
    (['binary'], 'binary'),
    (['base64, binary'], 'binary'),
    (['binary, base64'], 'binary'),
    (['chat ,\tbinary'], 'binary'),
    (['chat', 'binary'], 'binary'),
    (['mqtt'], 'mqtt'),
    (['base64, mqtt, chat'], 'mqtt'),
    (['base64'], None),
    ([''], None),
    ([' ,, '], None),
    (['', 'mqtt'], 'mqtt'),
]


@pytest.mark.parametrize('offered, chosen', SUBPROTOCOLS)
def test_subprotocol(lab, echo, offered, chosen):
    lines = tuple(f'Sec-WebSocket-Protocol: {value}' for value in offered)
    answer = ask(lab, echo[0], request(extra=lines)).answer()
    assert answer.status == 101
    assert answer.fields.get('sec-websocket-protocol') == chosen


def test_another_key(lab, echo):
    key = key_of(16)
    answer = ask(lab, echo[0], request(fields={'Sec-WebSocket-Key': key})).answer()
    assert answer.fields['sec-websocket-accept'] == accept_of(key)


def test_half_a_head_times_out(lab):
    bridge, _ = lab.start_echo('--handshake-timeout=1s')
    client = ask(lab, bridge, request()[:-2])
    began = time.monotonic()
    assert client.answer().status == 408
    assert client.eof()
    assert 0.5 < time.monotonic() - began < 8
    bridge.session(reason='handshake_timeout')


def test_a_dripping_head_times_out_as_well(lab):
    bridge, _ = lab.start_echo('--handshake-timeout=1s')
    client = lab.connect(bridge)
    began = time.monotonic()
    for byte in request(extra=('X-Y: ' + 'z' * 1000,)):
        client.send(bytes([byte]))
        if select.select([client.sock], [], [], 0.05)[0]:
            break
        assert time.monotonic() - began < 8, 'each byte bought more time'
    assert client.answer().status == 408
    assert client.eof()
    bridge.session(reason='handshake_timeout')


def test_a_silent_client_is_closed_without_an_answer(lab):
    bridge, _ = lab.start_echo('-v', '--handshake-timeout=1s')
    client = lab.connect(bridge)
    assert client.eof()
    bridge.session(reason='silent')


def test_a_client_that_leaves_during_the_head(lab, echo):
    client = ask(lab, echo[0], request()[:20])
    client.hang_up()
    echo[0].session(reason='handshake_eof')


def test_nothing_after_the_refusal_is_read_as_a_request(lab, echo):
    smuggled = request(extra=('Content-Length: 100',)) + request()
    client = ask(lab, echo[0], smuggled)
    assert client.answer().status == 400
    assert client.eof()


def test_a_refusal_arrives_even_when_much_follows(lab, echo):
    """Closing with unread bytes would reset the connection and take the answer with it."""
    client = lab.connect(echo[0])
    try:
        client.send(request(method='POST', extra=('Content-Length: 1000000',)) + bytes(100_000))
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert client.answer().status == 400


def test_a_dead_target_after_the_upgrade_is_a_close(lab):
    with refusing_port() as nobody:
        bridge = lab.start(target=f'127.0.0.1:{nobody.getsockname()[1]}')
        client = lab.open(bridge)
        assert client.end()[1:] == (1011, 'Target refused the connection')
