"""auth: forward: a service decides about each request; beside it nginx's auth_request and Caddy's forward_auth."""
import shutil
import subprocess
import time

import browse
import nginx
import pytest
import targets
from gateway import ANY, PROXIED, Endpoint, ask, get, start, there, write
from lab import run
from ports import free_port, listens
from services import Request, Service, response
from test_tokens import opened, says
from wire import request, until

LOGIN = response(302, b'<a href="/login">log in</a>', {
    'Location': 'https://login.example/?rd=https%3A%2F%2Fdesk.example%2Fdesk', 'Content-Type': 'text/html'})
CHALLENGE = response(401, b'who are you?', {'WWW-Authenticate': 'Basic realm="Desks"', 'Set-Cookie': 'step=1; Path=/',
                                            'Content-Type': 'text/plain'})


def by_cookie(asked: Request):
    """A service as Authelia and its like: a login by cookie, a page for those without."""
    cookie = asked.fields.get('cookie', '')
    if 'login=ann' in cookie:
        return response(200, b'', {'Remote-User': 'ann', 'Remote-Groups': 'desks'})
    if 'login=bob' in cookie:
        return response(403, b'not for you')
    return CHALLENGE if 'basic' in asked.target else LOGIN


def guarded(lab, answer, *, handler=targets.echo, tls=None, path='/check', listeners=({'address': ANY},), options=None,
            **route):
    service = Service(answer)
    target = lab.target(service, context=tls)
    url = f'{"https" if tls else "http"}://127.0.0.1:{target.port}{path}'
    bridge = start(lab, [{'path': '/desk', 'target': there(lab.target(handler)),
                          'auth': [{'forward': {'url': url, **(options or {})}}], **route}], listeners)
    return bridge, service


def asked_by(lab, endpoint, path='/desk', **fields):
    return ask(lab, endpoint, path, fields={name.replace('_', '-'): value for name, value in fields.items()})


def test_who_passes(lab):
    bridge, service = guarded(lab, by_cookie)
    assert asked_by(lab, bridge, Cookie='a=b; login=ann').status == 101
    assert bridge.session(route='/desk', user='ann')
    answer = asked_by(lab, bridge)
    assert answer.status == 302 and answer.body == b'<a href="/login">log in</a>'
    assert answer.fields['location'] == 'https://login.example/?rd=https%3A%2F%2Fdesk.example%2Fdesk'
    assert answer.fields['content-type'] == 'text/html' and answer.fields['cache-control'] == 'no-store'
    answer = asked_by(lab, bridge, Cookie='login=bob')
    assert answer.status == 403 and answer.body == b'not for you'
    assert bridge.session(reason='auth_required') and bridge.session(reason='auth_refused')
    assert len(service.requests) == 3


def test_a_challenge(lab):
    bridge, _ = guarded(lab, by_cookie, path='/basic')
    answer = asked_by(lab, bridge)
    assert answer.status == 401 and answer.fields['www-authenticate'] == 'Basic realm="Desks"'
    assert answer.fields['set-cookie'] == 'step=1; Path=/' and answer.body == b'who are you?'


def test_what_the_service_is_told(lab):
    """Of a client behind a trusted proxy; nothing of it that the client made up."""
    bridge, service = guarded(lab, by_cookie, listeners=[*PROXIED, {'address': ANY}])
    made_up = {'X-Original-URL': 'https://evil/', 'X-Original-URI': '/evil', 'X-Forwarded-Uri': '/evil',
               'X-Forwarded-Method': 'TRACE', 'X-Forwarded-Host': 'evil', 'Remote-User': 'root', 'X-Real-IP': '10.0.0.1'}
    fields = {'Host': 'desk.example', 'Origin': 'https://desk.example', 'Cookie': 'login=ann', 'Authorization': 'Bearer x',
              'X-Forwarded-For': '10.9.9.9, 203.0.113.9', 'X-Forwarded-Proto': 'https', **made_up}
    assert ask(lab, bridge.endpoints[0], '/desk?a=b%20c', fields=fields).status == 101
    told = service.requests[0]
    assert told.method == 'GET' and told.target == '/check'
    expected = {'X-Forwarded-Method': 'GET', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'desk.example',
                'X-Forwarded-Uri': '/desk?a=b%20c', 'X-Forwarded-For': '203.0.113.9', 'Cookie': 'login=ann',
                'X-Original-URL': 'https://desk.example/desk?a=b%20c', 'X-Original-URI': '/desk?a=b%20c',
                'Authorization': 'Bearer x', 'Origin': 'https://desk.example'}
    assert {name: told.all(name) for name in expected} == {name: [value] for name, value in expected.items()}
    assert not told.all('Remote-User') and not told.all('X-Real-IP') and not told.all('Upgrade')
    assert ask(lab, bridge.endpoints[1], '/desk', fields=fields).status == 101
    told = service.requests[1]
    assert told.all('X-Forwarded-For') == ['127.0.0.1'] and told.all('X-Forwarded-Proto') == ['http']


def test_a_location_that_is_no_page_is_not_passed_on(lab):
    bridge, _ = guarded(lab, lambda asked: response(302, b'', {'Location': 'javascript:alert(document.cookie)'}))
    answer = asked_by(lab, bridge)
    assert answer.status == 302 and 'location' not in answer.fields and b'javascript' not in answer.body


def test_head(lab):
    """The head of the same answer, and no body: of a file, a login page, a refusal, a challenge."""
    (lab.folder / 'page.html').write_text('the page')
    service = Service(by_cookie)
    url = f'http://127.0.0.1:{lab.target(service).port}'
    bridge = start(lab, [{'path': f'{path}*', 'files': str(lab.folder), 'auth': [{'forward': url + check}]}
                         for path, check in (('/', '/check'), ('/basic/', '/basic'))])
    for path, cookie in (('/page.html', 'login=ann'), ('/page.html', ''), ('/page.html', 'login=bob'), ('/basic/page.html', '')):
        answers = []
        for method in ('HEAD', 'GET'):
            browser = browse.visit(lab, bridge)
            answers.append(browser.ask(path, method=method, fields={'Cookie': cookie, 'Connection': 'close'}))
            assert not browser.client.fill() and not browser.client.pending, 'nothing follows'
            browser.client.hang_up()
        head, whole = answers
        assert (head.status, head.fields) == (whole.status, {**whole.fields, 'date': head.fields['date']}), path
        assert whole.body and head.fields['content-length'] == str(len(whole.body))
    assert [asked.method for asked in service.requests] == ['GET'] * 8
    assert [asked.all('X-Forwarded-Method') for asked in service.requests] == [['HEAD'], ['GET']] * 4


def test_files_and_pages_are_behind_it(lab):
    (lab.folder / 'page.html').write_text('secret')
    folder, service = str(lab.folder), Service(by_cookie)
    url = f'http://127.0.0.1:{lab.target(service).port}/check'
    bridge = start(lab, [{'path': '/*', 'files': folder, 'auth': [{'forward': url}]}])
    answer = get(lab, bridge, '/page.html')
    assert answer.status == 302 and b'secret' not in answer.body
    assert get(lab, bridge, '/page.html', fields={'Cookie': 'login=ann'}).body == b'secret'
    assert service.requests[0].all('X-Forwarded-Uri') == ['/page.html']


def test_the_answer_chooses_the_target(lab):
    """By a field that the configuration names, and among what it permits."""
    desks = [lab.target(says(name)) for name in ('one', 'two')]
    where = {'one': f'127.0.0.1:{desks[0].port}', 'two': f'127.0.0.1:{desks[1].port}', 'outside': '127.0.0.1:1',
             'metadata': '169.254.169.254:80', 'socket': 'unix:/run/docker.sock', 'words': 'desk', 'long': 'a' * 256, 'empty': ''}

    def answer(asked):
        name = asked.fields.get('cookie', '').partition('=')[2]
        fields = {'Remote-User': 'ann', **({'X-Target': where[name]} if name in where else {})}
        if name == 'twice':
            fields |= {'X-Target': where['one'], 'x-target': where['two']}
        return response(200, b'', fields)
    url = f'http://127.0.0.1:{lab.target(Service(answer)).port}/check'
    bridge = start(lab, [{'path': '/desk', 'auth': [{'forward': {'url': url, 'target': 'X-Target'}}],
                          'tokens': {'auth': True, 'permit': [where['one'], where['two']]}}])

    def led(name):
        return opened(lab, bridge.endpoints[0], '/desk?token=x', fields={'Cookie': f'desk={name}', 'X-Target': where['two']})
    assert [led(name) for name in ('one', 'two', 'outside', 'metadata', 'socket')] == ['one', 'two', 403, 403, 403]
    record = bridge.session(user='ann', target=where['one'])
    assert record['chosen_by'] == 'forward'
    assert bridge.session(reason='target_not_permitted')['chosen_by'] == 'forward'
    assert (led('none'), led('empty')) == (403, 403)
    assert bridge.session(reason='token_missing')['detail'] == 'auth has named no target'
    assert (led('words'), led('long'), led('twice')) == (503, 503, 503)
    assert bridge.session(reason='token_source')['detail'] == 'auth names no valid target'


BROKEN = {
    'a failure': response(500), 'not modified': response(304), 'two users': response(200, b'', {'Remote-User': 'a', 'remote-user': 'b'}),
    'a long name': response(200, b'', {'Remote-User': 'a' * 256}), 'nothing': None, 'another protocol': b'SSH-2.0-x\r\n',
    'a body without end': b'HTTP/1.1 401 X\r\nTransfer-Encoding: chunked\r\n\r\n' + 100 * (b'400\r\n' + 1024 * b'x' + b'\r\n'),
    'two lengths': b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n',
    'switching': b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n',
}


@pytest.mark.parametrize('kind', BROKEN)
def test_failures_close_the_door(lab, kind):
    bridge, _ = guarded(lab, lambda asked: BROKEN[kind])
    answer = asked_by(lab, bridge, Cookie='login=ann')
    assert answer.status == 503 and 'retry-after' in answer.fields
    assert bridge.session(reason='auth_unavailable')['detail']


def test_no_answer_in_time(lab):
    target = lab.target(targets.hold)
    bridge = start(lab, [{'path': '/desk', 'target': there(lab.target()), 'auth': [
        {'forward': {'url': f'http://127.0.0.1:{target.port}/', 'timeout': '300ms'}}]}])
    began = time.monotonic()
    assert asked_by(lab, bridge).status == 503
    assert 0.2 < time.monotonic() - began < 3
    assert 'no answer in time' in bridge.session(reason='auth_unavailable')['detail']
    client = lab.connect(bridge)
    client.send(request('/desk'))
    until(lambda: len(target.connections) == 2, 'the second question')
    client.hang_up()


def test_a_dead_service(lab):
    target = lab.target()
    url = f'http://127.0.0.1:{target.port}/'
    target.close()
    bridge = start(lab, [{'path': '/desk', 'target': there(lab.target()), 'auth': [{'forward': url}]}])
    assert asked_by(lab, bridge).status == 503
    assert 'refused' in bridge.session(reason='auth_unavailable')['detail']


def test_over_tls(lab, certs):
    context = certs.server_context(certs.ec, certs.ec_key)
    bridge, service = guarded(lab, by_cookie, tls=context, options={'ca': certs.ca, 'user': 'Remote-Groups'})
    assert asked_by(lab, bridge, Cookie='login=ann').status == 101
    assert bridge.session(user='desks')
    stranger = certs.server_context(certs.fake, certs.fake_key)
    bridge, service = guarded(lab, by_cookie, tls=stranger, options={'ca': certs.ca})
    assert asked_by(lab, bridge, Cookie='login=ann').status == 503 and not service.requests


def test_satisfy_any(lab):
    """The header of a proxy, or the service."""
    service = Service(by_cookie)
    auth = [{'header': 'X-User'}, {'forward': f'http://127.0.0.1:{lab.target(service).port}/'}]
    bridge = start(lab, [{'path': '/desk', 'target': there(lab.target()), 'auth': auth, 'satisfy': 'any'}], PROXIED)
    assert asked_by(lab, bridge, X_User='ann').status == 101 and not service.requests
    assert asked_by(lab, bridge, Cookie='login=ann').status == 101
    assert asked_by(lab, bridge).status == 302


def test_check(lab):
    def check(forward):
        return run('check', write(lab.folder / 'x.yaml', {'listeners': [{'address': ANY}], 'routes': [
            {'path': '/', 'target': 'tcp://127.0.0.1:1', 'auth': [{'forward': forward}]}]}))
    for forward in ('http://127.0.0.1:9/check', {'url': 'unix:/run/door.sock:/check', 'user': 'X-User'}):
        code, out, _ = check(forward)
        assert code == 0 and 'asked over HTTP' in out
    for forward, words in (('http://a/{token}', 'no token'), ('a', 'http://HOST'), ({'url': 'http://a/', 'user': 'a b'}, 'user'),
                           ({'url': 'https://a/', 'ca': '/nowhere.pem'}, '/nowhere.pem')):
        code, *texts = check(forward)
        assert code == 1 and words in ''.join(texts)


# ---- the same service behind three servers ----

def behind_nginx(lab, check, files):
    return nginx.serve(lab, f'''
        location / {{ auth_request /auth; auth_request_set $user $upstream_http_remote_user; add_header X-User $user;
                      root {files}; }}
        location = /auth {{ internal; proxy_pass http://127.0.0.1:{check.port}/check; proxy_pass_request_body off;
                            proxy_set_header Content-Length ""; proxy_set_header X-Original-URI $request_uri;
                            proxy_set_header X-Original-Method $request_method; }}''')


def behind_caddy(lab, check, files):
    port, folder = free_port(), lab.folder / 'caddy'
    folder.mkdir()
    (folder / 'Caddyfile').write_text(f'''{{
            admin off
        }}
        http://:{port} {{
            bind 127.0.0.1
            forward_auth 127.0.0.1:{check.port} {{
                uri /check
                copy_headers Remote-User
            }}
            root * {files}
            file_server
        }}''')
    lab.spawn('caddy', 'run', '--config', folder / 'Caddyfile', '--adapter', 'caddyfile', stderr=subprocess.DEVNULL,
              env={'HOME': str(folder), 'PATH': '/usr/bin'})
    until(lambda: listens(port), 'Caddy')
    return Endpoint(f'127.0.0.1:{port}')


def behind_us(lab, check, files):
    return start(lab, [{'path': '/*', 'files': str(files), 'auth': [{'forward': f'http://127.0.0.1:{check.port}/check'}]}])


SERVERS = {'nginx': behind_nginx, 'caddy': behind_caddy, 'wsluice': behind_us}


@pytest.mark.parametrize('name', SERVERS)
def test_the_same_service_behind_others(lab, name):
    """The verdicts are the same. nginx passes on 401 and 403 alone; any other answer is an error to it."""
    if name != 'wsluice' and not shutil.which(name):
        pytest.skip(f'{name} is not installed')
    files = lab.folder / 'files'
    files.mkdir()
    (files / 'page.html').write_text('the page')

    def answer(asked):
        cookie = asked.fields.get('cookie', '')
        return response(500) if 'broken' in cookie else CHALLENGE if not cookie else by_cookie(asked)
    service = Service(answer)
    server = SERVERS[name](lab, lab.target(service), files)
    found = get(lab, server, '/page.html?a=b', fields={'Cookie': 'login=ann', 'X-Forwarded-Uri': '/evil'})
    assert (found.status, found.body) == (200, b'the page')
    told = service.requests[0].fields
    uri = told.get('x-original-uri') if name == 'nginx' else told['x-forwarded-uri']
    assert uri == '/page.html?a=b' and told['cookie'] == 'login=ann'
    refused = get(lab, server, '/page.html')
    assert refused.status == 401 and refused.fields['www-authenticate'] == 'Basic realm="Desks"'
    assert get(lab, server, '/page.html', fields={'Cookie': 'login=bob'}).status == 403
    assert get(lab, server, '/page.html', fields={'Cookie': 'broken'}).status >= 500
    if name != 'nginx':
        assert refused.body == b'who are you?' and refused.fields['set-cookie'] == 'step=1; Path=/'
        page = get(lab, server, '/page.html', fields={'Cookie': 'other'})
        assert page.status == 302 and page.fields['location'].startswith('https://login.example/')
