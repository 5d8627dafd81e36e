"""Sessions without input: input_timeout, the time since the last input in status and metrics."""
import re
import struct
import time

from gateway import get, marked, samples, start, status_document
from wire import PING, frame, time_passes, until

RFB = b'RFB 003.008\n'
KEY = struct.pack('!BBxxI', 4, 1, 0x61)
POINTER = struct.pack('!BBHH', 5, 0, 10, 10)
CUT_TEXT = struct.pack('!BxxxI', 6, 5) + b'hello'
REQUEST = struct.pack('!BBHHHH', 3, 1, 0, 0, 100, 100)
ENDED = (1000, 'No input for too long')


def vnc(security=1):
    """The handshake of a VNC server, so that its client goes on; then it reads all bytes and ignores them."""
    def handler(connection):
        def take(count):
            while len(connection.received) < count:
                assert connection.read()
        connection.sock.sendall(RFB)
        take(12)
        connection.sock.sendall(bytes((1, security)))
        take(13)
        connection.sock.sendall(bytes(4))
        connection.read_all()
    return handler


def greeted(lab, bridge, security=1, path='/'):
    client = lab.open(bridge, upgrade={'path': path})
    assert client.data(12) == RFB
    client.binary(RFB)
    assert client.data(2) == bytes((1, security))
    client.binary(bytes((security,)))
    assert client.data(4) == bytes(4)
    client.binary(b'\1')
    return client


def watched(lab, *, security=1, timeout='1s', **options):
    service = lab.target(vnc(security))
    return start(lab, [marked('/*', service, expect='rfb', input_timeout=timeout, **options),
                       {'path': '/metrics', 'metrics': True}, {'path': '/status', 'status': True, 'allow': ['127.0.0.1']}])


def row(lab, bridge):
    rows = status_document(lab, bridge)['sessions']['rows']
    return rows[0] if rows else None


# ---- any service ----

def test_any_data_of_the_client_is_input(lab):
    """That of the target is none, nor are pings."""
    def ticking(connection):
        while True:
            connection.sock.sendall(b'tick')
            time_passes(0.1)
    bridge = start(lab, [marked('/*', lab.target(ticking), input_timeout='1s', ping_interval='off')])
    client = lab.open(bridge)
    began = time.monotonic()
    for _ in range(5):
        time_passes(0.4)
        client.binary(b'x')
    for _ in range(3):
        time_passes(0.2)
        client.send(frame(PING, b'no input'))
    opcode = payload = None
    while opcode != 8:
        opcode, payload = client.frame()
    assert (int.from_bytes(payload[:2], 'big'), payload[2:].decode()) == ENDED
    assert 2.9 < time.monotonic() - began < 4.5
    assert bridge.session(reason='input_timeout')


def test_the_command_line(lab):
    bridge, _ = lab.start_echo('--input-timeout=1')
    client = lab.open(bridge)
    assert client.end()[1:] == ENDED
    assert bridge.session(reason='input_timeout')


def test_off_by_default(lab):
    bridge = start(lab, [marked('/*', lab.target())])
    client = lab.open(bridge)
    time_passes(1.5)
    client.binary(b'x')
    assert client.data(1) == b'x'
    client.bye()


# ---- RFB ----

def test_requests_for_frames_are_no_input(lab):
    bridge = watched(lab)
    client = greeted(lab, bridge)
    began = time.monotonic()
    for message in (KEY, POINTER, CUT_TEXT):
        time_passes(0.6)
        client.binary(REQUEST + message[:3])
        client.binary(message[3:] + REQUEST)
    end = None
    while not end:
        client.binary(REQUEST)
        time_passes(0.2)
        if time.monotonic() > began + 3:
            end = client.end()
    assert end == (b'', *ENDED)
    record = bridge.session(reason='input_timeout')
    assert 2600 < int(record['duration_ms']) < 4000
    assert 'cannot be followed' not in bridge.text


def test_an_opaque_stream_says_so_once(lab):
    bridge = watched(lab, security=19)
    client = greeted(lab, bridge, 19)
    for _ in range(5):
        time_passes(0.4)
        client.binary(REQUEST)
    lines = [line for line in bridge.lines if 'cannot be followed' in line]
    assert len(lines) == 1
    assert re.search(r'session \d+-\d+: all data of the client .*: security type 19 \(VeNCrypt\)', lines[0]), lines
    assert client.end() == (b'', *ENDED)


def test_nobody_waits_for_a_line_about_it_without_a_timeout(lab):
    bridge = watched(lab, security=19, timeout='off')
    client = greeted(lab, bridge, 19)
    client.binary(KEY)
    client.bye()
    assert bridge.session(reason='client_closed') and 'cannot be followed' not in bridge.text


def test_a_recording_of_it(lab, tmp_path):
    """Recorder and watcher share one tap."""
    bridge = watched(lab, record=str(tmp_path / 'desk'))
    client = greeted(lab, bridge)
    client.binary(REQUEST)
    assert client.end()[1:] == ENDED
    recorded = until(lambda: [f for f in tmp_path.glob('desk.*') if "'EOF'" in f.read_text()], 'it is written')
    assert 'RFB 003.008' in recorded[0].read_text()


def test_with_a_tls_target(lab, certs):
    service = lab.target(vnc(), context=certs.server_context(certs.ec, certs.ec_key))
    bridge = start(lab, [{'path': '/*', 'expect': 'rfb', 'input_timeout': '1s',
                          'target': {'address': f'tls://localhost:{service.port}', 'ca': certs.ca}}])
    client = greeted(lab, bridge)
    time_passes(0.6)
    client.binary(KEY)
    time_passes(0.6)
    client.binary(REQUEST)
    assert client.end() == (b'', *ENDED)


# ---- to see it ----

def test_status_and_metrics(lab):
    bridge = watched(lab, timeout='off')
    client = greeted(lab, bridge)
    client.binary(KEY)
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        client.binary(REQUEST)
        time_passes(0.1)
    one = row(lab, bridge)
    assert one['input_ms'] >= 1400 and one['idle_ms'] < 1000
    client.binary(POINTER)
    until(lambda: row(lab, bridge)['input_ms'] < 1000, 'the last input')
    text = get(lab, bridge, '/status?format=text&sort=input').body.decode()
    assert 'INPUT' in text
    time_passes(1.2)
    client.bye()
    until(lambda: samples(lab, bridge)['wsluice_last_input_seconds_count'] == 1, 'it is counted')
    assert samples(lab, bridge)['wsluice_last_input_seconds_bucket{le="1"}'] == 0
    assert 1.1 < samples(lab, bridge)['wsluice_last_input_seconds_sum'] < 5
