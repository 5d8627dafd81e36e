"""The method `login`: a page, its form, the cookie, and the way out."""
import asyncio
import html
import re
import urllib.parse

import pytest
import targets
import websockets
from gateway import ANY, PROXIED, ask, get, plain, reload, start, there
from lab import run
from recipes import folder_for, gateway, recipe, replaced, says, shell
from users_file import credentials, crypted, set_password, write_users
from wire import request, until

FORM = 'application/x-www-form-urlencoded'
PAGE = {'Sec-Fetch-Dest': 'document', 'Sec-Fetch-Site': 'none', 'Accept': 'text/html,*/*;q=0.8'}
OWN = {**PAGE, 'Sec-Fetch-Site': 'same-origin'}


def guarded(lab, users, path='/desk/*', login=None, **more):
    (lab.folder / 'page.html').write_text('secret page')
    return {'path': path, 'target': there(lab.target(targets.echo)), 'files': str(lab.folder),
            'auth': [{'login': {'users': str(users), **(login or {})}}], **more}


class Browser:
    """Keeps cookies by name, as a browser does for one host, and follows no redirect by itself."""

    def __init__(self, lab, endpoint, host='localhost', **connection):
        self.lab, self.endpoint, self.host, self.cookies, self.connection = lab, endpoint, host, {}, connection
        self.more = {}  # further fields of each request

    def fields(self, fields):
        jar = '; '.join(f'{name}={value}' for name, value in self.cookies.items())
        return {**fields, **self.more, **({'Cookie': jar} if jar else {})}

    def keep(self, answer):
        for cookie in answer.cookies:
            name, _, rest = cookie.partition('=')
            self.cookies[name] = rest.split(';')[0]
            if 'Max-Age=0' in cookie:
                del self.cookies[name]
        self.last = answer
        return answer

    def get(self, path, fields=PAGE, method='GET'):
        return self.keep(get(self.lab, self.endpoint, path, fields=self.fields(fields), method=method,
                             host=self.host, connection=self.connection))

    def form(self, path, body, fields=OWN):
        fields = {'Content-Type': FORM, 'Content-Length': len(body), **self.fields(fields)}
        return plain(path, fields=fields, method='POST', host=self.host, body=body)

    def post(self, path, body, fields=OWN):
        return self.keep(ask(self.lab, self.endpoint, raw=self.form(path, body, fields), connection=self.connection))

    def token(self):
        return html.unescape(re.search(rb'name="page" value="([^"]*)"', self.last.body)[1].decode())

    def submit(self, path, **values):
        """The form of the last page."""
        body = urllib.parse.urlencode({**values, 'page': self.token()})
        return self.post(path, body.encode())

    def log_in(self, path, user='ann', word='sesame'):
        assert self.get(path).status in (401, 503)
        answer = self.submit(path, user=user, password=word)
        assert answer.status == 303, answer.body
        return answer

    def upgrade(self, path, **fields):
        return ask(self.lab, self.endpoint, path, fields=self.fields({'Host': self.host, **fields}),
                   connection=self.connection).status


def says_text(answer, text):
    return text in html.unescape(answer.body.decode())


def test_a_page_asks_first(lab, users):
    bridge = start(lab, [guarded(lab, users, login={'title': 'Desks & "more" <b>'})])
    browser = Browser(lab, bridge)
    page = browser.get('/desk/page.html?a=b')
    assert page.status == 401 and page.fields['cache-control'] == 'no-store'
    assert page.fields['content-type'] == 'text/html; charset=utf-8'
    policy = page.fields['content-security-policy']
    assert "default-src 'none'" in policy and "form-action 'self'" in policy and 'unsafe' not in policy
    assert b'secret' not in page.body and b'<h1>Desks &amp; &quot;more&quot; &lt;b&gt;</h1>' in page.body
    assert 'HttpOnly; SameSite=Lax' in page.cookies[0] and 'Max-Age' not in page.cookies[0]
    assert len(page.body) < 20_000 and 'www-authenticate' in page.fields

    for fields in ({}, {'Sec-Fetch-Dest': 'empty'}, {'Sec-Fetch-Dest': 'image'}, {'Accept': 'image/png'}):
        answer = browser.get('/desk/page.html', fields)
        assert answer.status == 401 and answer.body == b'Authentication is required\n'
    assert browser.upgrade('/desk/1') == 401

    answer = browser.log_in('/desk/page.html?a=b')
    assert answer.fields['location'] == './page.html?a=b'
    cookie, = answer.cookies
    assert '; Path=/desk; Max-Age=28800; HttpOnly; SameSite=Lax' in cookie and cookie.startswith('wsluice=')
    answer = browser.get('/desk/page.html?a=b')
    assert answer.status == 200 and answer.body == b'secret page'
    assert browser.get('/desk/page.html', {'Sec-Fetch-Dest': 'empty'}).status == 200
    assert browser.upgrade('/desk/1') == 101
    assert bridge.session(user='ann')['route'] == '/desk/*'
    assert 'sesame' not in bridge.text and browser.cookies['wsluice'] not in bridge.text


def test_a_websocket_of_a_library(lab, users):
    bridge = start(lab, [guarded(lab, users)])
    browser = Browser(lab, bridge)
    browser.log_in('/desk/')

    async def talk(headers):
        async with websockets.connect(f'ws://127.0.0.1:{bridge.port}/desk/1', open_timeout=20,
                                      extra_headers=headers) as client:
            await client.send(b'hello')
            return await client.recv()
    cookie = f'wsluice={browser.cookies["wsluice"]}'
    assert asyncio.run(talk({'Cookie': cookie})) == b'hello'
    with pytest.raises(websockets.InvalidStatusCode) as refused:
        asyncio.run(talk({}))
    assert refused.value.status_code == 401


def test_wrong_passwords(lab, users):
    bridge = start(lab, [guarded(lab, users)])
    browser = Browser(lab, bridge)
    browser.get('/desk/')
    for number in range(6):
        answer = browser.submit('/desk/', user='ann', password=f'wrong {number}')
        assert answer.status == 401 and says_text(answer, 'User name or password is wrong.')
        assert b'value="ann"' in answer.body and b'wrong 0' not in answer.body
        assert not any(cookie.startswith('wsluice=') for cookie in answer.cookies)
    answer = browser.submit('/desk/', user='ann', password='sesame')
    assert answer.status == 429 and says_text(answer, 'Too many attempts. Try again in ')
    assert int(answer.fields['retry-after']) >= 1 and b'data-wait="' in answer.body
    assert bridge.session(reason='auth_failed') and bridge.session(reason='auth_throttled')
    assert not re.search(r'wrong \d|sesame', bridge.text)


def test_forms_of_other_sites(lab, users):
    bridge = start(lab, [guarded(lab, users)])
    browser, thief = Browser(lab, bridge), Browser(lab, bridge)
    browser.get('/desk/')
    thief.get('/desk/')
    good = urllib.parse.urlencode({'user': 'ann', 'password': 'sesame', 'page': browser.token()}).encode()
    for fields in ({'Sec-Fetch-Site': 'cross-site'}, {'Sec-Fetch-Site': 'same-site'},
                   {'Origin': 'https://evil.example'}, {'Origin': 'null'}):
        assert browser.post('/desk/', good, fields).status == 403, fields
    stolen = urllib.parse.urlencode({'user': 'ann', 'password': 'sesame', 'page': thief.token()}).encode()
    for body in (stolen, b'user=ann&password=sesame', b'user=ann&password=sesame&page=x'):
        answer = browser.post('/desk/', body)
        assert answer.status == 403 and says_text(answer, 'This page was open for too long')
    assert browser.post('/desk/', good).status == 303
    assert browser.post('/desk/', good, {'Origin': 'http://localhost'}).status == 303


def test_bodies(lab, users):
    """Only the form of a login has one, and its end is never guessed."""
    bridge = start(lab, [guarded(lab, users), {'path': '/open/*', 'files': str(lab.folder)}])
    browser = Browser(lab, bridge)

    def post(path, fields, body=b'', method='POST'):
        return ask(lab, bridge, raw=plain(path, fields=fields, method=method, body=body))
    kind = {'Content-Type': FORM}
    assert post('/open/page.html', {**kind, 'Content-Length': 5}, b'a=b&c').status == 405
    assert post('/open/page.html', {'Content-Length': 5}, b'hello', 'GET').status == 400
    assert post('/desk/', {**kind, 'Content-Length': 5}, b'hello', 'GET').status == 400
    assert post('/desk/', {'Content-Length': 5, 'Content-Type': 'text/plain'}, b'hello').status == 405
    assert post('/desk/', kind).status == 405
    assert post('/desk/', {**kind, 'Content-Length': 4097}).status == 413
    assert post('/desk/', {**kind, 'Content-Length': 10 ** 30}).status == 413
    assert post('/desk/', {**kind, 'Transfer-Encoding': 'chunked'}, b'0\r\n\r\n').status == 400
    assert post('/desk/', {**kind, 'Content-Length': 5, 'Transfer-Encoding': 'chunked'}, b'0\r\n\r\n').status == 400
    assert post('/desk/', {**kind, 'Content-Length': 5, 'Expect': '100-continue'}).status == 400
    assert post('/desk/', {**kind, 'Content-Length': '5, 5'}, b'hello').status == 400
    assert post('/desk/', {**kind, 'Content-Length': 6}, b'user=%').status == 400
    browser.get('/desk/')
    padding = 4096 - len(urllib.parse.urlencode({'user': 'ann', 'password': 'sesame', 'page': browser.token(), 'x': ''}))
    assert browser.submit('/desk/', user='ann', password='sesame', x='y' * padding).status == 303


def test_the_connection_stays(lab, users):
    """Behind a form the next request is read, and what looks like one in the body is none."""
    bridge = start(lab, [guarded(lab, users)])
    browser = Browser(lab, bridge)
    browser.get('/desk/')
    jar = '; '.join(f'{name}={value}' for name, value in browser.cookies.items())
    body = urllib.parse.urlencode({'user': 'ann', 'password': 'sesame', 'page': browser.token()})
    body += '&x=\r\n\r\nGET /desk/smuggled HTTP/1.1\r\nHost: h\r\n\r\n'
    head = (f'POST /desk/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nSec-Fetch-Site: same-origin\r\n'
            f'Cookie: {jar}\r\nContent-Length: {len(body)}\r\n\r\n')
    following = b'GET /desk/page.html HTTP/1.1\r\nHost: localhost\r\n\r\n'
    whole = (head + body).encode() + following
    for cut in (len(whole), len(head) + 7, len(head), len(head) - 2, 40, len(head) + len(body) + 5):
        client = lab.connect(bridge)
        client.send(whole[:cut])
        client.send(whole[cut:])
        first, second = client.answer(), client.answer()
        assert first.status == 303 and 'connection' not in first.fields
        assert second.status == 401 and second.body == b'Authentication is required\n'
        client.send(following.replace(b'\r\n\r\n', f'\r\nCookie: {first.cookies[0].split(";")[0]}\r\n\r\n'.encode()))
        assert client.answer().body == b'secret page'
        client.hang_up()
    assert 'smuggled' not in bridge.text


def test_half_bodies(lab, users):
    """Each has one deadline, however slowly it comes; a client that leaves costs nothing."""
    bridge = start(lab, [guarded(lab, users)], limits={'handshake_timeout': '1s'})
    head = f'POST /desk/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nContent-Length: 100\r\n\r\n'.encode()
    slow = lab.connect(bridge)
    slow.send(head + b'user=a')

    def drip():
        try:
            slow.send(b'n')
        except OSError:
            return True
        return bool(slow.pending or bridge.text.count('handshake_timeout'))
    until(drip, 'the deadline of a body')
    assert slow.answer().status == 408
    slow.hang_up()
    gone = lab.connect(bridge)
    gone.send(head + b'user=a')
    gone.hang_up()
    assert bridge.session(reason='handshake_eof')
    bridge.rests()


def test_logout(lab, users):
    bridge = start(lab, [guarded(lab, users)])
    browser = Browser(lab, bridge)
    browser.log_in('/desk/')
    kept = dict(browser.cookies)
    answer = browser.get('/desk/logout')
    assert answer.status == 200 and says_text(answer, 'You are logged out.') and 'wsluice' not in browser.cookies
    assert browser.get('/desk/page.html').status == 401
    browser.cookies = kept
    answer = browser.get('/desk/page.html')
    assert answer.status == 401 and says_text(answer, 'Your login has ended.'), 'a copy of the cookie counts no more'
    browser.log_in('/desk/page.html')
    answer = browser.get('/desk/logout', {**PAGE, 'Sec-Fetch-Site': 'cross-site'})
    assert says_text(answer, 'You are logged in as ann.') and browser.get('/desk/page.html').status == 200
    browser.get('/desk/logout', {**PAGE, 'Sec-Fetch-Site': 'cross-site'})
    assert says_text(browser.submit('/desk/logout'), 'You are logged out.')
    assert browser.get('/desk/page.html').status == 401


def test_logout_everywhere_ends_sessions(lab, users):
    bridge = start(lab, [guarded(lab, users), guarded(lab, users, '/other/*')])
    browsers = [Browser(lab, bridge) for _ in range(3)]
    clients = []
    for browser, path, user, word in zip(browsers, ('/desk/', '/other/', '/desk/'), ('ann', 'ann', 'bob'),
                                         ('sesame', 'sesame', 'p:ä'), strict=True):
        browser.log_in(path, user, word)
        for _ in range(3):
            client = lab.connect(bridge)
            client.send(request(f'{path}1', fields=browser.fields({})))
            assert client.answer().status == 101
            clients.append(client)
    assert says_text(browsers[0].get('/desk/logout?everywhere'), 'You are logged out.')
    for client in clients[:6]:
        assert client.closing()[1:] == (1008, 'The user has logged out')
        client.hang_up()
    for client in clients[6:]:
        assert client.binary(b'still here').data(10) == b'still here'
        client.hang_up()
    assert browsers[1].get('/other/page.html').status == 401 and browsers[2].get('/desk/page.html').status == 200
    assert bridge.session(reason='logged_out', user='ann')
    browsers[0].log_in('/desk/')
    assert browsers[0].get('/desk/page.html').status == 200


def test_an_exact_route(lab, users):
    """It has no files: the page is shown at its own address, and says afterwards who is logged in."""
    route = {'path': '/ssh', 'target': there(lab.target(targets.echo)), 'auth': [{'login': str(users)}]}
    bridge = start(lab, [route, {'path': '/*', 'files': str(lab.folder)}])
    browser = Browser(lab, bridge)
    assert browser.upgrade('/ssh') == 401
    answer = browser.log_in('/ssh')
    assert answer.fields['location'] == './ssh' and '; Path=/ssh; ' in answer.cookies[0]
    answer = browser.get('/ssh')
    assert answer.status == 200 and says_text(answer, 'You are logged in as ann.') and b'action="./ssh/logout"' in answer.body
    assert browser.get('/ssh', {}).status == 426
    assert browser.upgrade('/ssh') == 101
    browser.get('/ssh')
    assert says_text(browser.submit('/ssh/logout'), 'You are logged out.') and b'href="../ssh"' in browser.last.body
    assert browser.upgrade('/ssh') == 401
    (lab.folder / 'logout').write_text('a file of this name')
    assert browser.get('/logout').body == b'a file of this name', 'of a route without a login'


def test_a_base_path_and_a_proxy(lab, users):
    """A proxy in front ends TLS, which it says, and changes the host."""
    bridge = start(lab, [guarded(lab, users, origins=['https://desk.example.com'])],
                   [{**PROXIED[0], 'base_path': '/house'}])
    browser = Browser(lab, bridge.endpoints[0])
    browser.more = {'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'https'}
    browser.get('/house/desk/page.html')
    body = urllib.parse.urlencode({'user': 'ann', 'password': 'sesame', 'page': browser.token()}).encode()
    assert browser.post('/house/desk/page.html', body, {'Origin': 'https://evil.example.com'}).status == 403
    answer = browser.post('/house/desk/page.html', body, {'Origin': 'https://desk.example.com'})
    assert answer.status == 303 and answer.fields['location'] == './page.html'
    assert answer.cookies[0].startswith('__Secure-wsluice=') and '; Path=/house/desk; ' in answer.cookies[0]
    assert '; Secure; HttpOnly' in answer.cookies[0]
    assert browser.get('/house/desk/page.html').status == 200
    assert says_text(browser.get('/house/desk/logout'), 'You are logged out.')


def test_tls(lab, users, certs):
    listener = {'address': ANY, 'tls': {'certificates': [{'certificate': str(certs.ec), 'key': str(certs.ec_key)}]}}
    bridge = start(lab, [guarded(lab, users, '/*')], [listener])
    browser = Browser(lab, bridge.endpoints[0], context=certs.context())
    answer = browser.log_in('/page.html')
    assert answer.cookies[0].startswith('__Host-wsluice=') and '; Path=/; ' in answer.cookies[0]
    assert '; Secure; ' in answer.cookies[0] and browser.get('/page.html').body == b'secret page'


def test_changes_of_the_users(lab, users):
    bridge = start(lab, [guarded(lab, users)])
    ann, bob = Browser(lab, bridge), Browser(lab, bridge)
    ann.log_in('/desk/page.html')
    bob.log_in('/desk/page.html', 'bob', 'p:ä')
    set_password(users, 'ann', 'another')
    assert says_text(ann.get('/desk/page.html'), 'Your login has ended.')
    assert bob.get('/desk/page.html').status == 200
    ann.log_in('/desk/page.html', word='another')
    assert run('passwd', '--delete', users, 'ann')[0] == 0
    assert ann.get('/desk/page.html').status == 401
    write_users(users, 'ann:plain\n')
    answer = bob.get('/desk/page.html')
    assert answer.status == 503 and says_text(answer, 'Passwords cannot be checked at the moment.')


def test_lifetimes(lab, users):
    bridge = start(lab, [guarded(lab, users, login={'lifetime': '60s', 'end_sessions': True})])
    browser = Browser(lab, bridge)
    assert 'Max-Age=60;' in browser.log_in('/desk/').cookies[0]
    assert browser.get('/desk/page.html').status == 200
    bridge.config['routes'][0]['auth'][0]['login']['lifetime'] = '2h'
    reload(bridge, bridge.config)
    assert browser.get('/desk/page.html').status == 200, 'a random key outlives a reload'


def test_secrets(lab, users):
    """Of two gateways with the same file each accepts the other's logins; a key can be replaced."""
    secret = lab.folder / 'login.secret'
    secret.write_text('0123456789abcdef0123456789abcdef\n')
    login = {'secret': str(secret)}
    one = start(lab, [guarded(lab, users, login=login)])
    other = start(lab, [guarded(lab, users, login=login)], file='other.yaml')
    browser = Browser(lab, one)
    browser.log_in('/desk/page.html')
    browser.endpoint = other
    assert browser.get('/desk/page.html').status == 200
    secret.write_text('fedcba9876543210fedcba9876543210\n0123456789abcdef0123456789abcdef\n')
    reload(other)
    assert browser.get('/desk/page.html').status == 200
    secret.write_text('fedcba9876543210fedcba9876543210\n')
    reload(other)
    assert browser.get('/desk/page.html').status == 401
    secret.write_text('short\n')
    code, out, err = run('check', other.file)
    assert code == 1 and 'a key is shorter than 32 characters' in out + err and 'openssl rand -hex 32' in out + err


@pytest.mark.parametrize('satisfy', ['any', 'all'])
def test_beside_another_method(lab, users, satisfy):
    """With `any`, Basic lets programs in, and browsers get the page; the form reaches the login in both."""
    route = guarded(lab, users, satisfy=satisfy)
    route['auth'].append({'basic': str(users)})
    bridge = start(lab, [route])
    browser = Browser(lab, bridge)
    basic = credentials('ann', 'sesame')
    answer = browser.get('/desk/page.html', {})
    assert answer.status == 401 and (satisfy == 'all' or answer.fields['www-authenticate'].startswith('Basic '))
    assert browser.get('/desk/page.html', basic).status == (200 if satisfy == 'any' else 401)
    browser.log_in('/desk/page.html')
    assert browser.get('/desk/page.html').status == (200 if satisfy == 'any' else 401)
    assert browser.get('/desk/page.html', {**PAGE, **basic}).status == 200


def test_a_shared_scope(lab, users):
    """A page of files and the bridge beside it: one login for both."""
    login = {'scope': '/'}
    bridge = start(lab, [
        {'path': '/novnc/*', 'files': str(lab.folder), 'auth': [{'login': {'users': str(users), **login}}]},
        {'path': '/websockify', 'target': there(lab.target(targets.echo)), 'auth': [{'login': {'users': str(users), **login}}]},
        guarded(lab, users, '/apart/*'),
    ])
    browser = Browser(lab, bridge)
    assert '; Path=/; ' in browser.log_in('/novnc/page.html').cookies[0]
    assert browser.get('/novnc/page.html').status == 200 and browser.upgrade('/websockify') == 101
    assert browser.get('/apart/page.html').status == 401


def test_clients_that_leave_while_they_wait(lab, users):
    write_users(users, f'ann:{crypted("sesame", "$6$rounds=200000$abcdefgh")}\n')
    bridge = start(lab, [guarded(lab, users)])
    browser = Browser(lab, bridge)
    browser.get('/desk/')
    for number in range(10):
        body = urllib.parse.urlencode({'user': 'ann', 'password': f'guess {number}', 'page': browser.token()}).encode()
        lab.connect(bridge).send(browser.form('/desk/', body)).hang_up()
    assert browser.get('/desk/').status == 401
    bridge.rests()


def test_the_recipe(lab, certs):
    """A login before VNC and SSH, with the commands of the page."""
    (_, commands), (_, file) = recipe('A login before VNC and SSH')
    here = folder_for(lab, certs)
    shell(lab, here, commands, input=b'sesame\n')
    desk, shells = lab.target(says(b'RFB 003.008\n')), lab.target(says(b'SSH-2.0-test\r\n'))
    bridge = gateway(lab, here, replaced(
        file, port=(':443', '127.0.0.1:0'), web=('/usr/share/novnc', here / 'web'),
        vnc=('localhost:5900', f'127.0.0.1:{desk.port}'), ssh=('localhost:22', f'127.0.0.1:{shells.port}')))
    browser = Browser(lab, bridge, context=certs.context())
    assert says_text(browser.get('/vnc.html'), 'Desks')
    assert browser.upgrade('/websockify') == browser.upgrade('/ssh') == 401
    browser.log_in('/vnc.html', 'alice')
    assert b'noVNC' in browser.get('/vnc.html').body
    assert browser.upgrade('/websockify') == browser.upgrade('/ssh') == 101
    assert says_text(browser.get('/logout?everywhere'), 'You are logged out.')
    assert browser.upgrade('/websockify') == 401
    assert browser.upgrade('/ssh', **credentials('alice', 'sesame')) == 101
