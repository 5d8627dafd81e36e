"""One line for each session, and for each connection that ends before it is one."""
import json
import re
import socket

import pytest
from gateway import ask, get, marked, samples, start, there
from lab import FIELD
from targets import sink, source
from wire import BINARY, close_frame, frame, request, time_passes, until

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


# ---- what was refused ----

def routes_of(lab):
    return [marked('/desk', lab.target(), name='desk', host='localhost')]


@pytest.mark.parametrize('log_format', ['text', 'json'])
def test_a_refusal_says_what_was_refused(lab, log_format):
    bridge = start(lab, routes_of(lab), log={'format': log_format})
    assert ask(lab, bridge, '/dsek/a%20b?token=SECRET', fields={'Host': 'Desk.example.com:80'}).status == 404
    line = bridge.session(reason='http_no_route')
    assert (line['path'], line['host']) == ('/dsek/a%20b', 'Desk.example.com:80') and 'origin' not in line
    assert ask(lab, bridge, '/desk?SECRET', fields={'Origin': 'https://evil.example:8443'}).status == 403
    line = bridge.session(reason='origin_refused')
    assert (line['path'], line['host'], line['origin']) == ('/desk', 'localhost', 'https://evil.example:8443')
    assert line['route'] == 'desk' and 'list its origin in origins' in line['detail']
    assert ask(lab, bridge, '/desk', fields={'Origin': 'null'}).status == 403
    assert bridge.session(1, reason='origin_refused')['origin'] == 'null'
    assert get(lab, bridge, '/desk').status == 426
    assert bridge.session(reason='http_not_upgrade')['path'] == '/desk'
    assert 'SECRET' not in bridge.text


def test_a_websocket_needs_a_route_with_a_target(lab, tmp_path):
    """noVNC with a wrong path, for one: its route has files only."""
    bridge = start(lab, [{'path': '/*', 'files': str(tmp_path)}])
    answer = ask(lab, bridge, '/websockify')
    assert (answer.status, answer.body) == (404, b'No WebSocket at this path: its route has no target\n')
    line = bridge.session(reason='ws_no_target')
    assert (line['path'], line['route']) == ('/websockify', '/*')


def test_a_path_with_a_token_is_not_shown(lab, tmp_path):
    (tmp_path / 'tokens').write_text(f'SECRET1: 127.0.0.1:{lab.target().port}\n')
    bridge = start(lab, [{'path': '/t/*', 'tokens': {'from': 'path', 'file': str(tmp_path / 'tokens')}}],
                   log={'level': 'debug'})
    for path in ('/t/SECRET2', '/T/SECRET1', '/SECRET1/'):
        assert ask(lab, bridge, path).status == 404
    assert ask(lab, bridge, '/t/SECRET1').status == 101
    assert get(lab, bridge, '/t/SECRET1').status == 426
    until(lambda: len(bridge.records()) == 5, lambda: bridge.text)
    assert 'SECRET' not in bridge.text and ' host=localhost ' in bridge.text


def test_a_host_with_a_token_is_not_shown(lab, tmp_path):
    (tmp_path / 'tokens').write_text(f'secret1.test: 127.0.0.1:{lab.target().port}\n')
    bridge = start(lab, [{'path': '/t', 'tokens': {'from': 'host', 'file': str(tmp_path / 'tokens')}}],
                   log={'level': 'debug'})
    for path, host, status in (('/t', 'secret2.test', 404), ('/x', 'secret1.test', 404), ('/t', 'secret1.test', 101)):
        assert ask(lab, bridge, path, fields={'Host': host}).status == status
    until(lambda: len(bridge.records()) == 3, lambda: bridge.text)
    assert 'secret' not in bridge.text and ' path=/x ' in bridge.text


def test_an_origin_has_no_token_of_a_host(lab, tmp_path):
    """A page comes from the host that has the token; its other requests may be for another route."""
    (tmp_path / 'tokens').write_text(f'secret1.test: 127.0.0.1:{lab.target().port}\n')
    bridge = start(lab, [{'path': '/t', 'tokens': {'from': 'host', 'file': str(tmp_path / 'tokens')}},
                         {'path': '/desk', 'target': there(lab.target())}], log={'level': 'debug'})
    for number, path in enumerate(('/t', '/desk')):
        fields = {'Host': 'secret1.test', 'Origin': 'https://secret1.test:8443'}
        assert ask(lab, bridge, path, fields=fields).status == 403
        assert bridge.session(number, reason='origin_refused')['path'] == path
    assert 'secret' not in bridge.text


def test_a_query_in_the_path_is_not_shown(lab, tmp_path):
    """A link whose "?" was escaped, once or twice."""
    (tmp_path / 'tokens').write_text(f'SECRET: 127.0.0.1:{lab.target().port}\n')
    bridge = start(lab, [{'path': '/t', 'tokens': {'from': 'query:token', 'file': str(tmp_path / 'tokens')}}],
                   log={'level': 'debug'})
    for path in ('/t%3Ftoken=SECRET', '/t%3ftoken%3DSECRET', '/t%253ftoken%253dSECRET'):
        assert ask(lab, bridge, path).status == 404
    assert ask(lab, bridge, '/x').status == 404
    until(lambda: len(bridge.records()) == 4, lambda: bridge.text)
    assert 'SECRET' not in bridge.text and ' path=/x ' in bridge.text


@pytest.mark.parametrize('log_format', ['text', 'json'])
def test_what_was_refused_is_bounded_and_escaped(lab, log_format):
    bridge = start(lab, routes_of(lab), log={'format': log_format})
    origin = 'https://' + '"\\\xff\x80' * 1000
    assert ask(lab, bridge, '/desk', fields={'Origin': origin}).status == 403
    line = bridge.session(reason='origin_refused')
    assert line['origin'].endswith('...') and len(line['origin'].encode()) < 700
    assert int(line['duration_ms']) >= 0 and line['tls'] == '-', 'the fields behind it have their room'
    assert ask(lab, bridge, '/' + '%22' * 1000, fields={'Host': 'h' * 2000}).status == 404
    line = bridge.session(reason='http_no_route')
    assert line['path'].endswith('...') and line['host'] == 'h' * 96 + '...' and int(line['duration_ms']) >= 0
    assert all(len(text) < 2048 for text in bridge.lines)
    assert not re.search(r'[\x00-\x08\x0b-\x1f\x7f-\xff]', bridge.text)


@pytest.mark.parametrize('path', ['/favicon.ico', '/apple-touch-icon-precomposed.png', '/robots.txt',
                                  '/.well-known/appspecific/com.chrome.devtools.json'])
def test_a_visit_of_a_browser_is_no_warning(lab, path):
    """For what a browser asks by itself there is a 404 or 426, and a line at debug."""
    bridge = start(lab, [*routes_of(lab), {'path': '/up', 'health': 'live', 'host': 'localhost'}], log={'level': 'debug'})
    quick, _ = lab.start_echo('-v')
    for one, status, reason in ((bridge, 404, 'http_no_route'), (quick, 426, 'http_not_upgrade')):
        client = lab.connect(one).send(b'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' % path.encode())
        assert client.answer().status == status
        client.hang_up()
        one.session(reason=reason)
        assert ' debug handshake ' in one.text and not re.search(r' warn .*(handshake|favicon)', one.text)


def test_a_favicon_hides_no_refusal(lab):
    """The page that is missing, and the icon of its answer, on one connection."""
    bridge = start(lab, [marked('/desk', lab.target(), host='localhost')])
    client = lab.connect(bridge)
    for path in (b'/vnc.html', b'/favicon.ico'):
        client.send(b'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' % path)
        assert client.answer().status == 404
    client.hang_up()
    assert bridge.session(reason='http_no_route')['path'] == '/vnc.html'
    bridge.says(' warn  handshake ')


@pytest.mark.parametrize('last', ['keep-alive', 'close'])
def test_a_good_request_hides_no_refusal(lab, last):
    """Probes that are followed by a request for the page; the next refusal counts."""
    bridge = start(lab, [*routes_of(lab), {'path': '/up', 'health': 'live', 'host': 'localhost'},
                         {'path': '/metrics', 'metrics': True, 'host': 'localhost'}])
    client = lab.connect(bridge)
    for path, status in ((b'/up', 200), (b'/admin', 404), (b'/up', 200), (b'/desk', 426), (b'/up', 200), (b'/favicon.ico', 404)):
        client.send(b'GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' % path)
        assert client.answer().status == status
    client.send(b'GET /up HTTP/1.1\r\nHost: localhost\r\nConnection: %s\r\n\r\n' % last.encode())
    assert client.answer().status == 200
    client.hang_up()
    line = bridge.session(reason='http_not_upgrade')
    assert (line['route'], line['path']) == ('desk', '/desk')
    assert samples(lab, bridge)['wsluice_route_ended_total{route="/up",reason="answered"}'] == 4


@pytest.mark.parametrize('rest,reason', [(b'GARBAGE\x01\r\n\r\n', 'http_malformed'), (b'GET /', 'handshake_eof')])
def test_a_favicon_hides_no_later_fault(lab, rest, reason):
    """What follows the icon on its connection is logged as on any other."""
    bridge = start(lab, routes_of(lab))
    client = lab.connect(bridge).send(b'GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n')
    assert client.answer().status == 404
    client.send(rest)
    client.sock.shutdown(socket.SHUT_WR)
    bridge.session(reason=reason)
    client.hang_up()


@pytest.mark.parametrize('how', ['close', 'reset'])
def test_a_connection_without_a_byte_is_no_warning(lab, certs, how):
    """Browsers connect ahead of requests that they may not make; load balancers check ports so."""
    secure = ('--cert', certs.ec, '--key', certs.ec_key)
    hellos = (None, certs.context()) if how == 'close' else (None,)
    for options, contexts in (((), (None,)), (secure, hellos)):
        bridge, _ = lab.start_echo('-v', *options)
        for context in contexts:
            client = lab.connect(bridge, context=context)
            client.hang_up() if how == 'close' else client.reset()
        until(lambda b=bridge, n=len(contexts): len(b.records()) == n, lambda b=bridge: b.text)
        assert {line['reason'] for line in bridge.records()} == {'silent'}
        assert not re.search(r' (info|warn) +handshake', bridge.text)


# ---- begin and duration ----

@pytest.mark.parametrize('log_format', ['text', 'json'])
def test_a_session_says_that_it_begins(lab, certs, log_format):
    bridge, target = lab.start_echo(f'--log-format={log_format}', '-v', '--cert', certs.ec, '--key', certs.ec_key)
    client = lab.open(bridge, context=certs.context(), upgrade={'path': '/websockify?token=SECRET'})

    def begun():
        records = [json.loads(line) if line[0] == '{' else dict(FIELD.findall(line), event=line.split()[2])
                   for line in bridge.lines]
        return [record for record in records if record.get('event') == 'opened']
    until(begun, lambda: bridge.text)
    line, = begun()
    assert not bridge.records(), 'it goes on'
    client.bye()
    end = bridge.session(reason='client_closed')
    for key in ('id', 'client', 'listener', 'route', 'target', 'tls'):
        assert line[key].strip('"') == end[key], key
    assert line['path'] == '/websockify' and str(target.port) in line['target']
    assert 'SECRET' not in bridge.text


def test_the_begin_is_for_debugging(lab):
    bridge, _ = lab.start_echo()
    one_session(lab, bridge)
    bridge.session()
    assert ' opened ' not in bridge.text
    quiet = start(lab, [marked('/*', lab.target())], log={'level': 'debug', 'access': False})
    lab.open(quiet).bye()
    lab.connect(quiet).send(b'GET / HTTP/1.1\r\n\r\n').hang_up()
    quiet.session(reason='http_host')
    assert ' opened ' not in quiet.text


@pytest.mark.parametrize('connect', ['first', 'after_upgrade'])
def test_duration_counts_from_the_upgrade(lab, connect):
    """Not from the connection, which may have been there for long."""
    bridge = start(lab, [marked('/ws', lab.target(), connect=connect), {'path': '/up', 'health': 'live'}])
    client = lab.connect(bridge)
    client.send(b'GET /up HTTP/1.1\r\nHost: localhost\r\n\r\n')
    assert client.answer().status == 200
    time_passes(1.2)
    client.upgrade(path='/ws').bye()
    assert int(bridge.session(reason='client_closed')['duration_ms']) < 1000


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
