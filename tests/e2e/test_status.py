"""Tools of operators: status routes, the admin socket, wsluice status, kill and health."""
import fcntl
import json
import os
import re
import resource
import signal
import socket
import struct
import termios
import threading
import time

import jsonschema
import pytest
import targets
from gateway import ANY, ask, get, marked, start, status_document, there, write
from lab import BINARY as BINARY_FILE
from lab import run
from processes import adopt_orphans, upgrade
from wire import BINARY, PING, PONG, WAIT, frame, header, request, time_passes, until

pytestmark = pytest.mark.threads

LOCAL = ['127.0.0.0/8']
STATUS = {'path': '/status', 'status': True, 'allow': LOCAL}


def whole(properties, **more):
    """An object with exactly these."""
    return {'type': 'object', 'properties': properties, 'required': list(properties), 'additionalProperties': False,
            **more}


def array(items):
    return {'type': 'array', 'items': items}


NUMBER, TEXT, TRUTH = {'type': 'integer', 'minimum': 0}, {'type': 'string'}, {'type': 'boolean'}
MAY_BE_NUMBER, MAY_BE_TEXT = {'type': ['integer', 'null'], 'minimum': 0}, {'type': ['string', 'null']}
ROW = whole({
    'id': {'type': 'string', 'pattern': '^([0-9]+[.])?[0-9]+-[0-9]+$'}, 'process': NUMBER, 'client': TEXT, 'proxy': MAY_BE_TEXT, 'user': MAY_BE_TEXT,
    'listener': TEXT, 'route': TEXT, 'target': MAY_BE_TEXT,
    'state': {'enum': ['dialling', 'answered', 'open', 'closing']}, 'tls': MAY_BE_TEXT,
    'age_ms': NUMBER, 'idle_ms': NUMBER, 'input_ms': MAY_BE_NUMBER, 'ping_ms': MAY_BE_NUMBER, 'bytes_up': NUMBER, 'bytes_down': NUMBER,
    'rate_up': NUMBER, 'rate_down': NUMBER, 'stalled': {'enum': [None, 'client', 'target', 'both']},
    'stalled_ms': MAY_BE_NUMBER})
TARGET = whole({'address': TEXT, 'state': {'enum': ['up', 'down', 'trial']}, 'sessions': NUMBER, 'failures': NUMBER,
                'down_ms': MAY_BE_NUMBER, 'probe': {'enum': [None, 'up', 'down']}})
VERDICT = whole({'begun': NUMBER, 'ended': NUMBER, 'failed': TRUTH, 'findings': array(TEXT), 'message': MAY_BE_TEXT})
SCHEMA = whole({
    'now': NUMBER, 'token': {'type': ['string', 'null'], 'pattern': '^[0-9a-f]{32}$'}, 'kill_refused': MAY_BE_TEXT,
    'process': whole({'version': TEXT, 'pid': NUMBER, 'started_at': NUMBER, 'uptime_ms': NUMBER, 'workers': NUMBER,
                      'draining': TRUTH, 'accepts_paused': TRUTH, 'reload_failed': TRUTH, 'reloaded_at': NUMBER,
                      'reload': VERDICT, 'upgrade': VERDICT}),
    'processes': array(whole({'pid': NUMBER, 'version': TEXT, 'started_at': NUMBER, 'answering': TRUTH, 'sessions': NUMBER,
                              'state': {'enum': ['serving', 'retiring', 'draining']}})),
    'totals': whole({name: NUMBER for name in (
        'connections', 'sessions', 'connections_total', 'sessions_total', 'bytes_up', 'bytes_down', 'rate_up',
        'rate_down', 'stalled_up', 'stalled_down', 'targets', 'targets_down', 'targets_on_trial')}),
    'history': whole({'step_ms': NUMBER, 'until': NUMBER, **{
        name: {**array(NUMBER), 'maxItems': 120} for name in ('up', 'down', 'sessions')}}),
    'sessions': whole({'matched': NUMBER, 'listed': NUMBER, 'truncated': TRUTH, 'filter': TEXT, 'sort': TEXT,
                       'order': {'enum': ['asc', 'desc']}, 'limit': NUMBER, 'rows': array(ROW)}),
    'route_count': NUMBER,
    'routes': array(whole({'name': TEXT, 'path': TEXT, 'host': MAY_BE_TEXT, 'kind': TEXT, 'sessions': NUMBER,
                           'sessions_total': NUMBER, 'bytes_up': NUMBER, 'bytes_down': NUMBER,
                           'targets': array(TARGET)})),
    'listeners': array(whole({'address': TEXT, 'name': MAY_BE_TEXT, 'tls': {'enum': ['off', 'optional', 'required']},
                              'connections': NUMBER})),
    'certificates': array(whole({'file': TEXT, 'name': MAY_BE_TEXT, 'not_before': NUMBER, 'not_after': NUMBER,
                                 'state': {'enum': ['valid', 'expires soon', 'expired', 'not valid yet']}}))})


def status(lab, bridge, query='', path='/status', endpoint=0):
    answer = get(lab, bridge.endpoints[endpoint], f'{path}?format=json{query}')
    assert answer.status == 200, answer.body
    assert answer.fields['content-type'] == 'application/json' and answer.fields['cache-control'] == 'no-store'
    document = json.loads(answer.body)
    jsonschema.validate(document, SCHEMA)
    sessions = document['sessions']
    assert sessions['listed'] == len(sessions['rows']) <= sessions['matched'] <= document['totals']['sessions']
    assert sessions['truncated'] == (sessions['listed'] < sessions['matched'])
    return document


def rows(lab, bridge, query='', **how):
    return status(lab, bridge, query, **how)['sessions']['rows']


def name_of(client):
    return f'127.0.0.1:{client.sock.getsockname()[1]}'


# ---- what is seen ----

def test_an_idle_process(lab):
    bridge = start(lab, [marked('/desk', lab.target(), name='desk'), STATUS])
    document = status(lab, bridge)
    assert document['process']['pid'] == bridge.pid and document['process']['workers'] == 2
    assert document['sessions']['rows'] == [] and document['totals']['connections'] == 1
    assert [(route['name'], route['kind']) for route in document['routes']] == [('desk', 'bridge'),
                                                                                ('/status', 'status')]
    assert document['routes'][0]['targets'][0]['state'] == 'up'
    assert document['listeners'][0] == {'address': bridge.address, 'name': None, 'tls': 'off', 'connections': 1}


def test_sessions_over_several_workers(lab):
    """Every one of them once, with what it is and what it did; and gone when it is over."""
    echo = lab.target()
    bridge = start(lab, [marked('/desk', echo, name='desk'), marked('/other', echo), STATUS], workers=3)
    clients = [lab.open(bridge, upgrade={'path': '/desk' if i % 2 else '/other'}) for i in range(20)]
    for client in clients:
        client.binary(b'x' * 100).data(100)
    found = {row['client']: row for row in rows(lab, bridge)}
    assert set(found) == {name_of(client) for client in clients}
    assert len({row['id'] for row in found.values()}) == 20
    assert {row['id'].split('-')[0] for row in found.values()} == {'0', '1', '2'}
    for i, client in enumerate(clients):
        row = found[name_of(client)]
        assert (row['route'], row['state'], row['listener']) == ('desk' if i % 2 else '/other', 'open', bridge.address)
        assert (row['bytes_up'], row['bytes_down']) == (100, 100)
        assert row['target'] == f'127.0.0.1:{echo.port}' and row['tls'] is None and row['stalled'] is None
    first = found[name_of(clients[0])]
    clients[0].bye()
    assert bridge.session(reason='client_closed')['id'] == first['id']
    assert len(rows(lab, bridge)) == 19
    for client in clients[1:]:
        client.bye()


def test_filter_sort_and_limit(lab):
    echo = lab.target()
    bridge = start(lab, [marked('/desk', echo, name='desk'), marked('/other', echo), STATUS])
    clients = []
    for i in range(10):
        clients.append(lab.open(bridge, upgrade={'path': '/desk' if i % 2 else '/other'}))
        clients[-1].binary(b'x' * (i + 1)).data(i + 1)
    names = [name_of(client) for client in clients]

    def seen(query):
        return [row['client'] for row in rows(lab, bridge, query)]
    assert seen('&sort=up') == names[::-1]
    assert seen('&sort=down&order=asc') == names
    assert seen('&sort=up&limit=3') == names[:-4:-1]
    assert seen('&sort=up&order=asc&limit=3') == names[:3]
    assert seen('&sort=client') == sorted(names) and seen('&sort=client&order=desc') == sorted(names)[::-1]
    assert seen('&sort=client&limit=2') == sorted(names)[:2]
    assert set(seen('&filter=DESK')) == set(names[1::2])
    assert seen(f'&filter={names[4]}') == [names[4]]
    assert set(seen(f'&filter={echo.port}')) == set(names) and seen('&filter=nobody') == []
    document = status(lab, bridge, '&filter=desk&limit=2&sort=age')
    assert (document['sessions']['matched'], document['totals']['sessions']) == (5, 10)
    assert document['sessions']['truncated'] and document['sessions']['filter'] == 'desk'
    for wrong in ('sort=colour', 'limit=0', 'limit=1001', 'order=up', 'format=xml', 'filter=%00', 'kill=x'):
        answer = get(lab, bridge, f'/status?format=json&{wrong}')
        assert answer.status == 400 and b'error' in answer.body or answer.status == 400, wrong
    for client in clients:
        client.bye()


def test_who_stalls_whom(lab):
    """A client that does not read, a target that does not, and one session that flows."""
    flood = targets.source(b'x' * (32 << 20), then='hold')
    bridge = start(lab, [marked('/down', lab.target(flood)), marked('/up', lab.target(targets.hold)),
                         marked('/fine', lab.target()), STATUS])
    fine = lab.open(bridge, upgrade={'path': '/fine'})
    slow = lab.open(bridge, upgrade={'path': '/down'}, receive_buffer=4096)
    writer = lab.open(bridge, upgrade={'path': '/up'}, send_buffer=65536)
    writer.send(header(BINARY, 1 << 40, mask=bytes(4))).sock.setblocking(False)
    packet = b'x' * 65536

    def stalled():
        try:
            while True:
                writer.sock.send(packet)
        except BlockingIOError:
            pass
        found = {row['route']: row for row in rows(lab, bridge)}
        good = found['/down']['stalled'] == 'client' and found['/up']['stalled'] == 'target'
        return found if good and found['/up']['stalled_ms'] >= 100 else None
    found = until(stalled, 'stalls')
    assert found['/fine']['stalled'] is None and found['/fine']['stalled_ms'] is None
    totals = status(lab, bridge, '&sort=stalled')['totals']
    assert (totals['stalled_up'], totals['stalled_down']) == (1, 1)
    text = run('status', '--socket', lab.folder / 'none')  # the commands have their own tests
    assert text[0] == 1
    for client in (slow, writer):
        client.reset()
    fine.bye()


def test_rates_pings_and_history(lab):
    bridge = start(lab, [marked('/*', lab.target(), ping_interval='1s'), STATUS])
    client = lab.open(bridge)
    opcode, payload = client.frame()
    assert opcode == PING
    client.send(frame(PONG, payload))
    end, moved = time.monotonic() + 6, 0
    while time.monotonic() < end:
        client.binary(b'x' * 50000).data(50000)
        moved += 50000
        time_passes(0.05)
    row, = rows(lab, bridge)
    assert row['ping_ms'] is not None and row['ping_ms'] < 1000
    assert row['bytes_up'] == row['bytes_down'] == moved
    for rate in (row['rate_up'], row['rate_down']):
        assert moved / 6 / 3 < rate < moved / 6 * 3
    assert row['idle_ms'] < 1000 < row['age_ms']
    document = until(lambda: (lambda d: d if any(d['history']['up']) else None)(status(lab, bridge)), 'history')
    history = document['history']
    assert len(history['up']) == len(history['down']) == len(history['sessions'])
    assert history['sessions'][-1] == 1 and abs(history['until'] - time.time() * 1000) < 15000
    time_passes(2.2)
    row, = rows(lab, bridge)
    assert row['rate_up'] < moved / 6 / 2 and row['idle_ms'] >= 1000
    client.reset()


def test_a_target_that_is_down(lab):
    with targets.refusing_port() as sock:
        route = {'path': '/*', 'target': f'tcp://127.0.0.1:{sock.getsockname()[1]}', 'fail_after': 2}
        bridge = start(lab, [route, STATUS])
        for _ in range(2):
            assert ask(lab, bridge).status == 502
        target, = status(lab, bridge)['routes'][0]['targets']
        assert target['state'] == 'down' and target['failures'] == 2 and target['down_ms'] > 0


def test_the_headline_names_targets_that_are_down(lab):
    """By failed sessions and by failed probes, which count as failures."""
    with targets.refusing_port() as sock, targets.refusing_port() as probed:
        dead = [f'127.0.0.1:{one.getsockname()[1]}' for one in (sock, probed)]
        bridge = start(lab, [
            marked('/up', lab.target()), {'path': '/*', 'target': f'tcp://{dead[0]}', 'fail_after': 1},
            {'path': '/p', 'target': {'address': f'tcp://{dead[1]}', 'probe': 'connect', 'probe_interval': '100ms'}},
            STATUS], workers=1)

        def head():
            answer = get(lab, bridge, '/status?format=text')
            return answer.body.decode().split('\n\n')[0]
        until(lambda: status(lab, bridge)['routes'][2]['targets'][0]['failures'] > 2, 'probes count as failures')
        document = status(lab, bridge)
        assert [document['totals'][key] for key in ('targets', 'targets_down', 'targets_on_trial')] == [3, 1, 0]
        assert head().endswith(f'\n1 of 3 targets is down: {dead[1]}'), head()
        assert ask(lab, bridge, '/x').status == 502
        assert f'\n2 of 3 targets are down: {dead[0]}, {dead[1]}' in head()
        text = get(lab, bridge, '/status?format=text').body.decode()
        assert int(re.search(rf'^{dead[1]} +down +0 +(\d+) ', text, re.M)[1]) > 2


def test_a_target_that_is_to_be_tried_again(lab):
    with targets.refusing_port() as sock:
        route = {'path': '/*', 'target': f'tcp://127.0.0.1:{sock.getsockname()[1]}', 'fail_after': 1,
                 'retry_down': '100ms'}
        bridge = start(lab, [route, STATUS])
        assert ask(lab, bridge).status == 502
        until(lambda: status(lab, bridge)['totals']['targets_on_trial'] == 1, 'the back-off is over')
        assert b'1 of 1 targets failed, and will be tried again' in get(lab, bridge, '/status?format=text').body


def test_users_and_tls(lab, certs):
    tls = {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}], 'client_verify': 'required',
           'client_ca': certs.ca}
    bridge = start(lab, [marked('/*', lab.target()), STATUS], [{'address': ANY, 'tls': tls}, {'address': ANY}])
    client = lab.open(bridge.endpoints[0], context=certs.context(client=(certs.client, certs.client_key)))
    row, = rows(lab, bridge, endpoint=1)
    assert row['tls'].startswith('TLSv1.') and row['user'] == 'somebody'
    assert rows(lab, bridge, '&filter=SOMEBODY', endpoint=1)[0]['id'] == row['id']
    certificate, = status(lab, bridge, endpoint=1)['certificates']
    assert certificate['file'] == certs.ec and certificate['not_after'] > time.time() * 1000
    client.bye()


# ---- the page, and how it is asked for ----

def test_the_page(lab):
    bridge = start(lab, [STATUS, {'path': '/desk/status/*', 'status': True}])
    for path in ('/status', '/desk/status/', '/desk/status/deeper'):
        page = get(lab, bridge, path, fields={'Accept': 'text/html,application/json;q=0.9'})
        assert page.status == 200 and page.fields['content-type'].startswith('text/html')
        policy = page.fields['content-security-policy']
        assert "default-src 'none'" in policy and 'unsafe' not in policy
        assert page.fields['x-frame-options'] == 'DENY' and page.fields['cache-control'] == 'no-store'
        data = get(lab, bridge, path, fields={'Accept': 'application/json'})
        jsonschema.validate(json.loads(data.body), SCHEMA)
    client = lab.connect(bridge)
    head = client.send(b'HEAD /status?format=json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    until(lambda: not head.fill(), 'its end')
    assert bytes(head.pending).startswith(b'HTTP/1.1 200') and bytes(head.pending).endswith(b'\r\n\r\n')
    assert get(lab, bridge, '/status', method='DELETE').fields['allow'] == 'GET, HEAD, POST'


def test_many_questions_on_one_connection(lab):
    bridge = start(lab, [marked('/*', lab.target()), STATUS])
    client = lab.connect(bridge)
    client.send(b'GET /status?format=json HTTP/1.1\r\nHost: localhost\r\n\r\n' * 20)
    for _ in range(20):
        jsonschema.validate(json.loads(client.answer().body), SCHEMA)
    client.hang_up()


# ---- ending a session ----

def kill(lab, bridge, session, *, path='/status', token=None, origin=None, method='POST', raw=None):
    fields = {'Content-Length': '0', **({'X-Wsluice-Token': token} if token else {}),
              **({'Origin': origin} if origin else {})}
    return get(lab, bridge, raw or f'{path}?kill={session}', method=method, fields=fields)


def test_kill(lab):
    bridge = start(lab, [marked('/*', lab.target()), STATUS], workers=3)
    clients = [lab.open(bridge) for _ in range(6)]
    document = status(lab, bridge)
    for client in clients:
        row, = (row for row in document['sessions']['rows'] if row['client'] == name_of(client))
        answer = kill(lab, bridge, row['id'], token=document['token'], origin='http://localhost')
        assert (answer.status, json.loads(answer.body)) == (200, {'killed': row['id']})
        assert client.end()[1:] == (1008, 'Ended by an operator')
        assert bridge.session(id=row['id'])['reason'] == 'killed'
        bridge.says(f'session {row["id"]} is ended by 127.0.0.1:')
        assert kill(lab, bridge, row['id'], token=document['token']).status == 404
    for nobody in ('0-999999', '77-1', '4095-1'):
        assert kill(lab, bridge, nobody, token=document['token']).status == 404


def test_who_may_not_kill(lab):
    """Each wrong case by itself; the session lives on."""
    bridge = start(lab, [marked('/*', lab.target()), STATUS, {'path': '/open', 'status': True},
                         {'path': '/far', 'status': True, 'allow': ['192.0.2.1']}])
    client = lab.open(bridge)
    document = status(lab, bridge)
    token, (row,) = document['token'], document['sessions']['rows']
    session = row['id']
    everyone = status(lab, bridge, path='/open')
    assert everyone['token'] is None and 'allow' in everyone['kill_refused']
    cases = [
        (403, kill(lab, bridge, session, path='/open', token=token)),
        (403, kill(lab, bridge, session, path='/far', token=token)),
        (403, kill(lab, bridge, session)),
        (403, kill(lab, bridge, session, token='0' * 32)),
        (403, kill(lab, bridge, session, token=token + '0')),
        (403, kill(lab, bridge, session, token=token, origin='http://evil.example')),
        (403, kill(lab, bridge, session, token=token, origin='null')),
        (403, kill(lab, bridge, session, token=token, origin='http://localhost.evil.example')),
        (405, kill(lab, bridge, session, token=token, method='GET')),
        (405, kill(lab, bridge, session, token=token, method='PUT')),
        (426, kill(lab, bridge, session, token=token, raw=f'/?kill={session}', method='GET')),
        (400, kill(lab, bridge, '', token=token)),
        (400, kill(lab, bridge, session, token=token, raw='/status')),
        (400, get(lab, bridge, f'/status?kill={session}', method='POST',
                  fields={'X-Wsluice-Token': token, 'Content-Length': '1'})),
    ]
    assert [answer.status for _, answer in cases] == [expected for expected, _ in cases]
    assert [answer.fields['allow'] for expected, answer in cases if expected == 405] == ['POST', 'GET, HEAD, POST']
    client.binary(b'still here').data(10)
    client.bye()


# ---- many, and moving ----

def test_sessions_that_end_while_they_are_listed(lab):
    """Several ask while clients come and go: each listed session existed."""
    bridge = start(lab, [marked('/*', lab.target()), STATUS], workers=3)
    over, problems = threading.Event(), []

    def churn():
        try:
            while not over.is_set():
                clients = [lab.connect(bridge).send(request()) for _ in range(10)]
                for client in clients:
                    answer = client.answer()  # a session killed before it reaches its target is told so
                    assert answer.status == 101 or answer.body == b'Ended by an operator\n'
                    client.hang_up()
        except Exception as problem:  # pylint: disable=broad-except
            problems.append(problem)

    def look():
        try:
            while not over.is_set():
                for row in rows(lab, bridge, '&sort=client&limit=5'):
                    assert row['route'] == '/*'
        except Exception as problem:  # pylint: disable=broad-except
            problems.append(problem)
    threads = [threading.Thread(target=what) for what in (churn, churn, look, look)]
    for thread in threads:
        thread.start()
    token, killed, end = status(lab, bridge)['token'], 0, time.monotonic() + 4
    while time.monotonic() < end:
        for row in rows(lab, bridge, '&order=asc'):
            answer = kill(lab, bridge, row['id'], token=token)
            assert answer.status in (200, 404)
            killed += answer.status == 200
    over.set()
    for thread in threads:
        thread.join(WAIT)
    assert not problems, problems
    assert killed > 0


def test_a_client_may_leave_before_the_answer(lab):
    bridge = start(lab, [marked('/*', lab.target()), STATUS], workers=3)
    for _ in range(100):
        client = lab.connect(bridge)
        client.send(b'GET /status?format=json HTTP/1.1\r\nHost: localhost\r\n\r\n' * 3)
        client.reset()
    status(lab, bridge)


def test_an_end_while_somebody_asks(lab):
    bridge = start(lab, [marked('/*', lab.target()), STATUS], workers=3)
    clients = [lab.connect(bridge) for _ in range(20)]
    for client in clients:
        client.send(b'GET /status?format=json HTTP/1.1\r\nHost: localhost\r\n\r\n')
    bridge.signal(signal.SIGTERM)
    assert bridge.wait() == 0


@pytest.mark.release_only
def test_ten_thousand_sessions(lab, sanitized):
    """The list is short and leaves no memory behind."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(10000, (hard - 1200) // 2)  # two for each, here and there; the rest is reserved there
    target = lab.target(targets.hold)
    target.sock.listen(4096)
    bridge = start(lab, [{'path': '/*', 'target': there(target), 'ping_interval': 'off'}, STATUS])
    clients = [lab.open(bridge) for _ in range(count)]
    rows(lab, bridge, '&limit=1000')
    before = bridge.memory()
    for _ in range(20):
        document = status(lab, bridge, '&limit=1000&sort=idle')
        assert document['sessions']['matched'] == count and document['sessions']['listed'] == 1000
        assert len(rows(lab, bridge, f'&filter={name_of(clients[77])}')) == 1
    if not sanitized:  # its own memory, of each thread that prints
        assert bridge.memory() - before < 8 << 20
    for client in clients:
        client.hang_up()


# ---- the admin socket and the commands ----

def with_socket(lab, routes=(), **how):
    path = lab.folder / 'admin.sock'
    bridge = start(lab, [marked('/*', lab.target(), name='desk'), *routes], admin=str(path), **how)
    until(path.exists, 'the socket')
    return bridge, path


def lines_of(text):
    """The table of sessions, as dictionaries by its titles."""
    found, titles = [], None
    for line in text.splitlines():
        if line.startswith('ID '):
            titles = line.split()
        elif titles and line and line[0].isdigit() and '-' in line.split()[0]:
            found.append(dict(zip(titles, line.split())))
    return found


def test_status_on_a_terminal(lab):
    bridge, path = with_socket(lab)
    clients = [lab.open(bridge) for _ in range(3)]
    for client in clients:
        client.binary(b'x' * 2048).data(2048)
    code, out, err = run('status', '--socket', path)
    assert (code, err) == (0, '') and out.startswith('wsluice ') and f'pid {bridge.pid}' in out
    table = lines_of(out)
    assert {row['CLIENT'] for row in table} == {name_of(client) for client in clients}
    assert {(row['ROUTE'], row['STATE'], row['UP'], row['DOWN']) for row in table} == {
        ('desk', 'open', '2.0K', '2.0K')}
    assert run('status', bridge.file)[1].splitlines()[0].startswith('wsluice ')
    assert run('status', env={'WSLUICE_ADMIN_SOCKET': str(path)})[0] == 0
    assert [row['CLIENT'] for row in lines_of(run('status', bridge.file, '--filter', name_of(clients[1]))[1])] == [
        name_of(clients[1])]
    assert len(lines_of(run('status', '--limit=2', '--sort=client', '--socket', path)[1])) == 2
    document = json.loads(run('status', '--json', '--socket', path)[1])
    jsonschema.validate(document, SCHEMA)
    assert [listener['address'] for listener in document['listeners']] == [bridge.address]
    assert [route['name'] for route in document['routes']] == ['desk']
    for client in clients:
        client.bye()


def test_watching_on_a_narrow_terminal(lab):
    """It repeats, and leaves out columns rather than to wrap."""
    bridge, path = with_socket(lab)
    client = lab.open(bridge)
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 64, 0, 0))
    process = lab.spawn(BINARY_FILE, 'status', '--watch', '--socket', path, stdout=theirs)
    seen = b''
    while seen.count(b'\x1b[2J') < 3:
        seen += os.read(ours, 65536)
    process.terminate()
    table = seen.split(b'\x1b[2J')[2].decode().splitlines()
    rows_ = [line for line in table if line.startswith(('ID ', '0-', '1-'))]
    assert len(rows_) == 2 and all(len(line) <= 64 for line in rows_), table
    assert name_of(client) in rows_[1] and 'STATE' not in rows_[0]
    os.close(ours)
    os.close(theirs)
    client.bye()


def test_kill_on_a_terminal(lab):
    bridge, path = with_socket(lab)
    clients = [lab.open(bridge) for _ in range(3)]
    ids = [row['ID'] for row in lines_of(run('status', '--socket', path)[1])]
    code, out, err = run('kill', *ids[:2], '--socket', path)
    assert (code, out.count('was told to end'), err) == (0, 2, '')
    until(lambda: len(lines_of(run('status', '--socket', path)[1])) == 1, 'one is left')
    code, out, err = run('kill', ids[0], ids[2], bridge.file)
    assert code == 1 and f'session {ids[0]}: no such session' in err and f'session {ids[2]} was told' in out
    ended = f'session {ids[2]} is ended by user {os.getuid()} by the admin socket'
    until(lambda: ended in bridge.text, ended)
    assert {client.end()[1] for client in clients} == {1008}


def test_commands_that_go_wrong(lab):
    plain = write(lab.folder / 'plain.yaml', {'listeners': [{'address': ANY}], 'routes': [
        {'path': '/*', 'target': 'tcp://127.0.0.1:1'}]})
    bridge, path = with_socket(lab)
    nobody = lab.folder / 'nobody.sock'
    abandoned = lab.folder / 'abandoned.sock'
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(abandoned))
    for arguments, code, words in [
            (('status', '--socket', nobody), 1, 'is wsluice running, with this admin socket?'),
            (('kill', '0-1', '--socket', nobody), 1, 'is wsluice running'),
            (('status', '--socket', abandoned), 1, 'Connection refused'),
            (('status', plain), 1, "add 'admin: FILE'"),
            (('status', lab.folder / 'missing.yaml'), 1, 'missing.yaml'),
            (('status', '--sort', 'colour', '--socket', path), 1, 'sort is age, id'),
            (('status', '--filter', 'x' * 2000, '--sort', 'y' * 2000, '--socket', path), 1, 'too long'),
            (('status', '--colour'), 2, 'unknown option'), (('status', plain, plain), 2, 'too many'),
            (('status', plain, '--socket', path), 2, 'not both'), (('kill',), 2, 'name a session id'),
            (('kill', 'all', plain), 2, 'all: is no session id'), (('health', 'localhost:1'), 2, 'write http://localhost:1/healthz'),
            (('health', '127.0.0.1'), 2, 'neither a file nor a URL; write http://127.0.0.1:6080/healthz'),
            (('health', 'nowhere.yaml'), 1, 'nowhere.yaml'), (('health', './nowhere'), 1, "cannot read"),
            (('kill', '0-1', 'x', 'y'), 2, 'no session'), (('kill', '--json', '0-1'), 2, 'unknown option'),
            (('health', 'ftp://x'), 2, 'a URL is'), (('health', 'a', 'b'), 2, 'b: too many')]:
        status_, out, err = run(*arguments)
        assert (status_, out) == (code, '') and words in err, (arguments, err)
    for command in ('status', 'kill', 'health'):
        code, out, err = run(command, '--help')
        assert code == 0 and out.startswith(f'usage: wsluice {command}') and err == ''
    assert bridge.process.poll() is None


@pytest.mark.parametrize('head, good', [(b'Content-Length: 9\r\n', False), (b'content-length:5\r\n', True), (b'', True)])
def test_an_answer_that_is_cut_off(lab, head, good):
    """A process that ends in the middle of it: half a table is none."""
    path = lab.folder / 'half.sock'
    with socket.socket(socket.AF_UNIX) as endpoint:
        endpoint.bind(str(path))
        endpoint.listen()

        def serve():
            client, _ = endpoint.accept()
            with client:
                client.recv(4096)
                client.sendall(b'HTTP/1.1 200 OK\r\n' + head + b'\r\nhalf\n')
        server = threading.Thread(target=serve)
        server.start()
        code, out, err = run('status', '--socket', path)
        server.join(WAIT)
    if good:
        assert (code, out, err) == (0, 'half\n', '')
    else:
        assert (code, out) == (1, '') and 'the answer was cut off' in err


def test_health(lab):
    bridge, path = with_socket(lab, [{'path': '/ready', 'health': 'ready'}])
    url = f'http://127.0.0.1:{bridge.port}'
    for arguments in (['--socket', path], [bridge.file], [f'{url}/ready']):
        assert run('health', *arguments) == (0, 'healthy\n', '')
    assert run('health', env={'WSLUICE_ADMIN_SOCKET': str(path)})[0] == 0
    code, _, err = run('health', f'{url}/desk')
    assert code == 1 and 'status 426' in err
    bridge.signal(signal.SIGTERM)
    assert bridge.wait() == 0
    assert run('health', '--socket', path)[0] == 1 and run('health', f'{url}/ready')[0] == 1


@pytest.mark.parametrize('needed', ['/good', '/bad'])
def test_health_of_a_file_agrees_with_its_routes(lab, needed):
    """What a health route needs, the admin socket needs, too."""
    bridge, path = with_socket(lab, [
        marked('/good', lab.target()), {'path': '/bad', 'target': f'unix:{lab.folder}/nobody', 'fail_after': 1},
        {'path': '/ready', 'health': 'ready', 'needs': [needed]}])
    asks = ([bridge.file], ['--socket', path], [f'http://127.0.0.1:{bridge.port}/ready'])
    for arguments in asks:
        assert run('health', *arguments) == (0, 'healthy\n', '')
    assert ask(lab, bridge, '/bad').status == 502
    for arguments in asks:
        code, out, err = run('health', *arguments)
        if needed == '/good':
            assert (code, out, err) == (0, 'healthy\n', '')
        else:
            assert (code, out) == (1, '') and 'unhealthy: status 503' in err and 'targets' in err


def test_health_of_a_file_without_a_socket(lab, certs):
    """Its health route is asked, or an error says why that cannot be."""
    tls = {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}
    bridge_route = {**marked('/*', lab.target()), 'host': 'desk.example'}

    def verdict(listener, *routes, **environment):
        bridge = start(lab, [bridge_route, *routes], [listener])
        config = json.loads(bridge.file.read_text())
        if listener['address'] == ANY:
            config['listeners'][0]['address'] = f'127.0.0.1:{bridge.port}'
        return run('health', write(lab.folder / 'asked.yaml', config), env=environment)
    ready = {'path': '/ready', 'health': 'ready'}
    unix = {'address': f'unix:{lab.folder}/health.sock'}
    for listener in ({'address': ANY}, {'address': ANY, 'tls': {'mode': 'optional', **tls}}, unix,
                     {'address': ANY, 'base_path': '/desk'}):
        assert verdict(listener, ready) == (0, 'healthy\n', '')
    assert verdict({'address': ANY}, ready, WSLUICE_ADMIN_SOCKET='') == (0, 'healthy\n', '')
    assert verdict({'address': ANY}, {**ready, 'host': 'ops.example'})[0] == 0
    assert verdict({'address': ANY}, {**ready, 'allow': ['192.0.2.1']})[0] == 1
    for listener, words in (
            ({'address': ANY, 'tls': {'mode': 'required', **tls}}, 'speaks TLS only'),
            ({'address': ANY, 'proxy_protocol': 'require', 'trusted_proxies': ['127.0.0.1']}, 'expects a PROXY header')):
        code, out, err = verdict(listener, ready)
        assert (code, out) == (1, '') and 'the health route /ready cannot be asked: listener 127.0.0.1:' in err
        assert words in err and "add 'admin: FILE'" in err
    code, _, err = verdict({'address': ANY})
    assert code == 1 and 'that file has no admin socket and no health route' in err
    # Without an operand: the file of the environment, unless an address there starts another command line.
    if not os.path.exists('/run/wsluice/admin.sock'):
        bridge = start(lab, [bridge_route, {**ready, 'needs': ['/*']}], [{'address': f'unix:{lab.folder}/other.sock'}])
        environment = {'WSLUICE_CONFIG': str(bridge.file), 'WSLUICE_ADMIN_SOCKET': ''}
        assert run('health', env=environment) == (0, 'healthy\n', '')
        bridge.signal(signal.SIGTERM)
        assert bridge.wait() == 0
        code, out, err = run('health', env=environment)
        assert (code, out) == (1, '') and 'other.sock' in err
        assert 'other.sock' not in run('health', env={**environment, 'WSLUICE_LISTEN': '6080'})[2]
    # The socket of the environment goes with every file, for the process and for the question.
    code, _, err = verdict({'address': ANY}, ready, WSLUICE_ADMIN_SOCKET=f'{lab.folder}/none.sock')
    assert code == 1 and 'none.sock' in err


def test_names_that_others_point_at_us(lab):
    """DNS rebinding: a page of its own name reads no status, and ends no session."""
    bridge = start(lab, [STATUS, {**STATUS, 'path': '/named', 'host': 'gw.example'}])
    for host, status in {'127.0.0.1': 200, 'localhost:1': 200, 'a.localhost': 200, '[::1]:80': 200, 'evil.example': 403,
                         'gw.example': 403, 'localhost.evil.example': 403, '127.0.0.1.evil.example': 403}.items():
        answer = get(lab, bridge, '/status?format=json', host=host)
        assert answer.status == status, host
        assert status == 200 or 'add host to the route' in json.loads(answer.body)['error']
    token = status_document(lab, bridge)['token']
    answer = get(lab, bridge, '/status?kill=0-1', method='POST', host='evil.example', fields={
        'X-Wsluice-Token': token, 'Origin': 'http://evil.example'})
    assert answer.status == 403
    assert get(lab, bridge, '/named', host='gw.example').status == 200
    assert get(lab, bridge, '/named', host='evil.example').status == 404


@pytest.mark.parametrize('named', [None, ''])
def test_health_without_a_socket(named):
    """No socket is named, and the default one is not there: the quick command line's address is asked."""
    if os.path.exists('/run/wsluice/admin.sock'):
        pytest.skip('a wsluice runs here')
    env = {} if named is None else {'WSLUICE_ADMIN_SOCKET': named}
    code, out, err = run('health', env=env)
    assert 'admin.sock' not in err
    assert out == 'healthy\n' if code == 0 else '127.0.0.1' in err or 'unhealthy' in err


def test_permissions_of_the_socket(lab):
    for number, (mode, admin) in enumerate([
            (0o600, lambda path: str(path)), (0o660, lambda path: {'socket': str(path), 'mode': '0660'})]):
        path = lab.folder / f'{number}.sock'
        start(lab, [marked('/*', lab.target())], admin=admin(path), file=f'{number}.yaml')
        until(path.exists, 'the socket')
        assert path.stat().st_mode & 0o777 == mode


def test_a_foreign_user_is_kept_out(lab):
    if os.getuid() != 0:
        pytest.skip('needs root')
    _, path = with_socket(lab)
    lab.folder.chmod(0o755)
    child = os.fork()
    if child == 0:
        for folder in [lab.folder, *lab.folder.parents]:
            os.path.isdir(folder)
        os.setgid(65534)
        os.setuid(65534)
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(path))
            os._exit(1)
        except PermissionError:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_socket_is_only_for_status(lab):
    """Nothing of the routes is there, and nothing of it is on the listeners."""
    bridge, _ = with_socket(lab)
    admin = bridge.endpoints[-1] if bridge.endpoints[-1].address.startswith('unix:') else None
    if admin is None:
        admin = type(bridge.endpoints[0])(f'unix:{lab.folder}/admin.sock')
    assert ask(lab, admin, '/').status != 101
    assert get(lab, admin, '/').fields['content-type'].startswith('text/plain')
    assert get(lab, bridge, '/').status == 426 and get(lab, bridge, '/ready').status == 426


def test_the_socket_from_the_quick_command_line(lab):
    path = lab.folder / 'quick.sock'
    bridge = lab.start(f'--admin-socket={path}', target=lab.target())
    client = lab.open(bridge)
    assert len(lines_of(until(lambda: run('status', '--socket', path)[1], 'an answer'))) == 1
    client.bye()


def test_operators_get_in_when_nobody_else_does(lab):
    bridge, path = with_socket(lab, limits={'max_connections': 2})
    clients = [lab.open(bridge) for _ in range(2)]
    assert ask(lab, bridge).status == 503
    assert len(lines_of(run('status', '--socket', path)[1])) == 2
    for client in clients:
        client.bye()


def test_admin_connections_do_not_keep_the_process_alive(lab):
    bridge, path = with_socket(lab, exit={'idle': '2s'})
    began = time.monotonic()
    while bridge.process.poll() is None:
        run('health', '--socket', path)
        assert time.monotonic() - began < WAIT
        time_passes(0.2)
    assert bridge.wait() == 0


def test_reload(lab):
    """The socket appears, stays, moves and goes, as the file says; what one sees belongs to the file."""
    route = marked('/*', lab.target(), name='desk')
    bridge = start(lab, [route], sandbox='off')
    path, other = lab.folder / 'a.sock', lab.folder / 'b.sock'

    def change(routes=(route,), **more):
        write(bridge.file, {**bridge.config, 'routes': list(routes), **more})
        seen = bridge.text.count('read again and is in use')
        bridge.signal(signal.SIGHUP)
        until(lambda: bridge.text.count('read again and is in use') > seen, lambda: bridge.text)
    change(admin=str(path))
    client = lab.open(bridge)
    inode = path.stat().st_ino
    assert len(lines_of(run('status', '--socket', path)[1])) == 1
    change([{**route, 'name': 'table'}], admin={'socket': str(path), 'mode': '0660'})
    assert path.stat().st_ino == inode and path.stat().st_mode & 0o777 == 0o660
    document = json.loads(run('status', '--json', '--socket', path)[1])
    assert [route['name'] for route in document['routes']] == ['table']
    assert [row['route'] for row in document['sessions']['rows']] == ['desk']
    change(admin=str(other))
    assert not path.exists() and run('status', '--socket', other)[0] == 0
    change()
    assert not other.exists()
    client.bye()


def test_upgrade(lab):
    """The successor answers on the same socket, with all sessions and a token of its own."""
    adopt_orphans()
    bridge, path = with_socket(lab, [STATUS])
    before, inode = status(lab, bridge)['token'], path.stat().st_ino
    old = lab.open(bridge)
    process = upgrade(lab, bridge)
    assert path.stat().st_ino == inode
    document = json.loads(until(lambda: run('status', '--json', '--socket', path)[1], 'an answer'))
    assert document['process']['pid'] == process.pid
    assert [row['process'] for row in document['sessions']['rows']] == [bridge.pid]
    assert status(lab, bridge)['token'] != before
    old.bye()
    assert bridge.process.wait(WAIT) == 0
    assert run('health', '--socket', path)[0] == 0
    process.stop()
    assert not path.exists()
