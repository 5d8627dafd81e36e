"""Frames: RFC 6455 section 5. What is wrong gets the right code, and nothing of it passes."""
import struct
import time

import pytest
from targets import sink, source
from wire import BINARY, CLOSE, CONT, PING, PONG, TEXT, close_frame, frame, header, pattern, until


@pytest.fixture
def echo(lab):
    return lab.start_echo()[0]


@pytest.fixture
def sunk(lab):
    """A bridge to a target that keeps what it gets."""
    return lab.start_echo(handler=sink)


MASK = b'\x01\x02\x03\x04'


@pytest.mark.parametrize('size', [0, 1, 2, 3, 4, 5, 125, 126, 127, 65535, 65536, 65537, 1_000_000])
def test_every_length(lab, sunk, size):
    bridge, target = sunk
    data = pattern(size)
    client = lab.open(bridge).send(frame(BINARY, data) + frame(BINARY, b'.') + close_frame(1000))
    assert client.close_code() == 1000 and client.eof()
    connection = target.connection()
    assert connection.ended.wait(10)
    assert bytes(connection.received) == data + b'.'


@pytest.mark.parametrize('size', [1, 125, 126, 65535, 65536])
def test_our_headers_are_minimal(lab, size):
    bridge, _ = lab.start_echo(handler=source(pattern(size)))
    client = lab.open(bridge)  # Client.frame() refuses longer forms
    assert client.closing() == (pattern(size), 1000, 'Target closed')


def test_fragments(lab, echo):
    client = lab.open(echo)
    client.send(frame(BINARY, b'one ', fin=False) + frame(CONT, b'', fin=False) + frame(CONT, b'two ', fin=False) +
                frame(CONT, b'three'))
    assert client.data(13) == b'one two three'


def test_a_frame_a_byte_at_a_time(lab, echo):
    client = lab.open(echo)
    for byte in frame(BINARY, b'ab', fin=False) + frame(PING, b'p') + frame(CONT, b'cd') + frame(BINARY, b'', form=7):
        client.send(bytes([byte]))
    got, pong = b'', None
    while len(got) < 4 or pong is None:
        opcode, payload = client.frame()
        if opcode == PONG:
            pong = payload
        else:
            got += payload
    assert (got, pong) == (b'abcd', b'p')


def test_payload_is_forwarded_as_it_arrives(lab, sunk):
    """A frame of 2^62 bytes is never collected: its first bytes are at the target at once."""
    bridge, target = sunk
    client = lab.open(bridge).send(header(BINARY, 1 << 62, mask=bytes(4)) + b'first bytes')
    connection = target.connection()
    until(lambda: bytes(connection.received) == b'first bytes', 'payload at the target')
    client.hang_up()
    assert connection.saw_eof.wait(10)


def test_empty_frames_forward_nothing(lab, sunk):
    bridge, target = sunk
    client = lab.open(bridge).send(frame(BINARY) * 1000 + close_frame(1000))
    assert client.close_code() == 1000
    assert target.connection().ended.wait(10)
    assert bytes(target.connection().received) == b''


# ---- ping and pong ----

@pytest.mark.parametrize('payload', [b'', b'x', bytes(range(125))])
def test_ping(lab, echo, payload):
    assert lab.open(echo).send(frame(PING, payload)).frame() == (PONG, payload)


def test_ping_between_fragments(lab, echo):
    client = lab.open(echo).send(frame(BINARY, b'a', fin=False) + frame(PING, b'?'))
    frames = sorted([client.frame(), client.frame()])
    assert frames == [(BINARY, b'a'), (PONG, b'?')]
    assert client.send(frame(CONT, b'b')).frame() == (BINARY, b'b')


def test_a_pong_nobody_asked_for(lab, echo):
    client = lab.open(echo).send(frame(PONG, b'unasked')).binary(b'on')
    assert client.frame() == (BINARY, b'on')


def test_a_flood_of_pings_costs_one_slot(lab, echo, sanitized):
    """Nobody reads the pongs: the bridge answers the last ping, and keeps no queue of them."""
    client = lab.open(echo, receive_buffer=4096)
    before = echo.memory()
    for number in range(200):
        client.send(b''.join(frame(PING, b'%120d' % (number * 100 + n), mask=bytes(4)) for n in range(100)))
    client.send(frame(PING, b'last'))
    if not sanitized:
        assert echo.memory() - before < 2 << 20
    client.binary(b'still here')
    pongs, last = 0, None
    while True:
        opcode, payload = client.frame()
        if opcode == BINARY:
            break
        pongs, last = pongs + 1, payload
    while last != b'last':
        opcode, last = client.frame()
        assert opcode == PONG
    assert pongs <= 20001


def test_heartbeat(lab):
    bridge, _ = lab.start_echo('--heartbeat=1')
    client = lab.open(bridge)
    opcode, payload = client.frame()
    assert opcode == PING
    client.send(frame(PONG, payload))
    began = time.monotonic()
    assert client.frame()[0] == PING
    assert time.monotonic() - began < 8


# ---- close ----

@pytest.mark.parametrize('code', [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 4999])
def test_close_is_echoed(lab, echo, code):
    client = lab.open(echo).send(close_frame(code, b'bye'))
    assert client.closing()[1] == code
    assert client.eof(), 'the server closes first'
    echo.session(reason='client_closed')


def test_an_empty_close_is_echoed_empty(lab, echo):
    client = lab.open(echo).send(close_frame())
    assert client.frame() == (CLOSE, b'')
    assert client.eof()


BAD_CLOSE = {
    'one byte': frame(CLOSE, b'\x03'),
    '0': close_frame(0), '999': close_frame(999), '1004': close_frame(1004), '1005': close_frame(1005),
    '1006': close_frame(1006), '1015': close_frame(1015), '1016': close_frame(1016), '2999': close_frame(2999),
    '5000': close_frame(5000), '65535': close_frame(65535),
}


@pytest.mark.parametrize('data', BAD_CLOSE.values(), ids=BAD_CLOSE.keys())
def test_a_malformed_close(lab, echo, data):
    client = lab.open(echo).send(data)
    assert client.close_code() == 1002
    assert client.eof()
    echo.session(reason='ws_close_malformed')


@pytest.mark.parametrize('reason', [b'\xff\xfe', b'caf\xc3'])
def test_a_close_with_bad_text(lab, echo, reason):
    client = lab.open(echo).send(close_frame(1000, reason))
    assert client.close_code() == 1007
    assert client.eof()
    echo.session(reason='ws_bad_utf8')


def test_data_after_a_close_is_ignored(lab, sunk):
    bridge, target = sunk
    client = lab.open(bridge).send(frame(BINARY, b'before') + close_frame(1000) + frame(BINARY, b'after') + b'\xff' * 50)
    assert client.close_code() == 1000
    assert target.connection().ended.wait(10)
    assert bytes(target.connection().received) == b'before'


def test_a_client_that_answers_our_close(lab):
    bridge, _ = lab.start_echo(handler=source(b'that is all'))
    client = lab.open(bridge)
    assert client.closing() == (b'that is all', 1000, 'Target closed')
    client.send(close_frame(1000))
    assert client.eof()
    bridge.session(reason='target_closed')


def test_a_client_that_never_answers_our_close(lab):
    bridge, _ = lab.start_echo('--close-timeout=1s', handler=source(b''))
    client = lab.open(bridge)
    assert client.close_code() == 1000
    began = time.monotonic()
    bridge.session(reason='target_closed')
    assert time.monotonic() - began < 8
    client.eof()


# ---- violations ----

VIOLATIONS = {
    'unmasked': (1002, 'ws_unmasked', frame(BINARY, b'BAD', mask=None)),
    'unmasked ping': (1002, 'ws_unmasked', frame(PING, b'', mask=None)),
    'unmasked close': (1002, 'ws_unmasked', frame(CLOSE, b'\x03\xe8', mask=None)),
    'RSV1': (1002, 'ws_rsv', frame(BINARY, b'BAD', rsv=4)),
    'RSV2': (1002, 'ws_rsv', frame(BINARY, b'BAD', rsv=2)),
    'RSV3': (1002, 'ws_rsv', frame(BINARY, b'BAD', rsv=1)),
    'RSV on a ping': (1002, 'ws_rsv', frame(PING, b'BAD', rsv=4)),
    **{f'opcode {n:x}': (1002, 'ws_opcode', frame(n, b'BAD')) for n in (3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF)},
    '16-bit length of 125': (1002, 'ws_length', frame(BINARY, bytes(125), form=16)),
    '16-bit length of 0': (1002, 'ws_length', frame(BINARY, b'', form=16)),
    '64-bit length of 65535': (1002, 'ws_length', frame(BINARY, bytes(65535), form=64)),
    '64-bit length with the top bit': (1002, 'ws_length', header(BINARY, 1 << 63, mask=MASK) + b'BAD'),
    'all bits of the length': (1002, 'ws_length', header(BINARY, (1 << 64) - 1, mask=MASK) + b'BAD'),
    'a long ping': (1002, 'ws_control_long', frame(PING, bytes(126))),
    'a long close': (1002, 'ws_control_long', frame(CLOSE, b'\x03\xe8' + b'x' * 124)),
    'a fragmented ping': (1002, 'ws_control_fragmented', frame(PING, b'BAD', fin=False)),
    'a fragmented close': (1002, 'ws_control_fragmented', frame(CLOSE, b'\x03\xe8', fin=False)),
    'a stray continuation': (1002, 'ws_continuation', frame(CONT, b'BAD')),
    'a stray unfinished continuation': (1002, 'ws_continuation', frame(CONT, b'BAD', fin=False)),
    'a text that is not UTF-8': (1007, 'ws_bad_utf8', frame(TEXT, b'BAD\xff')),
    'a text that ends inside a character': (1007, 'ws_bad_utf8', frame(TEXT, b'BAD\xe2\x82')),
    'a surrogate': (1007, 'ws_bad_utf8', frame(TEXT, b'\xed\xa0\x80')),
    'an overlong form': (1007, 'ws_bad_utf8', frame(TEXT, b'\xc0\xaf')),
    'beyond U+10FFFF': (1007, 'ws_bad_utf8', frame(TEXT, b'\xf4\x90\x80\x80')),
}


@pytest.mark.parametrize('pieces', [0, 1], ids=['at once', 'in pieces'])
@pytest.mark.parametrize('code, reason, data', VIOLATIONS.values(), ids=VIOLATIONS.keys())
def test_violation(lab, sunk, code, reason, data, pieces):
    bridge, target = sunk
    client = lab.open(bridge)
    before = frame(BINARY, b'before, ') + frame(BINARY, b'whole.')
    if pieces:
        client.send(before)
        until(lambda: bytes(target.connection().received) == b'before, whole.', 'what came before')
        client.send(data)
    else:
        client.send(before + data + frame(BINARY, b'BAD after'))
    assert client.close_code() == code
    assert client.eof()
    record = bridge.session(reason=reason)
    assert target.connection().ended.wait(10)
    assert bytes(target.connection().received) == b'before, whole.'
    assert record['bytes_up'] == '14'


def test_a_new_message_inside_a_fragmented_one(lab, sunk):
    bridge, target = sunk
    client = lab.open(bridge).send(frame(BINARY, b'begun', fin=False) + frame(BINARY, b'BAD'))
    assert client.close_code() == 1002 and client.eof()
    assert target.connection().ended.wait(10)
    assert bytes(target.connection().received) == b'begun'
    bridge.session(reason='ws_interleaved')


def test_the_close_of_a_violation_says_what(lab, echo):
    client = lab.open(echo).send(frame(BINARY, b'x', mask=None))
    assert client.closing()[1:] == (1002, 'Client frame is not masked')


# ---- text ----

def test_text_is_forwarded(lab, echo):
    text = 'grüße, 世界 🌍'.encode()
    client = lab.open(echo).send(frame(TEXT, text))
    assert client.data(len(text)) == text


def test_text_in_fragments_that_cut_characters(lab, echo):
    text = 'ä世🌍'.encode()
    client = lab.open(echo)
    client.send(frame(TEXT, text[:1], fin=False))
    for position in range(1, len(text) - 1):
        client.send(frame(PING) + frame(CONT, text[position:position + 1], fin=False))
    client.send(frame(CONT, text[-1:]))
    got = b''
    while len(got) < len(text):
        opcode, payload = client.frame()
        got += payload if opcode == BINARY else b''
    assert got == text


def test_bad_text_across_fragments(lab, echo):
    client = lab.open(echo).send(frame(TEXT, b'\xe2\x82', fin=False) + frame(CONT, b'x'))
    assert client.close_code() == 1007


def test_text_refused(lab):
    bridge, target = lab.start_echo('--text=refuse', handler=sink)
    client = lab.open(bridge).send(frame(BINARY, b'fine') + frame(TEXT, b'BAD'))
    assert client.close_code() == 1003
    assert client.eof()
    assert target.connection().ended.wait(10)
    assert bytes(target.connection().received) == b'fine'
    bridge.session(reason='ws_text_refused')


def test_masks(lab, echo):
    """Every alignment of mask and payload, and masks with zeros."""
    client = lab.open(echo)
    for mask in (bytes(4), b'\xff' * 4, MASK, b'\x00\xff\x00\x80'):
        for size in range(1, 40):
            data = pattern(size, seed=size)
            client.send(frame(BINARY, data, mask=mask))
            assert client.data(size) == data


def test_close_code_bytes(lab, echo):
    client = lab.open(echo).send(close_frame(3000, b'x' * 123))
    opcode, payload = client.frame()
    assert opcode == CLOSE and struct.unpack('!H', payload[:2]) == (3000,)
