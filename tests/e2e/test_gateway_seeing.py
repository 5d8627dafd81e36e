"""Metrics, health and logs, and that they hold no secrets."""
import json
import re
import shutil
import signal
import socket
import subprocess

import pytest
import targets
from gateway import ANY, ask, get, marked, samples, start, there
from lab import BINARY
from wire import frame, request, unread, until

OPS = [{'path': '/metrics', 'name': 'ops', 'metrics': True}, {'path': '/live', 'name': 'ops', 'health': 'live'},
       {'path': '/ready', 'name': 'ops', 'health': 'ready'}]
ENDPOINTS = [{'address': ANY, 'name': 'front'}, {'address': ANY, 'name': 'back', 'routes': ['ops']}]
promtool = shutil.which('promtool', path='/usr/bin:/usr/local/bin')


def busy_gateway(lab, certs, **process):
    """Every kind of route, listener and end."""
    echo = lab.target()
    here = {'host': 'localhost'}  # without it a bridge on loopback is warned of
    routes = [marked('/*', echo, name='desk', **here), marked('/dead', echo, name='dead', allow=['192.0.2.1'], **here), *OPS,
              {'path': '/gone', 'target': f'unix:{lab.folder}/nobody', **here}, {'path': '/away', 'redirect': '/', **here},
              {'path': '/tls', 'target': there(echo, proxy_protocol='v2'), **here}]
    tls = {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}], 'mode': 'optional'}
    return start(lab, routes, [{**ENDPOINTS[0], 'tls': tls}, ENDPOINTS[1]], **process)


def traffic(lab, bridge, certs):
    """A known number of everything."""
    front = bridge.endpoints[0]
    for context in (None, None, certs.context()):
        client = lab.open(front, context=context, upgrade={'path': '/x'}).binary(bytes(1000))
        client.data(1000)
        client.bye()
    assert [ask(lab, front, path).status for path in ('/dead', '/dead', '/gone', '/%zz')] == [403, 403, 502, 400]
    assert get(lab, front, '/away').status == 301
    assert ask(lab, front, fields={'Origin': 'https://evil.net'}).status == 403
    until(lambda: len(bridge.records()) >= 8, lambda: bridge.text)


# ---- metrics ----

def test_counts_are_those_of_the_traffic(lab, certs):
    bridge = busy_gateway(lab, certs)
    back = bridge.endpoints[1]
    before = samples(lab, back)
    traffic(lab, bridge, certs)
    seen = samples(lab, back)
    grown = {name: value - before.get(name, 0) for name, value in seen.items()}
    expected = {
        'wsluice_handshakes_total{result="ok",tls="none"}': 2, 'wsluice_handshakes_total{result="ok",tls="1.3"}': 1,
        'wsluice_handshakes_total{result="address_refused",tls="none"}': 2,
        'wsluice_handshakes_total{result="target_unreachable",tls="none"}': 1,
        'wsluice_handshakes_total{result="http_malformed",tls="none"}': 1,
        'wsluice_handshakes_total{result="origin_refused",tls="none"}': 1,
        'wsluice_route_sessions_total{route="desk"}': 3, 'wsluice_route_sessions{route="desk"}': 0,
        'wsluice_route_payload_bytes_total{route="desk",direction="up"}': 3000,
        'wsluice_route_payload_bytes_total{route="desk",direction="down"}': 3000,
        'wsluice_route_ended_total{route="desk",reason="client_closed"}': 3,
        'wsluice_route_ended_total{route="desk",reason="origin_refused"}': 1,
        'wsluice_route_ended_total{route="dead",reason="address_refused"}': 2,
        'wsluice_connections_ended_total{reason="client_closed"}': 3,
        'wsluice_connect_seconds_count': 3, 'wsluice_draining': 0, 'wsluice_accepts_paused': 0}
    wrong = {name: grown.get(name) for name, value in expected.items() if grown.get(name) != value}
    assert wrong == {}, '\n'.join(f'{name} {value}' for name, value in grown.items() if value)


def test_what_is_open_is_shown_and_goes(lab, certs):
    bridge = busy_gateway(lab, certs)
    back = bridge.endpoints[1]
    inside = [lab.open(bridge.endpoints[0], upgrade={'path': '/x'}) for _ in range(5)]

    def open_ones():
        seen = samples(lab, back)
        return (seen['wsluice_route_sessions{route="desk"}'],
                sum(value for name, value in seen.items() if name.startswith('wsluice_worker_sessions')))
    until(lambda: open_ones() == (5, 5), open_ones)
    for client in inside:
        client.bye()
    until(lambda: open_ones() == (0, 0), open_ones)


def test_every_route_is_counted(lab):
    """Of any kind, from its first client on."""
    kinds = [marked('/a', lab.target(), name='a'), {'path': '/away', 'redirect': '/'}, {'path': '/www/*', 'files': str(lab.folder)},
             {'path': '/status', 'status': True}, *OPS]
    bridge = start(lab, kinds)
    assert ask(lab, bridge, '/a').status == 101
    for path in ('/away', '/www/gateway.yaml', '/status'):
        get(lab, bridge, path)
    seen = samples(lab, bridge)
    for name in ('a', '/away', '/www/*', '/status', 'ops'):
        assert f'wsluice_route_sessions{{route="{name}"}}' in seen
        assert seen[f'wsluice_route_sessions_total{{route="{name}"}}'] == (name == 'a')
        assert f'wsluice_route_payload_bytes_total{{route="{name}",direction="up"}}' in seen
    until(lambda: samples(lab, bridge).get('wsluice_route_ended_total{route="/away",reason="answered"}') == 1, 'its end')


def test_targets_of_tokens_are_counted_within_a_bound(lab):
    """The first 64 by name, the others as one; over several workers, with those that fail."""
    target, tokens = lab.target(sock=socket.create_server(('0.0.0.0', 0))), lab.folder / 'tokens'
    with targets.refusing_port() as sock:
        lines = [f'dead: 127.0.0.1:{sock.getsockname()[1]}', f'one: 127.0.0.1:{target.port}']
        lines += [f'n{i}: 127.0.{i}.1:{target.port}' for i in range(1, 70)]
        tokens.write_text('\n'.join(lines) + '\n')
        bridge = start(lab, [{'path': '/t', 'name': 'desks', 'tokens': {'from': 'query:token', 'file': str(tokens)}}, *OPS],
                       workers=3)
        held = [lab.open(bridge, upgrade={'path': '/t?token=one'}) for _ in range(4)]
        for client in held[1:]:
            assert client.binary(b'12345').data(5) == b'12345'
            client.bye()
        assert ask(lab, bridge, '/t?token=dead').status == 502
        assert ask(lab, bridge, '/t?token=unknown').status == 404
        for i in range(1, 70):
            assert ask(lab, bridge, f'/t?token=n{i}').status == 101
        of = 'route="desks",target="127.0.0.1:%d"' % target.port
        until(lambda: samples(lab, bridge)[f'wsluice_token_target_sessions{{{of}}}'] == 1, lambda: bridge.text)
        seen = samples(lab, bridge)
        dead = f'route="desks",target="127.0.0.1:{sock.getsockname()[1]}"'
    held[0].bye()
    assert seen[f'wsluice_token_target_sessions_total{{{of}}}'] == 4
    assert seen[f'wsluice_token_target_payload_bytes_total{{{of},direction="up"}}'] == 15
    assert seen[f'wsluice_token_target_ended_total{{{of},reason="client_closed"}}'] == 3
    assert seen[f'wsluice_token_target_ended_total{{{dead},reason="target_refused"}}'] == 1
    totals = {name: value for name, value in seen.items() if name.startswith('wsluice_token_target_sessions_total')}
    assert len(totals) == 65
    assert totals['wsluice_token_target_sessions_total{route="desks",target="other"}'] == 69 - 62
    assert sum(totals.values()) == seen['wsluice_route_sessions_total{route="desks"}']
    assert 'n1' not in str(seen) and 'unknown' not in str(totals), 'targets, not tokens'


@pytest.mark.skipif(not promtool, reason='promtool is not installed')
def test_promtool_agrees(lab, certs):
    bridge = busy_gateway(lab, certs)
    traffic(lab, bridge, certs)
    answer = get(lab, bridge.endpoints[1], '/metrics')
    assert answer.fields['content-type'].startswith('text/plain; version=0.0.4')
    assert answer.fields['cache-control'] == 'no-store'
    verdict = subprocess.run([promtool, 'check', 'metrics'], input=answer.body, capture_output=True, timeout=30,
                             check=False)
    assert (verdict.returncode, verdict.stdout, verdict.stderr) == (0, b'', b'')
    names = [line.rsplit(b' ', 1)[0] for line in answer.body.splitlines() if not line.startswith(b'#')]
    assert len(names) == len(set(names))


def test_metrics_are_not_on_other_listeners(lab, certs):
    bridge = busy_gateway(lab, certs)
    assert ask(lab, bridge.endpoints[0], '/metrics').fields['x-route'] == '/*'
    assert ask(lab, bridge.endpoints[1], '/x').status == 404
    assert get(lab, bridge.endpoints[1], '/metrics', method='POST').status == 405


# ---- health ----

def test_live_and_ready(lab, certs):
    bridge = busy_gateway(lab, certs)
    back = bridge.endpoints[1]
    for path, body in (('/live', {'status': 'live'}), ('/ready', {'status': 'ready'})):
        answer = get(lab, back, path)
        assert (answer.status, json.loads(answer.body)) == (200, body)
        assert answer.fields['content-type'] == 'application/json' and answer.fields['cache-control'] == 'no-store'


def test_not_ready_while_draining(lab, certs):
    """A client that connected before the listeners close is told."""
    bridge = busy_gateway(lab, certs, limits={'drain_timeout': '3s', 'drain_spread': '2s'})
    inside = [lab.open(bridge.endpoints[0], upgrade={'path': '/x'}) for _ in range(3)]
    asking = lab.connect(bridge.endpoints[1]).send(b'GET /ready HTTP/1.1\r\n')
    until(lambda: unread(asking) == 0, 'the half request is read')
    bridge.signal(signal.SIGTERM)
    until(lambda: 'no new clients' in bridge.text, lambda: bridge.text)
    asking.send(b'Host: localhost\r\n\r\n')
    answer = asking.answer()
    assert answer.status == 503
    assert b'draining' in answer.body or b'shutting down' in answer.body
    for client in inside:
        assert client.end()[1] == 1001
    assert bridge.wait() == 0


# ---- logs ----

FIELDS = {'time', 'level', 'event', 'id', 'client', 'proxy', 'listener', 'route', 'target', 'reason', 'detail', 'bytes_up',
          'bytes_down', 'duration_ms', 'tls', 'path', 'host', 'origin'}


def test_json_lines(lab, certs):
    bridge = busy_gateway(lab, certs, log={'format': 'json'})
    traffic(lab, bridge, certs)
    lines = [json.loads(line) for line in bridge.lines]
    for line in lines:
        assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z', line['time'])
        assert line['level'] in ('debug', 'info', 'warn', 'error')
        assert ('message' in line) != ('event' in line)
    ended = [line for line in lines if line.get('event') in ('session', 'handshake')]
    assert all(set(line) <= FIELDS for line in ended), [set(line) - FIELDS for line in ended]
    one, = [line for line in ended if line['event'] == 'session' and line['tls'] != '-']
    assert (one['route'], one['reason'], one['bytes_up'], one['bytes_down'], one['level']) == (
        'desk', 'client_closed', 1000, 1000, 'info')
    assert one['listener'] == 'front' and one['target'].startswith('127.0.0.1:') and one['tls'].startswith('TLSv1.3')
    gone, = [line for line in ended if line.get('route') == '/gone']
    assert gone['target'].endswith('/nobody') and gone['level'] == 'warn' and gone['detail']


SECRET = 'Zq7-secret-8vTt'
HIDING = [
    {'path': f'/x?token={SECRET}'}, {'path': f'/nowhere?a={SECRET}', 'fields': {'Host': 'nobody.example'}},
    {'fields': {'Authorization': f'Bearer {SECRET}'}}, {'fields': {'Cookie': f'session={SECRET}'}},
    {'fields': {'Sec-WebSocket-Protocol': f'binary, {SECRET}'}}, {'fields': {'Origin': f'https://evil.net/?{SECRET}'}},
    {'fields': {'Origin': f'https://x:{SECRET}@evil.net'}}, {'path': f'/nowhere?a={SECRET}',
                                                            'fields': {'Host': 'nobody.example', 'Origin': SECRET}},
    {'fields': {'Proxy-Authorization': SECRET, 'X-Token': SECRET}}, {'path': f'/dead?{SECRET}'},
    {'path': f'/gone?token={SECRET}'}, {'path': f'/%zz?{SECRET}'}, {'path': f'/away?token={SECRET}'},
    {'fields': {'Sec-WebSocket-Key': SECRET}}, {'fields': {'Sec-WebSocket-Version': SECRET}},
    {'version': f'HTTP/{SECRET}'}, {'method': SECRET}, {'fields': {'Host': f'{SECRET}@x'}},
]


@pytest.mark.parametrize('form', ['text', 'json'])
def test_no_secret_in_log_or_metrics(lab, certs, form):
    bridge = busy_gateway(lab, certs, log={'format': form, 'level': 'debug'})
    for number, how in enumerate(HIDING):
        for context in (None, certs.context()):
            client = lab.connect(bridge, context=context).send(request(**how))
            if client.answer().status == 101:
                client.binary(SECRET.encode())
                client.send(frame(8, b'\x03\xe8' + SECRET.encode()))
                client.closing()
            client.hang_up()
        until(lambda n=number: len(bridge.records()) >= 2 * n + 2, lambda: bridge.text)
    assert SECRET not in bridge.text
    assert SECRET.encode() not in get(lab, bridge.endpoints[1], '/metrics').body


def test_a_secret_of_the_file_is_not_printed(lab, certs, tmp_path):
    """The password of a key, in what a start and a refused reload say."""
    key = certs.encrypted_key(SECRET)
    tls = {'certificates': [{'certificate': certs.ec, 'key': key, 'key_password': SECRET}]}
    bridge = start(lab, [marked('/*', lab.target())], [{'address': ANY, 'tls': tls}], log={'level': 'debug'})
    config = json.loads(bridge.file.read_text())
    config['listeners'][0]['tls']['certificates'][0]['key_password'] = SECRET + 'x'
    bridge.file.write_text(json.dumps(config))
    bridge.signal(signal.SIGHUP)
    until(lambda: 'stays as it was' in bridge.text, lambda: bridge.text)
    assert SECRET not in bridge.text


def test_access_lines_can_be_left_out(lab):
    bridge = start(lab, [marked('/*', lab.target()), {'path': '/gone', 'target': f'unix:{lab.folder}/nobody'}],
                   log={'access': False})
    assert ask(lab, bridge).status == 101 and ask(lab, bridge, '/gone').status == 502
    assert bridge.session()['reason'] == 'target_unreachable'


def test_the_log_goes_to_a_file_that_may_be_rotated(lab, tmp_path):
    log = tmp_path / 'wsluice.log'
    config = {'listeners': [{'address': ANY}], 'routes': [marked('/*', lab.target(), host='localhost')],
              'log': {'file': str(log)}}
    file = tmp_path / 'rotate.yaml'
    file.write_text(json.dumps(config))
    process = lab.spawn(BINARY, '--config', str(file), stderr=subprocess.PIPE)
    until(lambda: log.exists() and 'listening on' in log.read_text(), 'a log')
    log.rename(tmp_path / 'old.log')
    process.send_signal(signal.SIGUSR1)
    until(log.exists, 'a new file')
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0 and process.stderr.read() == b''
    assert 'stopped' in log.read_text()


def test_a_slow_client_is_a_stall(lab):
    service = lab.target(targets.source(bytes(8 << 20), then='hold'))
    bridge = start(lab, [{'path': '/*', 'target': there(service)}, *OPS])
    client = lab.open(bridge, receive_buffer=4096, upgrade={'path': '/x'})
    bridge.rests()
    client.data(8 << 20)
    seen = samples(lab, bridge)
    stalled = {name: value for name, value in seen.items() if 'stall' in name and 'down' in name and '_count' in name}
    assert sum(stalled.values()) > 0, stalled
    client.bye()
