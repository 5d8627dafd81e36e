"""Users of an identity-aware proxy, with a real nginx and a service that knows who is logged in; forward proxies."""
import http.server
import os
import threading

import forward_proxies
import nginx
import pytest
from gateway import ask
from recipes import PORT, folder_for, gateway, hears, recipe, replaced, says, shell
from wire import request

USERS = {'session=a1': 'alice@example.com', 'session=b2': 'bob@example.com', 'session=c3': 'carol@example.com'}


class Login(http.server.BaseHTTPRequestHandler):
    """Answers as oauth2-proxy's /oauth2/auth does: 202 and the user's address, or 401."""

    def do_GET(self):
        user = USERS.get(self.headers.get('Cookie'))
        self.send_response(202 if user else 401)
        if user:
            self.send_header('X-Auth-Request-Email', user)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(name='login')
def fixture_login():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Login)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_users_of_an_identity_aware_proxy(lab, certs, login):
    (_, names), (_, file), (_, locations) = recipe('Users of an identity-aware proxy')
    here = folder_for(lab, certs)
    desks = {name: lab.target(says(name)) for name in (b'alice', b'bob')}
    shell(lab, here, replaced(names, a=('10.0.0.5:5900', f'127.0.0.1:{desks[b"alice"].port}'),
                              b=('10.0.0.6:5900', f'127.0.0.1:{desks[b"bob"].port}')))
    socket = here / 'desk.sock'
    bridge = gateway(lab, here, replaced(file, where=('/run/wsluice/desk.sock', socket),
                                         group=('www-data', os.getgid() and str(os.getgid()) or 'root')))
    assert socket.stat().st_mode & 0o777 == 0o660
    front = nginx.serve(lab, replaced(locations, login=('127.0.0.1:4180', f'127.0.0.1:{login}'),
                                      where=('/run/wsluice/desk.sock', socket)))

    def fields(cookie=None, **more):
        return {'Origin': 'https://desk.example.com', **({'Cookie': cookie} if cookie else {}), **more}
    for cookie, name in (('session=a1', b'alice'), ('session=b2', b'bob')):
        # a client that names somebody else gets its own desktop
        for forged in ({}, {'X-Auth-Request-Email': 'bob@example.com'}, {'x-auth-request-email': 'alice@example.com'}):
            client = lab.open(front, upgrade={'path': '/desk', 'fields': fields(cookie, **forged)})
            assert client.data(len(name)) == name
            client.bye()
    forged = {'X-Auth-Request-Email': 'alice@example.com'}
    for how, status in ((fields(), 401), (fields(**forged), 401), (fields('session=c3', **forged), 404),
                        ({**fields('session=a1'), 'Origin': 'https://elsewhere.example'}, 403)):
        assert ask(lab, front, raw=request('/desk', fields=how)).status == status
    assert ask(lab, bridge, raw=request('/desk', fields=fields())).status == 403, 'as the recipe says'
    assert bridge.session(reason='client_closed')['client'].startswith('127.0.0.1')
    nginx.stop(lab)


def test_targets_behind_a_forward_proxy(lab, certs):
    (_, command), (_, file) = recipe('Targets behind a forward proxy')
    here = folder_for(lab, certs)
    desk = lab.target(says(b'desk'))
    place = ('desk.lab.internal:5900', f'localhost:{desk.port}')
    proxy = forward_proxies.tinyproxy(lab)
    bridge = shell(lab, here, replaced(command, port=PORT, desk=place, proxy=('http://proxy.example.com:3128', proxy)))
    hears(lab, bridge, '/', b'desk')
    proxy = forward_proxies.microsocks(lab, login=True)
    (here / 'proxy.url').write_text(proxy.replace('//', f'//{forward_proxies.URL_LOGIN}') + '\n')
    hears(lab, gateway(lab, here, replaced(file, port=(':6080', '127.0.0.1:0'), desk=place)), '/desk', b'desk')
    forward_proxies.stop(lab)
