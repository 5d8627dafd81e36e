"""Which route a request takes, and that no spelling of a path or a host slips past a rule."""
import socket

import pytest
import targets
from gateway import ANY, ask, get, marked, start, there
from wire import request, until

NOWHERE = ['192.0.2.0/24']  # TEST-NET-1: nobody comes from there


def taken(lab, endpoint, path='/', host='localhost', **how):
    """The mark of the route that was taken, or the status when none was."""
    answer = ask(lab, endpoint, path, fields={'Host': host}, **how)
    return answer.fields.get('x-route', answer.status) if answer.status == 101 else answer.status


# ---- what matches ----

@pytest.mark.parametrize('turned', [False, True], ids=['as written', 'reversed'])
def test_longest_match_wins_in_any_order(lab, turned):
    echo = lab.target()
    paths = ['/*', '/vnc', '/vnc/*', '/vnc/a', '/vnc/a/*', '/vnc/a/b/c', '/x/*']
    routes = [marked(path, echo) for path in paths]
    routes += [marked('/vnc/{id}', echo, captures={'id': '[0-9]+'}),
               marked('/vnc', echo, 'hosted', host='desk.example.com'),
               marked('/*', echo, 'wild', host='*.example.com'),
               marked('/*', echo, 'deep', host='*.b.example.com')]
    endpoint = start(lab, routes[::-1] if turned else routes).endpoints[0]
    assert [taken(lab, endpoint, path) for path in (
        '/', '/vnc', '/vnc/', '/vnc/zz', '/vnc/12', '/vnc/12/', '/vnc/a', '/vnc/a/', '/vnc/a/b', '/vnc/a/b/c',
        '/vnc/a/b/c/d', '/vncx', '/x', '/x/', '/vnc?a=/x/', '/vnc/a?')] == [
        '/*', '/vnc', '/vnc/*', '/vnc/*', '/vnc/{id}', '/vnc/*', '/vnc/a', '/vnc/a/*', '/vnc/a/*', '/vnc/a/b/c',
        '/vnc/a/*', '/*', '/*', '/x/*', '/vnc', '/vnc/a']
    assert [taken(lab, endpoint, '/vnc', host) for host in (
        'desk.example.com', 'Desk.Example.COM:8443', 'desk.example.com.', 'other.example.com', 'a.b.example.com',
        'b.example.com', 'example.com', 'notexample.com', 'desk.example.com.evil.net', '[::1]', '10.0.0.1')] == [
        'hosted', 'hosted', 'hosted', 'wild', 'deep', 'wild', '/vnc', '/vnc', '/vnc', '/vnc', '/vnc']


def test_no_route_is_404(lab):
    bridge = start(lab, [marked('/vnc', lab.target())])
    answer = ask(lab, bridge.endpoints[0], '/else')
    assert answer.status == 404 and b'No route for this host and path' in answer.body
    assert bridge.session(reason='http_no_route')['client'].startswith('127.0.0.1:')
    assert get(lab, bridge.endpoints[0], '/vnc').status == 426


def test_each_listener_has_its_routes(lab):
    echo = lab.target()
    routes = [marked('/vnc', echo), marked('/ops', echo, name='ops'), marked('/two', echo, name='two'),
              marked('/two/*', echo, name='two')]
    listeners = [{'address': ANY}, {'address': ANY, 'routes': ['ops']}, {'address': ANY, 'routes': ['ops', 'two']}]
    bridge = start(lab, routes, listeners)
    paths = ('/vnc', '/ops', '/two', '/two/x')
    assert [[taken(lab, endpoint, path) != 404 for path in paths] for endpoint in bridge.endpoints] == [
        [True, False, False, False], [False, True, False, False], [False, True, True, True]]


def test_base_path_is_cut_off(lab):
    echo = lab.target()
    routes = [marked('/vnc', echo), marked('/', echo), marked('/in/*', echo)]
    endpoint = start(lab, routes, [{'address': ANY, 'base_path': '/desk'}]).endpoints[0]
    assert [taken(lab, endpoint, path) for path in (
        '/desk/vnc', '/desk', '/desk/', '/desk/in/x', '/%64esk/vnc', '//desk//vnc',
        '/vnc', '/', '/deskvnc', '/desk2/vnc', '/desk/desk/vnc', '/desk/../vnc', '/Desk/vnc')] == [
        '/vnc', '/', '/', '/in/*', '/vnc', '/vnc', 404, 404, 404, 404, 404, 400, 404]


def test_a_redirect_to_https(lab):
    routes = [{'path': '/*', 'redirect': 'https://{host}{path}{query}', 'redirect_status': 308,
               'headers': {'X-Hello': 'yes'}},
              {'path': '/old', 'redirect': '/new{query}', 'redirect_status': 302}]
    bridge = start(lab, routes, [{'address': ANY}, {'address': ANY, 'base_path': '/desk'}])
    endpoint = bridge.endpoints[0]
    for verb in (get, ask):  # an upgrade is told the same
        answer = verb(lab, endpoint, '/a/b?c=d', fields={'Host': 'desk.example.com:8080'})
        assert (answer.status, answer.fields['location']) == (308, 'https://desk.example.com/a/b?c=d')
        assert answer.fields['x-hello'] == 'yes'
    assert get(lab, endpoint, '/old?x').fields['location'] == '/new?x'
    assert get(lab, endpoint, '/old?a|b={c}').fields['location'] == '/new?a%7Cb=%7Bc%7D', 'as browsers send it'
    assert get(lab, endpoint, '//evil.example/x').fields['location'] == 'https://localhost/evil.example/x'
    assert get(lab, endpoint, '/%0d%0aX-Evil:1').status == 400
    assert get(lab, endpoint, '/', method='POST').status == 405
    assert get(lab, bridge.endpoints[1], '/desk/a').fields['location'] == 'https://localhost/desk/a'


def test_a_redirect_answers_head_without_a_body(lab):
    endpoint = start(lab, [{'path': '/*', 'redirect': 'https://{host}/'}]).endpoints[0]
    client = lab.connect(endpoint)
    client.send(b'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    while client.fill():
        pass
    assert client.pending.startswith(b'HTTP/1.1 301') and client.pending.endswith(b'\r\n\r\n')
    client.hang_up()


# ---- captures ----

def test_a_capture_chooses_the_target(lab):
    echo = lab.target(sock=targets.listening(address=('0.0.0.0', 0)))
    routes = [{'path': '/desk/{n}', 'target': f'tcp://127.0.0.{{n}}:{echo.port}', 'captures': {'n': '[0-9]{1,3}'}}]
    bridge = start(lab, routes)
    for number, host in enumerate(('3', '77')):
        client = lab.open(bridge, upgrade={'path': f'/desk/{host}'}).binary(b'hello')
        assert client.data(5) == b'hello'
        assert echo.connection(number).sock.getsockname()[0] == f'127.0.0.{host}'
        client.bye()
        assert bridge.session(number, reason='client_closed')['target'].endswith(f'127.0.0.{host}:{echo.port}')
    assert ask(lab, bridge.endpoints[0], '/desk/999').status == 404  # what the pattern allows and no address is


CAPTURE = [  # of '[0-9]{1,2}': what it takes, or how the request ends
    ('/desk/2', 101), ('/desk/%32', 101), ('/desk//2', 101), ('//desk/2', 101), ('/d%65sk/2', 101), ('/desk/2?', 101),
    ('/desk/2?../3', 101),
    ('/desk', 404), ('/desk/', 404), ('/desk//', 404), ('/desk/2/', 404), ('/desk/2/3', 404), ('/desk/222', 404),
    ('/desk/x', 404), ('/Desk/2', 404), ('/desk/2.evil', 404), ('/desk/2%2eevil', 404), ('/desk/2%2Eevil', 404),
    ('/desk/2:22', 404), ('/desk/2%3A22', 404), ('/desk/2@evil', 404), ('/desk/evil@2', 404), ('/desk/%202', 404),
    ('/desk/2%20', 404), ('/desk/2;x', 404), ('/desk/2%3bx', 404), ('/desk/2,3', 404), ('/desk/+2', 404),
    ('/desk/-2', 404), ('/desk/%2B2', 404), ('/desk/%2532', 404), ('/desk/%d9%a2', 404),
    ('/desk/2%e2%80%8b', 404), ('/desk/%c0%b2', 404), ('/desk/2%25', 404), ('/desk/{n}', 404), ('/desk/%7bn%7D', 404),
    ('/desk/*', 404), ('/desk/%2a', 404), ('/desk/2|3', 404), ('/desk/$', 404), ('/desk/^2$', 404), ('/desk/2%23', 404),
    ('/desk/2%3f', 404), ('/desk/' + '2' * 300, 404), ('/desk/2/.%20', 404), ('/desk/.../2', 404),
    ('/desk/2%0a', 400), ('/desk/2%0A3', 400), ('/desk/2%0d%0a', 400), ('/desk/2%00', 400), ('/desk/2%00.evil', 400),
    ('/desk/2%7f', 400), ('/desk/2%09', 400), ('/desk/2%2f3', 400), ('/desk/2%2F', 400), ('/desk%2f2', 400),
    ('/desk/2%5c3', 400), ('/desk/2\\3', 400), ('/desk/..', 400), ('/desk/%2e%2e', 400), ('/desk/.%2e', 400),
    ('/desk/%2E.', 400), ('/desk/.', 400), ('/desk/./2', 400), ('/desk/2/..', 400), ('/desk/x/../2', 400),
    ('/../desk/2', 400), ('/desk/2%', 400), ('/desk/2%3', 400), ('/desk/2%zz', 400), ('/desk/2%u0032', 400),
    ('/desk/2#3', 400), ('desk/2', 400), ('/desk/2\x00', 400), ('/desk/\xb2', 400),
]


def test_no_spelling_gets_past_a_pattern(lab):
    hosts = []
    echo = lab.target(lambda connection: hosts.append(connection.sock.getsockname()[0]),
                      sock=targets.listening(address=('0.0.0.0', 0)))
    routes = [{'path': '/desk/{n}', 'target': f'tcp://127.0.0.{{n}}:{echo.port}', 'captures': {'n': '[0-9]{1,2}'}}]
    bridge = start(lab, routes)
    seen = {path: ask(lab, bridge.endpoints[0], path).status for path, _ in CAPTURE}
    assert {path: status for path, status in seen.items() if status != dict(CAPTURE)[path]} == {}
    until(lambda: len(hosts) == [status for _, status in CAPTURE].count(101), hosts)
    assert set(hosts) == {'127.0.0.2'}


# ---- a rule below an open prefix ----

BELOW = [  # 403: the rule was met. 101: another path, which no rule is about. 400: not a path at all
    ('/open/x', 101), ('/open/admin2', 101), ('/open/ADMIN', 101), ('/open/admin;x', 101), ('/open/admin%3b', 101),
    ('/open/admin.', 101), ('/open/admin%20', 101), ('/open/%2561dmin', 101), ('/open/admin~', 101),
    ('/open/%c1%a1dmin', 101), ('/open/admin%C0%AF', 101), ('/open/admin=', 101), ('/open/...', 101),
    ('/open/admin', 403), ('/open/admin/', 403), ('/open/admin/x', 403), ('/open/admin//', 403), ('/open//admin', 403),
    ('//open/admin', 403), ('/open///admin//x', 403), ('/open/%61dmin', 403), ('/open/%61%64%6d%69%6e', 403),
    ('/open/%61%64%6D%69%6E/x', 403), ('/%6fpen/admin', 403), ('/open/admin?', 403), ('/open/admin?x=/open/x', 403),
    ('/open/admin?/../x', 403), ('/open/admin/%20', 403), ('/open/admin/;', 403), ('/open/admin/%2a', 403),
    ('/open/./admin', 400), ('/open/%2e/admin', 400), ('/open/x/../admin', 400), ('/open/x/%2e%2e/admin', 400),
    ('/open/x/%2E./admin', 400), ('/open/admin/.', 400), ('/open/admin/..', 400), ('/open%2fadmin', 400),
    ('/open/x%2f..%2fadmin', 400), ('/open/..%2fopen/admin', 400), ('/open\\admin', 400), ('/open/%5cadmin', 400),
    ('/open/x/..\\admin', 400), ('/open/admin%00', 400), ('/open/%00admin', 400), ('/open/admin%0a', 400),
    ('/open/admin#', 400), ('/open/%zzadmin', 400), ('/open/adm%69n%', 400), ('/open/ admin', 400),
    ('/open/adm\tin', 400), ('http://localhost/open/admin', 403), ('HTTP://localhost//open/%61dmin', 403),
    ('http://localhost/open/x', 101), ('http://localhost', 404), ('ftp://localhost/open/admin', 400),
    ('http://localhost\\open/admin', 400), ('http:///open/admin', 400), ('//', 404), ('*', 400),
]


def test_no_spelling_gets_past_a_rule_below_an_open_prefix(lab):
    echo = lab.target()
    routes = [marked('/open/*', echo), marked('/open/admin', echo, allow=NOWHERE),
              marked('/open/admin/*', echo, allow=NOWHERE)]
    bridge = start(lab, routes)
    seen = {path: ask(lab, bridge.endpoints[0], path).status for path, _ in BELOW}
    assert {path: status for path, status in seen.items() if status != dict(BELOW)[path]} == {}
    until(lambda: len(echo.connections) == [status for _, status in BELOW].count(101), 'one dial for each 101')


HOSTS = [  # 'open' is for any host, 403 the rule of the host
    ('localhost', 101), ('desk.example.net', 101), ('xdesk.example.com', 101), ('desk.example.com.evil', 101),
    ('example.com', 101), ('desk-example.com', 101), ('[::1]:80', 101),
    ('desk.example.com', 403), ('DESK.example.com', 403), ('desk.example.com.', 403), ('desk.example.com:80', 403),
    ('desk.example.com.:80', 403), ('desk.example.com:', 403), ('a.lab.example.com', 403),
    ('A.B.LAB.example.com.', 403),
    ('lab.example.com', 101), ('xlab.example.com', 101),
    ('desk.example.com:x', 400), ('desk.example.com/', 400), ('desk.example.com@evil', 400),
    ('evil@desk.example.com', 400),
    ('desk.example.com, evil', 400), ('evil desk.example.com', 400), ('desk.example.com\\', 400), ('', 400),
    ('desk.example.com#', 400), ('desk.example.com?', 400), ('[::1', 400), ('desk.example.com:80:80', 400),
    ('http://desk.example.com', 400),
]


def test_no_spelling_gets_past_a_rule_of_a_host(lab):
    echo = lab.target()
    routes = [marked('/*', echo), marked('/*', echo, 'desk', host='desk.example.com', allow=NOWHERE),
              marked('/*', echo, 'lab', host='*.lab.example.com', allow=NOWHERE)]
    endpoint = start(lab, routes).endpoints[0]
    seen = {host: ask(lab, endpoint, fields={'Host': host}).status for host, _ in HOSTS}
    assert {host: status for host, status in seen.items() if status != dict(HOSTS)[host]} == {}
    twice = request(fields={'Host': 'localhost'}, extra=['Host: desk.example.com'])
    assert ask(lab, endpoint, raw=twice).status == 400
    # The host of an absolute target is the one that counts, RFC 9112 section 3.2.2.
    assert ask(lab, endpoint, 'http://desk.example.com/', fields={'Host': 'localhost'}).status in (400, 403)
    assert ask(lab, endpoint, 'http://localhost/', fields={'Host': 'desk.example.com'}).status in (101, 400)


def test_listening_addresses_of_all_kinds(lab):
    echo = lab.target()
    listeners = [{'address': '[::1]:0'}, {'address': f'unix:{lab.folder}/in.sock', 'socket_mode': '0660'},
                 {'address': 'unix:@wsluice-test-routes'}, {'address': 'localhost:0'}]
    bridge = start(lab, [marked('/*', echo)], listeners)
    for endpoint in bridge.endpoints:
        assert taken(lab, endpoint) == '/*'
    mode = (lab.folder / 'in.sock').stat().st_mode
    assert mode & 0o777 == 0o660
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect('\0wsluice-test-routes')


def test_there_is_a_path_per_target(lab):
    first, second = lab.target(targets.source(b'1')), lab.unix_target(targets.source(b'2'))
    bridge = start(lab, [{'path': '/1', 'target': there(first)}, {'path': '/2', 'target': there(second)}])
    for path in '12':
        assert lab.open(bridge, upgrade={'path': '/' + path}).end()[0] == path.encode()
