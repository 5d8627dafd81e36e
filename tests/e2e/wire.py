"""A WebSocket client that does exactly what it is told, right or wrong. For honest clients the tests
use python3-websockets and npm's ws."""
import base64
import hashlib
import select
import socket
import ssl
import struct
import time

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
WAIT = 15  # seconds until a test gives up; generous, for slow machines and sanitizers


def accept_of(key):
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


def xor(data, mask):
    """data under a mask; whole-number arithmetic, because a loop would take seconds for megabytes."""
    size = len(data)
    stream = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, 'big') ^ int.from_bytes(stream, 'big')).to_bytes(size, 'big')


def header(opcode, length, *, fin=True, rsv=0, mask=None, form=None):
    """The header of a frame. form: 7, 16 or 64 bits of length; the shortest that fits by default."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    masked = 0 if mask is None else 0x80
    if form is None:
        form = 7 if length < 126 else 16 if length < 1 << 16 else 64
    if form == 7:
        head = struct.pack('!BB', first, masked | length)
    elif form == 16:
        head = struct.pack('!BBH', first, masked | 126, length)
    else:
        head = struct.pack('!BBQ', first, masked | 127, length)
    return head + (mask or b'')


def frame(opcode, payload=b'', *, mask=b'\x37\xfa\x21\x3d', **how):
    body = payload if mask is None or mask == bytes(4) else xor(payload, mask)
    return header(opcode, len(payload), mask=mask, **how) + body


def close_frame(code=None, reason=b''):
    return frame(CLOSE, b'' if code is None else struct.pack('!H', code) + reason)


def request(path='/', *, method='GET', version='HTTP/1.1', fields=None, drop=(), extra=()):
    """An upgrade request; `fields` replaces, `drop` removes, `extra` appends raw lines."""
    base = {'Host': 'localhost', 'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Key': KEY,
            'Sec-WebSocket-Version': '13'}
    base.update(fields or {})
    lines = [f'{method} {path} {version}']
    lines += [f'{name}: {value}' for name, value in base.items() if name not in drop]
    return ('\r\n'.join([*lines, *extra]) + '\r\n\r\n').encode('latin-1')


class Answer:
    """The head of an HTTP response, and its body if it has a length."""

    def __init__(self, head):
        first, *lines = head.decode('latin-1').split('\r\n')
        self.version, status, self.phrase = first.split(' ', 2)
        self.status = int(status)
        self.fields, self.cookies = {}, []  # cookies: each Set-Cookie
        for line in lines:
            name, _, value = line.partition(':')
            self.fields[name.strip().lower()] = value.strip()
            if name.lower() == 'set-cookie':
                self.cookies.append(value.strip())
        self.body = b''


class Client:
    """One connection to the bridge. Everything that is read goes through `pending`."""

    relayed = False  # frames come from a target that speaks WebSocket: they may be fragments, and text

    def __init__(self, sock):
        self.sock, self.pending = sock, bytearray()
        sock.settimeout(WAIT)

    def send(self, data):
        self.sock.sendall(data)
        return self

    def fill(self):
        """More bytes into pending; False at the end of the stream."""
        data = self.sock.recv(1 << 18)
        self.pending += data
        return bool(data)

    def exactly(self, count):
        while len(self.pending) < count:
            if not self.fill():
                raise EOFError(f'the stream ended {count - len(self.pending)} bytes early')
        taken = bytes(self.pending[:count])
        del self.pending[:count]
        return taken

    def send_while_reading(self, data):
        """Sends all of it, and keeps what comes meanwhile: one thread, because an SSL object bears no two."""
        view, end = memoryview(data), time.monotonic() + 4 * WAIT
        self.sock.setblocking(False)
        try:
            while view:
                moved = False
                try:
                    view, moved = view[self.sock.send(view[:1 << 16]):], True
                except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
                try:
                    moved = self.fill() or moved
                except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
                if not moved:
                    assert time.monotonic() < end, f'{len(view)} bytes do not go out'
                    select.select([self.sock], [self.sock], [], 0.05)
        finally:
            self.sock.settimeout(WAIT)
        return self

    def answer(self):
        while b'\r\n\r\n' not in self.pending:
            if not self.fill():
                raise EOFError(f'no answer, only {bytes(self.pending)!r}')
        head = self.exactly(self.pending.index(b'\r\n\r\n') + 4)
        answer = Answer(head[:-4])
        answer.body = self.exactly(int(answer.fields.get('content-length', 0)))
        return answer

    def upgrade(self, *, early=b'', **how):
        answer = self.send(request(**how) + early).answer()
        assert answer.status == 101, f'{answer.status} {answer.phrase} {answer.body!r}'
        assert answer.fields['sec-websocket-accept'] == accept_of(KEY)
        return self

    def frame(self):
        """The next frame as (opcode, payload); checks what holds for every frame of ours."""
        first, second = self.exactly(2)
        assert first & 0x70 == 0, 'reserved bit set by the server'
        assert first & 0x80 or self.relayed, 'the server never fragments'
        assert second & 0x80 == 0, 'masked by the server'
        length = second
        if second == 126:
            length, = struct.unpack('!H', self.exactly(2))
            assert length > 125, 'length not minimal'
        elif second == 127:
            length, = struct.unpack('!Q', self.exactly(8))
            assert length > 0xFFFF, 'length not minimal'
        opcode = first & 0xF
        assert opcode < 8 or length <= 125
        return opcode, self.exactly(length)

    def data(self, count):
        """`count` payload bytes of binary frames."""
        parts, have = [], 0
        while have < count:
            opcode, payload = self.frame()
            assert opcode == BINARY or self.relayed and opcode == CONT, f'opcode {opcode:x}: {payload!r}'
            parts.append(payload)
            have += len(payload)
        assert have == count
        return b''.join(parts)

    def closing(self):
        """Reads to the Close frame: (payload bytes before it, code or None, reason)."""
        parts = []
        while True:
            opcode, payload = self.frame()
            if opcode == CLOSE:
                code = struct.unpack('!H', payload[:2])[0] if payload else None
                return b''.join(parts), code, payload[2:].decode()
            if opcode in (BINARY, CONT):
                parts.append(payload)

    def close_code(self):
        return self.closing()[1]

    def eof(self):
        """True when the stream ends, or is reset, with nothing more in it; then hangs up."""
        try:
            ended = not self.pending and not self.fill()
        except ConnectionResetError:
            ended = True
        if ended:
            self.hang_up()
        return ended

    def bye(self):
        """The closing handshake, begun by this side."""
        self.send(close_frame(1000))
        assert self.closing()[1] == 1000
        assert self.eof(), 'the server closes TCP first'

    def end(self):
        """As closing(), but answers the Close as an honest client does, and hangs up."""
        heard = self.closing()
        self.send(close_frame(heard[1]))
        assert self.eof()
        return heard

    def binary(self, payload):
        return self.send(frame(BINARY, payload))

    def hang_up(self):
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.sock.close()


def pattern(size, seed=0):
    """Bytes that betray loss, repetition and reordering; quick to make."""
    block = hashlib.shake_256(b'%d' % seed).digest(1 << 16)
    out = bytearray()
    for number in range(size // len(block) + 1):
        out += number.to_bytes(8, 'big') + block[8:]
    return bytes(out[:size])


def until(condition, what, seconds=WAIT):
    """Waits for a condition and returns its value; fails with `what` when it never holds."""
    end, pause = time.monotonic() + seconds, 0.001
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f'not within {seconds} s: {what() if callable(what) else what}'
        time.sleep(pause)
        pause = min(2 * pause, 0.02)


def time_passes(seconds):
    """For tests of time itself: a timeout, a rate, the pace of a slow peer. All else waits for what it needs."""
    time.sleep(seconds)


def unread(client):
    """Bytes of an IPv4 client that lie in the kernel because the other side has not read them."""
    ports = {role: f':{name[1]:04X}' for role, name in (('theirs', client.sock.getpeername()),
                                                        ('ours', client.sock.getsockname()))}
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        with open(table, encoding='ascii') as lines:
            for line in lines:
                _, local, remote, _, queues, *_ = line.split()
                if local.endswith(ports['theirs']) and remote.endswith(ports['ours']):
                    return int(queues.split(':')[1], 16)
    return 0
