"""WebSocket servers that do what they should not, or nothing: handlers for Lab.target.

REFUSED: what a client must refuse before the WebSocket is open, each with a part of the reason that it gives.
SILENT: servers that never finish their answer; only a deadline ends them.
BROKEN: good handshakes, and then what no server may send, each with the name of what it breaks."""
import itertools
import re
import threading

from wire import BINARY, CLOSE, CONT, PING, PONG, TEXT, accept_of, frame, header


class Opening:
    """The upgrade request of a client."""

    def __init__(self, connection):
        while b'\r\n\r\n' not in connection.received:
            if not connection.read():
                raise EOFError('no whole request')
        head, _, self.rest = bytes(connection.received).partition(b'\r\n\r\n')
        self.line, *lines = head.decode('latin-1').split('\r\n')
        self.fields = {}
        for line in lines:
            name, _, value = line.partition(':')
            self.fields.setdefault(name.lower(), []).append(value.strip())
        self.key = self.fields['sec-websocket-key'][0]
        assert re.fullmatch(r'[A-Za-z0-9+/]{22}==', self.key), self.key


def switch(key, *extra, status='HTTP/1.1 101 Switching Protocols', drop=(), accept=None):
    """The answer that opens a WebSocket; `drop` leaves fields out, `extra` appends raw lines."""
    fields = {'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Accept': accept or accept_of(key)}
    lines = [status, *(f'{name}: {value}' for name, value in fields.items() if name not in drop), *extra]
    return ('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1')


def until_left(connection, pieces=()):
    """Sends, and goes on for as long as the client reads; then waits until it has left."""
    try:
        for piece in pieces:
            connection.sock.sendall(piece)
    except OSError:
        return
    connection.read_all()


def says(*pieces):
    """Whole requests get these bytes, of which each may be made of the key."""
    def handler(connection):
        key = Opening(connection).key
        until_left(connection, (piece(key) if callable(piece) else piece for piece in pieces))
    return handler


def opens(*lines, **how):
    return says(lambda key: switch(key, *lines, **how))


def endless(piece, *first):
    """Says the first pieces, and then the same for ever."""
    def handler(connection):
        Opening(connection)
        until_left(connection, itertools.chain(first, itertools.repeat(piece * (4096 // len(piece) + 1))))
    return handler


def leaves(*pieces, reset=False, reads=True):
    """Says these, and hangs up."""
    def handler(connection):
        key = Opening(connection).key if reads else None
        for piece in pieces:
            connection.sock.sendall(piece(key) if callable(piece) else piece)
        if reset:
            connection.reset()
    return handler


OK = b'HTTP/1.1 200 OK\r\n'
SWITCH = b'HTTP/1.1 101 Switching Protocols\r\n'
HALF = SWITCH + b'Upgrade: websocket\r\nConnection: Upgrade\r\n'

REFUSED = {
    # not this protocol
    'ssh': (says(b'SSH-2.0-OpenSSH_9.2p1\r\n'), 'no valid HTTP'),
    'html': (says(b'<!DOCTYPE html>\n'), 'no valid HTTP'),
    'tls_alert': (says(b'\x15\x03\x01\x00\x02\x02\x46'), 'no valid HTTP'),
    'http2': (says(b'HTTP/2.0 101 Switching Protocols\r\n\r\n'), 'not HTTP/1.0 or 1.1'),
    'frame_first': (says(frame(BINARY, b'early', mask=None), lambda key: switch(key)), 'no valid HTTP'),
    'close_first': (says(frame(CLOSE, mask=None)), 'no valid HTTP'),
    # malformed, or without end
    'folded': (says(SWITCH + b'Upgrade: websocket\r\n  , h2c\r\n\r\n'), 'no valid HTTP'),
    'bare_lf': (says(SWITCH.replace(b'\r', b'')), 'no valid HTTP'),
    'nul': (says(HALF + b'Server: a\0b\r\n'), 'no valid HTTP'),
    'nameless': (says(HALF + b': x\r\n'), 'no valid HTTP'),
    'endless_phrase': (endless(b'Switching ', b'HTTP/1.1 101 '), 'header that is too large'),
    'endless_field': (endless(b'x', HALF + b'Server: '), 'header that is too large'),
    'endless_name': (endless(b'x', HALF), 'header that is too large'),
    'endless_fields': (endless(b'A: b\r\n', HALF), 'header that is too large'),
    'endless_interim': (endless(b'HTTP/1.1 100 Continue\r\n\r\n'), 'too many interim answers'),
    'endless_folded': (endless(b' x\r\n', HALF + b'Server: a\r\n'), 'no valid HTTP'),
    # another answer
    'ok': (says(OK + b'Content-Length: 2\r\n\r\nhi'), '200 OK'),
    'endless_body': (endless(b'x', OK + b'\r\n'), '200 OK'),
    'endless_chunks': (endless(b'1\r\nx\r\n', OK + b'Transfer-Encoding: chunked\r\n\r\n'), '200 OK'),
    'redirect': (says(b'HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/elsewhere\r\nContent-Length: 0\r\n\r\n'),
                 'ws://127.0.0.1:1/elsewhere'),
    'unauthorised': (says(b'HTTP/1.1 401 Who Are You\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n'),
                     '401 Who Are You'),
    'forbidden': (says(b'HTTP/1.1 403 Not From Here\r\nConnection: close\r\n\r\n'), '403 Not From Here'),
    'upgrade_required': (says(b'HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8\r\n\r\n'), '426'),
    'phrase_of_controls': (says(b'HTTP/1.1 502 \x80\xff<script>\r\n\r\n'), '502'),
    # 101, but not to this request
    'http10': (opens(status='HTTP/1.0 101 Switching Protocols'), 'HTTP/1.0'),
    'wrong_accept': (opens(accept=accept_of('AAAAAAAAAAAAAAAAAAAAAA==')), 'Sec-WebSocket-Accept'),
    'echoed_key': (says(lambda key: switch(key, accept=key)), 'Sec-WebSocket-Accept'),
    'lower_case_accept': (says(lambda key: switch(key, accept=accept_of(key).swapcase())), 'Sec-WebSocket-Accept'),
    'no_accept': (opens(drop=['Sec-WebSocket-Accept']), 'Sec-WebSocket-Accept'),
    'two_accepts': (says(lambda key: switch(key, f'Sec-WebSocket-Accept: {accept_of(key)}')), 'Sec-WebSocket-Accept'),
    'no_upgrade': (opens(drop=['Upgrade']), 'other than WebSocket'),
    'h2c': (opens('Upgrade: h2c', drop=['Upgrade']), 'other than WebSocket'),
    'no_connection': (opens(drop=['Connection']), 'Connection: Upgrade'),
    'closes': (opens('Connection: close', drop=['Connection']), 'Connection: Upgrade'),
    'extension': (opens('Sec-WebSocket-Extensions: permessage-deflate'), 'extension that was not offered'),
    'subprotocol': (opens('Sec-WebSocket-Protocol: something.else'), 'subprotocol that was not offered'),
    'two_subprotocols': (opens('Sec-WebSocket-Protocol: a', 'Sec-WebSocket-Protocol: b'), 'several subprotocols'),
    'length': (opens('Content-Length: 5'), 'a body that its status does not allow'),
    'length_zero': (opens('Content-Length: 0'), 'a body that its status does not allow'),
    'chunked': (opens('Transfer-Encoding: chunked'), 'a body that its status does not allow'),
    # gone
    'leaves_at_once': (leaves(reads=False), ''),
    'leaves': (leaves(), ''),
    'leaves_in_the_head': (leaves(HALF), ''),
    'leaves_after_interim': (leaves(b'HTTP/1.1 100 Continue\r\n\r\n'), ''),
    'resets': (leaves(reset=True), ''),
    'resets_in_the_head': (leaves(HALF, reset=True), ''),
}


def drips(piece, *first):
    """One piece after the other, slowly, for ever: each a sign of life, and none an end."""
    def handler(connection):
        Opening(connection)
        until_left(connection, first)

    def slowly(connection):
        Opening(connection)
        left = threading.Event()

        def send():
            try:
                for part in first:
                    connection.sock.sendall(part)
                while not left.wait(0.05):
                    connection.sock.sendall(piece)
            except OSError:
                pass
        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        connection.read_all()
        left.set()
        thread.join()
    return slowly if piece else handler


SILENT = {
    'reads_nothing': lambda connection: connection.ended.wait(),
    'says_nothing': drips(b''),
    'half_a_status_line': drips(b'', b'HTTP/1.1 10'),
    'half_a_field': drips(b'', HALF + b'Sec-WebSocket-Acc'),
    'no_empty_line': drips(b'', HALF),
    'interim_alone': drips(b'', b'HTTP/1.1 100 Continue\r\n\r\n'),
    'drips': drips(b'x', HALF + b'Server: '),
}


def then(*frames):
    """A good handshake, and these bytes with it."""
    return says(lambda key: switch(key) + b''.join(frames))


def server(opcode, payload=b'', **how):
    return frame(opcode, payload, mask=None, **how)


BROKEN = {
    'masked': then(frame(BINARY, b'hi')),
    'masked_with_zeros': then(frame(BINARY, b'hi', mask=bytes(4))),
    'masked_ping': then(frame(PING, b'hi')),
    'masked_close': then(frame(CLOSE, b'\x03\xe8')),
    'rsv1': then(server(BINARY, b'hi', rsv=4)),
    'rsv3': then(server(BINARY, b'hi', rsv=1)),
    'opcode_3': then(server(3, b'hi')),
    'opcode_15': then(server(15, b'hi')),
    'continues_nothing': then(server(CONT, b'hi')),
    'interleaved': then(server(BINARY, b'a', fin=False), server(TEXT, b'b')),
    'fragmented_ping': then(server(PING, b'a', fin=False)),
    'long_ping': then(server(PING, bytes(126))),
    'long_pong': then(header(PONG, 1 << 40)),
    'not_minimal_16': then(server(BINARY, b'hi', form=16)),
    'not_minimal_64': then(server(BINARY, b'hi', form=64)),
    'top_bit': then(b'\x82\x7f\x80' + bytes(7)),
    'close_of_one_byte': then(server(CLOSE, b'\x03')),
    'close_1005': then(server(CLOSE, b'\x03\xed')),
    'close_not_utf8': then(server(CLOSE, b'\x03\xe8\xff')),
    'text_not_utf8': then(server(TEXT, b'\xff')),
    'http_again': then(b'HTTP/1.1 200 OK\r\n\r\n'),
}
