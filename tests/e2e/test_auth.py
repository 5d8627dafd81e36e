"""Authentication of a route: the list of methods, and the method `header`."""

import pytest
import targets
from gateway import ANY, PROXIED, ask, get, reload, start, there
from wire import request, until

USER = {'header': {'name': 'X-User'}}
OTHER = {'header': {'name': 'X-Other'}}


def status(lab, bridge, path='/desk', **fields):
    named = {name.replace('_', '-'): value for name, value in fields.items()}
    return ask(lab, bridge, path, fields={'X-Forwarded-For': '203.0.113.9', **named}).status


def test_a_trusted_proxy_names_the_user(lab):
    bridge = start(lab, [{'path': '/desk', 'target': there(lab.target()), 'auth': [USER]}], PROXIED)
    assert status(lab, bridge, X_User='ann') == 101
    assert bridge.session(route='/desk', user='ann')['reason'] in ('client_eof', 'client_reset')
    assert status(lab, bridge) == 401
    assert status(lab, bridge, X_User='') == 401
    assert bridge.session(reason='auth_required')['client'].startswith('203.0.113.9')


def test_nobody_else_names_it(lab):
    listeners = [*PROXIED, {'address': ANY}]
    bridge = start(lab, [{'path': '/desk', 'target': there(lab.target()), 'auth': [USER]}], listeners)
    assert ask(lab, bridge.endpoints[1], '/desk', fields={'X-User': 'ann'}).status == 403
    record = bridge.session(reason='auth_refused')
    assert 'trusted_proxies' in record['detail'] and 'user' not in record


@pytest.mark.parametrize('satisfy, names, expected', [
    ('all', ('X_User', 'X_Other'), 101), ('all', ('X_User',), 401), ('all', ('X_Other',), 401), ('all', (), 401),
    ('any', ('X_User', 'X_Other'), 101), ('any', ('X_User',), 101), ('any', ('X_Other',), 101), ('any', (), 401)])
def test_methods_are_combined(lab, satisfy, names, expected):
    route = {'path': '/desk', 'target': there(lab.target()), 'auth': [USER, OTHER], 'satisfy': satisfy}
    bridge = start(lab, [route], PROXIED)
    assert status(lab, bridge, **dict.fromkeys(names, 'ann')) == expected


def test_nothing_of_the_route_is_shown_before(lab):
    """Files, tokens and health of a route are behind its authentication; the connection stays."""
    (lab.folder / 'page.html').write_text('secret page')
    (lab.folder / 'tokens').write_text(f'one: 127.0.0.1:{lab.target().port}\n')
    bridge = start(lab, [
        {'path': '/files/*', 'files': str(lab.folder), 'auth': [USER]},
        {'path': '/tokens', 'tokens': {'file': str(lab.folder / 'tokens')}, 'auth': [USER]},
        {'path': '/ready', 'health': 'ready', 'auth': [USER]},
        {'path': '/open', 'health': 'live'},
    ], PROXIED)
    for path in ('/files/page.html', '/files/missing', '/ready'):
        answer = get(lab, bridge, path)
        assert answer.status == 401 and b'secret' not in answer.body
        assert get(lab, bridge, path, fields={'X-User': 'ann'}).status == (404 if 'missing' in path else 200)
    assert get(lab, bridge, '/open').status == 200
    assert status(lab, bridge, '/tokens?token=none') == 401, 'it does not tell which tokens there are'
    assert status(lab, bridge, '/tokens?token=none', X_User='ann') == 404
    assert status(lab, bridge, '/tokens?token=one', X_User='ann') == 101

    client = lab.connect(bridge)
    for user, expected in ((None, 401), ('ann', 200), (None, 401), ('ann', 200)):
        fields = f'X-User: {user}\r\n' if user else ''
        client.send(f'GET /files/page.html HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n'.encode())
        assert client.answer().status == expected, 'one connection, many users'
    client.hang_up()


def test_the_target_is_told_the_user(lab):
    target = lab.target(targets.sink)
    bridge = start(lab, [{'path': '/desk', 'auth': [USER],
                          'target': {**there(target, proxy_protocol='v2')}}], PROXIED)
    client = lab.connect(bridge)
    client.send(request('/desk', fields={'X-User': 'ann'}))
    assert client.answer().status == 101
    client.binary(b'x')
    until(lambda: b'\xe0\x00\x03ann' in target.connection().received, 'the name in the header')
    client.hang_up()


# ---- sessions of one user ----

def named(lab, bridge, user, path='/desk'):
    return lab.connect(bridge).send(request(path, fields={'X-Forwarded-For': '203.0.113.9', 'X-User': user}))


@pytest.mark.parametrize('connect', ['first', 'after_upgrade'])
def test_sessions_per_user(lab, connect):
    options = {'target': there(lab.target()), 'auth': [USER], 'connect': connect}
    bridge = start(lab, [{'path': '/desk', 'max_sessions_per_user': 2, **options},
                         {'path': '/shell', 'max_sessions_per_user': 1, **options},
                         {'path': '/dead', 'max_sessions_per_user': 1, **options, 'target': f'unix:{lab.folder}/nobody'}], PROXIED)
    ann = [named(lab, bridge, 'ann') for _ in range(2)]
    assert [client.answer().status for client in ann] == [101, 101]
    answer = named(lab, bridge, 'ann').answer()
    assert answer.status == 429 and b'Too many sessions of this user' in answer.body
    record = bridge.session(reason='too_many_user')
    assert record['user'] == 'ann' and record['route'] == '/desk'
    others = [named(lab, bridge, 'bob'), named(lab, bridge, 'ann', '/shell')]
    assert [client.answer().status for client in others] == [101, 101], 'other users, and other routes'
    ann.pop().reset()
    assert bridge.session(reason='client_reset')
    again = named(lab, bridge, 'ann')
    assert again.answer().status == 101
    for count in range(3):  # a target that is down keeps no place
        assert named(lab, bridge, 'ann', '/dead').answer().status == (502 if connect == 'first' else 101)
        until(lambda: len([r for r in bridge.records() if r['reason'] == 'target_unreachable']) > count, lambda: bridge.text)
    for client in [*ann, *others, again]:
        client.hang_up()


def test_sessions_per_user_over_a_reload(lab):
    """The counters are by the names of route and user."""
    bridge = start(lab, [{'path': '/desk', 'target': there(lab.target()), 'auth': [USER], 'max_sessions_per_user': 1}], PROXIED)
    first = named(lab, bridge, 'ann')
    assert first.answer().status == 101
    bridge.config['routes'][0]['idle_timeout'] = '1h'
    reload(bridge, bridge.config)
    assert named(lab, bridge, 'ann').answer().status == 429
    first.hang_up()
    until(lambda: named(lab, bridge, 'ann').answer().status == 101, 'its place is free')
