"""One line for each session, and for each connection that ends before it is one."""
import json
import re

import pytest
from targets import sink, source
from wire import BINARY, close_frame, frame, request, until

KEYS = {'client', 'listener', 'target', 'reason', 'bytes_up', 'bytes_down', 'duration_ms', 'tls'}


def one_session(lab, bridge, up=b'12345'):
    client = lab.open(bridge).send(frame(BINARY, up) + close_frame(1000))
    client.close_code()
    place = client.sock.getsockname()
    assert client.eof()
    return f'{place[0]}:{place[1]}'


@pytest.mark.parametrize('log_format', ['text', 'json'])
def test_a_session(lab, log_format):
    bridge, target = lab.start_echo(f'--log-format={log_format}', handler=sink)
    client = one_session(lab, bridge)
    record = bridge.session()
    assert KEYS <= set(record), KEYS - set(record)
    assert record['client'] == client
    assert record['listener'] == bridge.address
    assert str(target.port) in record['target']
    assert record['reason'] == 'client_closed'
    assert (int(record['bytes_up']), int(record['bytes_down'])) == (5, 0)
    assert 0 <= int(record['duration_ms']) < 15000
    assert 'TLS' not in str(record['tls'])
    assert len(bridge.records()) == 1


def test_every_line_of_json_is_json(lab):
    bridge, _ = lab.start_echo('--log-format=json', '--workers=4', '-v')
    for _ in range(5):
        one_session(lab, bridge)
    lab.connect(bridge).send(b'\x01"\\\xff nonsense\r\n\r\n').hang_up()
    lab.connect(bridge).send(request('/"quoted\\path"')).hang_up()
    until(lambda: len(bridge.records()) == 7, lambda: bridge.text)
    for line in bridge.lines:
        assert isinstance(json.loads(line), dict), line


def test_numbers_in_json_are_numbers(lab):
    bridge, _ = lab.start_echo('--log-format=json')
    one_session(lab, bridge)
    record = bridge.session()
    assert all(isinstance(record[key], int) for key in ('bytes_up', 'bytes_down', 'duration_ms'))


def test_bytes_are_those_of_the_payload(lab):
    bridge, _ = lab.start_echo(handler=source(b'x' * 70_000))
    client = lab.open(bridge)
    client.send(frame(BINARY, b'abc', fin=False) + frame(0x9, b'ping') + frame(0x0, b'def'))
    client.end()
    assert bridge.session()['bytes_down'] == '70000'


def test_a_refused_request_is_one_line(lab):
    bridge, _ = lab.start_echo()
    client = lab.connect(bridge).send(request(method='POST'))
    assert client.answer().status == 405 and client.eof()
    record = bridge.session(reason='http_method')
    assert record['client'].startswith('127.0.0.1:')
    assert len(bridge.records()) == 1


def test_log_file(lab, tmp_path):
    path = tmp_path / 'bridge.log'
    path.write_text('what was there before\n')
    bridge, _ = lab.start_echo(log_file=path)
    one_session(lab, bridge)
    until(lambda: 'reason=client_closed' in path.read_text(), 'the session in the file')
    assert path.read_text().startswith('what was there before\n'), 'appended, not overwritten'
    assert not bridge.lines, 'the file takes the place of standard error'


def test_a_line_is_a_line(lab):
    """No peer can write a second line into the log, or anything but text."""
    bridge, _ = lab.start_echo('-v')
    lab.connect(bridge).send(request('/%0afake', extra=('X-Y: a\tb',))).hang_up()
    lab.connect(bridge).send(b'GET /a\nreason=forged HTTP/1.1\r\n\r\n').hang_up()
    lab.connect(bridge).send(b'\x1b[31mred\x07\r\n\r\n').hang_up()
    until(lambda: len(bridge.records()) >= 3, lambda: bridge.text)
    assert 'reason=forged' not in bridge.text
    assert not re.search(r'[\x00-\x08\x0b-\x1f\x7f]', bridge.text)


def test_no_secret_in_the_log(lab):
    bridge, _ = lab.start_echo('-v')
    client = lab.connect(bridge).send(request('/path?token=SECRET1', extra=(
        'Authorization: Basic SECRET2', 'Cookie: session=SECRET3', 'Sec-WebSocket-Protocol: SECRET4')))
    assert client.answer().status == 101
    client.binary(b'SECRET5').data(7)
    assert client.send(close_frame(1000, b'SECRET6')).close_code() == 1000 and client.eof()
    refused = lab.connect(bridge).send(request('/path?token=SECRET7', method='POST'))
    assert refused.answer().status == 405 and refused.eof()
    bridge.session(1)
    assert 'SECRET' not in bridge.text


def test_the_reason_is_the_first_cause(lab):
    """Consequences of an end (a late reset, an unanswered Close) do not hide its cause."""
    bridge, _ = lab.start_echo()
    client = lab.open(bridge).send(frame(BINARY, b'x', rsv=4))
    assert client.close_code() == 1002
    client.reset()
    assert bridge.session()['reason'] == 'ws_rsv'
    assert len(bridge.records()) == 1
