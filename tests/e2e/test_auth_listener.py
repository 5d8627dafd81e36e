"""Authentication of a listener: for all that it serves, unless a route has methods of its own."""
import json

import gateway
import pytest
import services
import targets
from gateway import ANY, PROXIED, ask, get, plain, reload, there
from lab import run
from test_login import Browser
from users_file import credentials
from wire import request, until

USER = {'header': {'name': 'X-User'}}
OTHER = {'header': {'name': 'X-Other'}}
ANN = {'X-User': 'ann'}
PATHS = ['/demo', '/files/page.html', '/both/page.html', '/metrics', '/status?format=json', '/moved']


def start(lab, routes, *listeners, **process):
    return gateway.start(lab, routes, listeners or ({'address': ANY},), **{'limits': {'handshake_timeout': '1m'}, **process})


def everything(lab):
    """A route of each kind."""
    (lab.folder / 'page.html').write_text('secret page')
    echo = there(lab.target(targets.echo))
    return [{'path': '/desk', 'target': echo}, {'path': '/demo', 'target': echo, 'demo': True},
            {'path': '/files/*', 'files': str(lab.folder)},
            {'path': '/both/*', 'target': echo, 'files': str(lab.folder)},
            {'path': '/metrics', 'metrics': True}, {'path': '/status', 'status': True},
            {'path': '/moved', 'redirect': 'https://elsewhere/'},
            {'path': '/live', 'health': 'live'}, {'path': '/ready', 'health': 'ready'}]


def guarded(*methods, **more):
    return {**PROXIED[0], 'auth': list(methods), **more}


def test_every_route_asks(lab):
    bridge = start(lab, everything(lab), guarded(USER))
    for path in ('/desk', '/demo', '/both/1'):
        answer = ask(lab, bridge, path)
        assert answer.status == 401
    for path in PATHS:
        for how in (get, ask):  # only a route with a target takes a WebSocket
            answer = how(lab, bridge, path)
            assert answer.status == 401 or (how == ask and answer.status == 404), (path, how)
            assert b'secret' not in answer.body and 'location' not in answer.fields
    for path in PATHS:
        assert get(lab, bridge, path, fields=ANN).status == (301 if path == '/moved' else 200), path
    for path in ('/desk', '/demo', '/both/1'):
        assert ask(lab, bridge, path, fields=ANN).status == 101
        assert bridge.session(route=path.replace('1', '*'), user='ann')
    for path in ('/live', '/ready'):
        assert get(lab, bridge, path).status == 200, 'health is exempt'
    assert get(lab, bridge, '/nothing').status == 404
    assert get(lab, bridge, '/status', method='POST').status == 401


def test_a_route_with_its_own_asks_for_that_alone(lab):
    routes = [{'path': '/own', 'target': there(lab.target()), 'auth': [OTHER]},
              {'path': '/listener', 'target': there(lab.target())},
              {'path': '/both/*', 'target': there(lab.target()), 'files': str(lab.folder), 'auth': [OTHER],
               'auth_for': 'websocket'},
              {'path': '/ready', 'health': 'ready', 'auth': [OTHER]}]
    bridge = start(lab, routes, guarded(USER))
    for path, name in (('/own', 'X-Other'), ('/listener', 'X-User'), ('/both/1', 'X-Other')):
        for field in ('X-User', 'X-Other'):
            assert ask(lab, bridge, path, fields={field: 'ann'}).status == (101 if field == name else 401), path
    assert get(lab, bridge, '/both/missing').status == 404, 'auth_for of the route'
    assert get(lab, bridge, '/ready', fields=ANN).status == 401
    assert get(lab, bridge, '/ready', fields={'X-Other': 'ann'}).status == 200


@pytest.mark.parametrize('satisfy, names, expected', [
    ('all', ('X-User', 'X-Other'), 101), ('all', ('X-User',), 401), ('any', ('X-Other',), 101), ('any', (), 401)])
def test_methods_are_combined(lab, satisfy, names, expected):
    bridge = start(lab, [{'path': '/desk', 'target': there(lab.target())}], guarded(USER, OTHER, satisfy=satisfy))
    assert ask(lab, bridge, '/desk', fields=dict.fromkeys(names, 'ann')).status == expected


def test_another_listener_does_not_ask(lab):
    """One route on two listeners: each asks as it says itself."""
    bridge = start(lab, everything(lab), guarded(USER), {'address': ANY}, guarded(OTHER))
    inside, outside = bridge.endpoints[1:]
    assert ask(lab, bridge, '/desk').status == 401
    assert ask(lab, inside, '/desk').status == 101
    assert ask(lab, outside, '/desk', fields=ANN).status == 401
    assert ask(lab, outside, '/desk', fields={'X-Other': 'bob'}).status == 101
    assert get(lab, inside, '/files/page.html').body == b'secret page'


def test_a_listener_with_routes_of_its_own(lab):
    routes = [{'path': '/desk', 'target': there(lab.target())}, {'name': 'ops', 'path': '/metrics', 'metrics': True},
              {'name': 'alive', 'path': '/healthz', 'health': 'live'}]
    operators = guarded(USER, routes=['ops', 'alive'])
    bridge = start(lab, routes, {'address': ANY}, operators)
    ops = bridge.endpoints[1]
    assert ask(lab, bridge, '/desk').status == 101
    assert get(lab, ops, '/metrics').status == 401
    assert b'wsluice_' in get(lab, ops, '/metrics', fields=ANN).body
    assert get(lab, ops, '/healthz').status == 200


def test_one_connection_many_users(lab):
    bridge = start(lab, everything(lab), guarded(USER))
    client = lab.connect(bridge)
    for path, user, expected in (('/files/page.html', 'ann', 200), ('/files/page.html', None, 401), ('/live', None, 200),
                                 ('/metrics', None, 401), ('/metrics', 'ann', 200)):
        client.send(plain(path, fields={'X-User': user} if user else {}))
        assert client.answer().status == expected, path
    client.hang_up()


def test_users_are_limited_on_its_routes(lab):
    bridge = start(lab, [{'path': '/desk', 'target': there(lab.target()), 'max_sessions_per_user': 1}], guarded(USER))
    first = lab.connect(bridge).send(request('/desk', fields=ANN))
    assert first.answer().status == 101
    assert ask(lab, bridge, '/desk', fields=ANN).status == 429
    assert ask(lab, bridge, '/desk', fields={'X-User': 'bob'}).status == 101
    first.hang_up()


# ---- login ----

def desks(lab):
    (lab.folder / 'page.html').write_text('secret page')
    echo = there(lab.target(targets.echo))
    return [{'path': '/desk/*', 'target': echo, 'files': str(lab.folder)}, {'path': '/shell', 'target': echo},
            {'path': '/status', 'status': True}, {'path': '/live', 'health': 'live'}]


@pytest.mark.parametrize('base', [None, '/gate'])
def test_one_login_for_all_routes(lab, users, base):
    bridge = start(lab, desks(lab), {'address': ANY, 'auth': [{'login': str(users)}],
                                     **({'base_path': base} if base else {})})
    base = base or ''
    browser = Browser(lab, bridge, host='127.0.0.1')
    for path in ('/desk/', '/shell', '/status'):
        assert browser.get(base + path).status == 401 and b'password' in browser.last.body
    assert get(lab, bridge, base + '/live').status == 200
    browser.log_in(base + '/shell')
    assert browser.get(base + '/desk/page.html').body == b'secret page'
    assert browser.get(base + '/status?format=json').status == 200
    assert browser.upgrade(base + '/shell') == browser.upgrade(base + '/desk/1') == 101
    assert ask(lab, bridge, base + '/shell').status == 401
    assert browser.get(base + '/desk/logout').status in (200, 303), 'of each route'
    browser.submit(base + '/desk/logout')
    assert browser.get(base + '/shell').status == 401 and not any('wsluice' == name for name in browser.cookies)
    assert browser.upgrade(base + '/desk/1') == 401


def test_a_logout_everywhere_ends_sessions_of_the_listener(lab, users):
    bridge = start(lab, desks(lab), {'address': ANY, 'auth': [{'login': str(users)}]},
                   {'address': ANY, 'trusted_proxies': ['127.0.0.1'], 'auth': [USER]})
    browser = Browser(lab, bridge, host='127.0.0.1')
    browser.log_in('/shell')
    session = lab.connect(bridge).send(request('/shell', fields=browser.fields({'Host': '127.0.0.1'})))
    assert session.answer().status == 101
    other = lab.connect(bridge.endpoints[1]).send(request('/shell', fields=ANN))
    assert other.answer().status == 101, 'a user of the same name, by another listener'
    browser.get('/desk/logout?everywhere')
    browser.submit('/desk/logout', everywhere='1')
    assert bridge.session(reason='logged_out', route='/shell')['user'] == 'ann'
    other.binary(b'still')
    assert other.frame()[1] == b'still'
    other.hang_up()
    session.hang_up()


# ---- basic, forward, ticket ----

def test_basic(lab, users):
    bridge = start(lab, everything(lab), {'address': ANY, 'auth': [{'basic': {'users': str(users), 'realm': 'Gate'}}]})
    answer = get(lab, bridge, '/metrics')
    assert answer.status == 401 and answer.fields['www-authenticate'].startswith('Basic realm="Gate"')
    assert get(lab, bridge, '/metrics', fields=credentials('ann', 'sesame')).status == 200
    assert get(lab, bridge, '/metrics', fields=credentials('ann', 'other')).status == 401
    assert ask(lab, bridge, '/desk', fields=credentials('ann', 'sesame')).status == 101


def test_a_service_decides(lab):
    door = services.Service(lambda request: services.response(
        200 if 'letmein' in request.fields.get('cookie', '') else 403, fields={'Remote-User': 'ann'}))
    service = lab.target(door)
    bridge = start(lab, everything(lab), {'address': ANY, 'auth': [{'forward': f'http://127.0.0.1:{service.port}/check'}]})
    for path in PATHS:
        assert get(lab, bridge, path).status == 403
    assert get(lab, bridge, '/files/page.html', fields={'Cookie': 'letmein'}).body == b'secret page'
    assert ask(lab, bridge, '/desk', fields={'Cookie': 'letmein'}).status == 101
    assert bridge.session(route='/desk', user='ann')
    assert {request.fields['x-forwarded-uri'] for request in door.requests} >= set(PATHS)


def test_a_ticket_of_a_listener_is_no_secret_of_the_log(lab):
    key = lab.folder / 'ticket.key'
    key.write_text('k' * 40)
    ticket = run('ticket', 'mint', f'--key={key}', '--algorithm=HS256', '--user=ann')[1].strip()
    assert ticket.count('.') == 2
    bridge = start(lab, [{'path': '/desk', 'target': there(lab.target())}],
                   {'address': ANY, 'auth': [{'ticket': {'key': {'file': str(key), 'algorithm': 'HS256'},
                                                         'from': 'query:ticket'}}]}, log={'access': True})
    assert ask(lab, bridge, f'/desk?ticket={ticket}').status == 101
    assert bridge.session(route='/desk', user='ann')
    assert ask(lab, bridge, '/desk?ticket=x.y.z').status == 401
    until(lambda: len(bridge.records()) >= 2, lambda: bridge.text)
    assert ticket not in bridge.text and 'x.y.z' not in bridge.text


# ---- the configuration ----

def test_a_reload_applies_to_new_requests(lab):
    bridge = start(lab, everything(lab), {**PROXIED[0]})
    session = lab.connect(bridge).send(request('/desk'))
    assert session.answer().status == 101
    bridge.config['listeners'][0]['auth'] = [USER]
    reload(bridge, bridge.config)
    assert get(lab, bridge, '/metrics').status == ask(lab, bridge, '/desk').status == 401
    assert get(lab, bridge, '/metrics', fields=ANN).status == 200
    session.binary(b'open')
    assert session.frame()[1] == b'open', 'an open session stays'
    bridge.config['listeners'][0]['auth'] = [OTHER]
    reload(bridge, bridge.config)
    assert get(lab, bridge, '/metrics', fields=ANN).status == 401
    bridge.config['listeners'][0]['auth'] = [{'basic': str(lab.folder / 'missing')}]
    reload(bridge, bridge.config, done=False)
    assert get(lab, bridge, '/metrics').status == 401, 'the old one stays'
    del bridge.config['listeners'][0]['auth']
    reload(bridge, bridge.config)
    assert get(lab, bridge, '/metrics').status == 200
    session.hang_up()


def test_check_and_print(lab, users):
    (lab.folder / 'ticket.key').write_text('short')
    config = {'listeners': [{'address': ANY, 'trusted_proxies': ['10.0.0.1'], 'satisfy': 'any',
                             'auth': [{'basic': str(users)}, USER, {'ticket': {'key': 'ticket.key'}}]}],
              'routes': everything(lab)}
    file = gateway.write(lab.folder / 'gateway.yaml', config)
    code, out, error = run('check', file)
    assert code == 1 and f'users {users}: 2 known' in out
    assert 'listeners[0].auth[2].ticket.key.file: ' in out + error
    config['listeners'][0]['auth'].pop()
    gateway.write(file, config)
    assert run('check', file)[0] == 0
    code, text, error = run('--print-config', '--config', file)
    assert code == 0, error
    assert 'satisfy: any' in text and f'users: {users}' in text
    (lab.folder / 'again.yaml').write_text(text)
    assert run('--print-config', '--config', lab.folder / 'again.yaml')[1] == text


def test_the_schema_knows_it():
    schema = json.loads(run('schema')[1])
    listener = schema['properties']['listeners']['items']
    listener = next((part for part in listener.get('anyOf', []) if 'properties' in part), listener)
    methods = listener['properties']['auth']['items']
    assert methods['maxProperties'] == 1 and set(methods['properties']) >= {'basic', 'login', 'ticket', 'forward'}
