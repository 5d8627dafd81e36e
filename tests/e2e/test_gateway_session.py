"""Options of a route for its sessions: pings, times, text, subprotocols, header fields, its name."""
import time

import pytest
import targets
from gateway import ask, get, marked, samples, start, there
from lab import elapsed
from wire import BINARY, PING, PONG, TEXT, close_frame, frame, time_passes, until

OPS = [{'path': '/metrics', 'metrics': True}]


def opened(lab, bridge, path='/', **how):
    return lab.open(bridge, upgrade={'path': path, **how})


# ---- times ----

def test_ping_interval(lab):
    echo = lab.target()
    bridge = start(lab, [marked('/*', echo, ping_interval='1s'), marked('/never', echo, ping_interval='off')])
    often, never = opened(lab, bridge), opened(lab, bridge, '/never')
    began = time.monotonic()
    for number in range(1, 3):
        opcode, payload = often.frame()
        assert opcode == PING and number - 0.3 < time.monotonic() - began < number + 1
        often.send(frame(PONG, payload))
    never.binary(b'x')
    assert never.frame() == (BINARY, b'x')  # and no ping before it
    for client in (often, never):
        client.bye()


def test_a_client_that_answers_no_ping(lab):
    bridge = start(lab, [marked('/*', lab.target(), ping_interval='1s', ping_timeout='1s')])
    client = opened(lab, bridge)
    assert 1.5 < elapsed(lambda: client.closing() if client.frame()[0] == PING else None) < 4
    assert bridge.session(reason='client_dead')


def test_idle_timeout(lab):
    bridge = start(lab, [marked('/*', lab.target(), idle_timeout='1s', ping_interval='off')])
    idle, busy = opened(lab, bridge), opened(lab, bridge)
    began = time.monotonic()
    for _ in range(4):
        time_passes(0.4)
        busy.binary(b'x')
        assert busy.data(1) == b'x'
        idle.send(frame(PING, b'no data'))
    assert idle.end()[1:] == (1000, 'Idle for too long')
    assert 1.5 <= time.monotonic() - began < 2.5
    assert busy.end()[1:] == (1000, 'Idle for too long')
    assert bridge.session(1, reason='idle_timeout')


def test_data_from_the_target_is_no_idleness(lab):
    def ticking(connection):
        for _ in range(5):
            time_passes(0.5)
            connection.sock.sendall(b'x')
        connection.read_all()
    bridge = start(lab, [marked('/*', lab.target(ticking), idle_timeout='1s')])
    assert opened(lab, bridge).end() == (b'xxxxx', 1000, 'Idle for too long')


def test_max_duration(lab):
    bridge = start(lab, [marked('/*', lab.target(), max_duration='1s', name='short')])
    client = opened(lab, bridge)
    began = time.monotonic()
    while time.monotonic() < began + 0.8:
        client.binary(b'x')
        assert client.data(1) == b'x'
    assert client.end()[1:] == (1000, 'Session time limit reached')
    assert 0.9 < time.monotonic() - began < 2
    record = bridge.session(reason='duration_limit')
    assert record['route'] == 'short' and 1000 <= int(record['duration_ms']) < 2000


# ---- frames and words ----

def test_text_is_a_matter_of_the_route(lab):
    echo = lab.target()
    bridge = start(lab, [marked('/*', echo), marked('/binary', echo, text='refuse')])
    client = opened(lab, bridge).send(frame(TEXT, b'hello'))
    assert client.data(5) == b'hello'
    client.bye()
    assert opened(lab, bridge, '/binary').send(frame(TEXT, b'hello')).end()[1:] == (
        1003, 'Text frames are not accepted here')


@pytest.mark.parametrize('configured, offered, agreed', [
    (None, None, None), (None, 'binary', 'binary'), (None, 'chat', 'chat'), (None, 'base64, binary', 'binary'),
    (None, 'base64', None), (None, 'chat, binary', 'binary'),
    (['vnc', 'binary'], 'binary, vnc', 'vnc'), (['vnc', 'binary'], 'binary', 'binary'), (['vnc'], 'binary', None),
    (['vnc'], None, None), (['vnc'], 'VNC', None)])
def test_subprotocols(lab, configured, offered, agreed):
    bridge = start(lab, [marked('/*', lab.target(), **({'subprotocols': configured} if configured else {}))])
    answer = ask(lab, bridge, fields={'Sec-WebSocket-Protocol': offered} if offered else {})
    assert (answer.status, answer.fields.get('sec-websocket-protocol')) == (101, agreed)


def test_header_fields_are_in_every_answer_of_the_route(lab):
    fields = {'X-Frame-Options': 'DENY', 'Strict-Transport-Security': 'max-age=63072000; includeSubDomains'}
    routes = [{'path': '/*', 'target': there(lab.target()), 'headers': fields, 'max_sessions': 1},
              {'path': '/dead', 'target': f'unix:{lab.folder}/nobody', 'headers': fields},
              {'path': '/away', 'redirect': '/', 'headers': fields}, {**OPS[0], 'headers': fields},
              {'path': '/health', 'health': 'live', 'headers': fields},
              {'path': '/in', 'target': there(lab.target()), 'headers': fields, 'allow': ['192.0.2.1']}]
    bridge = start(lab, routes)
    inside = opened(lab, bridge)
    answers = {
        426: get(lab, bridge, '/'), 503: ask(lab, bridge, '/'), 502: ask(lab, bridge, '/dead'),
        301: get(lab, bridge, '/away'), 200: get(lab, bridge, '/metrics'), 403: ask(lab, bridge, '/in')}
    inside.bye()
    answers[101] = until(lambda: (lambda a: a if a.status == 101 else None)(ask(lab, bridge, '/')), 'room')
    for status, answer in [*answers.items(), (200, get(lab, bridge, '/health'))]:
        assert answer.status == status
        for name, value in fields.items():
            assert answer.fields.get(name.lower()) == value, status
    assert 'x-frame-options' not in ask(lab, bridge, '/%zz').fields


def test_the_name_in_log_and_metrics(lab):
    echo = lab.target()
    bridge = start(lab, [marked('/a', echo, name='desk'), marked('/b', echo, name='desk'), marked('/c', echo), *OPS])
    for path, size in (('/a', 10), ('/b', 20), ('/c', 5)):
        client = opened(lab, bridge, path).binary(bytes(size))
        client.data(size)
        client.bye()
    until(lambda: len(bridge.records()) == 3, lambda: bridge.text)
    assert sorted(record['route'] for record in bridge.records()) == ['/c', 'desk', 'desk']
    seen = samples(lab, bridge)
    assert seen['wsluice_route_sessions_total{route="desk"}'] == 2
    assert seen['wsluice_route_sessions_total{route="/c"}'] == 1
    assert seen['wsluice_route_payload_bytes_total{route="desk",direction="up"}'] == 30
    assert seen['wsluice_route_payload_bytes_total{route="desk",direction="down"}'] == 30
    assert seen['wsluice_route_sessions{route="desk"}'] == 0
    assert seen['wsluice_route_ended_total{route="desk",reason="client_closed"}'] == 2


def test_routes_do_not_share_what_is_theirs(lab):
    """Many sessions at once, each with the times and the target of its own route."""
    services = [lab.target(targets.source(b'%d' % i, then='hold')) for i in range(4)]
    bridge = start(lab, [{'path': f'/{i}', 'target': there(service), 'max_duration': f'{i + 1}s'}
                         for i, service in enumerate(services)])
    began = time.monotonic()
    clients = [(i % 4, opened(lab, bridge, f'/{i % 4}')) for i in range(40)]
    for number, client in sorted(clients, key=lambda pair: pair[0]):
        data, code, reason = client.closing()
        assert (data, code, reason) == (b'%d' % number, 1000, 'Session time limit reached')
        assert number + 0.8 < time.monotonic() - began < number + 2.5
        client.send(close_frame(code))
        client.hang_up()
