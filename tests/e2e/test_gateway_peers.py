"""With real neighbours: HAProxy in front and behind, nginx in front."""
import contextlib
import shutil
import socket

import pytest
import targets
from gateway import ANY, Endpoint, get, marked, start
from ports import free_port
from wire import request, until

pytestmark = pytest.mark.release_only
TRUSTED = ['127.0.0.1/32']
haproxy = shutil.which('haproxy', path='/usr/sbin:/usr/bin:/sbin')
nginx = shutil.which('nginx', path='/usr/sbin:/usr/bin:/sbin')
with_haproxy = pytest.mark.skipif(not haproxy, reason='HAProxy is not installed')
with_nginx = pytest.mark.skipif(not nginx, reason='nginx is not installed')


def start_haproxy(lab, *sections):
    """HAProxy with these sections; each `bind @` gets a listening socket of its own. Returns their endpoints."""
    text = 'defaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n timeout tunnel 60s\n'
    sockets = []
    for section in sections:
        sock = targets.listening()
        sockets.append(sock)
        text += section.replace('bind @', f'bind fd@{sock.fileno()}') + '\n'
    file = lab.folder / 'haproxy.cfg'
    file.write_text(text)
    lab.spawn(haproxy, '-db', '-q', '-f', str(file), pass_fds=[sock.fileno() for sock in sockets])
    endpoints = [Endpoint(f'127.0.0.1:{sock.getsockname()[1]}') for sock in sockets]
    for sock in sockets:
        sock.close()
    return endpoints


def location(path, destination, *fields):
    """nginx inherits no proxy_set_header where there is one, so each location has them all."""
    common = 'Upgrade $http_upgrade', 'Connection upgrade', 'Host $http_host'
    lines = ''.join(f'proxy_set_header {field}; ' for field in (*common, *fields))
    return f'location {path} {{ proxy_http_version 1.1; {lines}proxy_pass http://{destination}; }}\n'


def start_nginx(lab, server):
    port = free_port()
    file = lab.folder / 'nginx.conf'
    file.write_text(f'''daemon off; master_process off; pid {lab.folder}/nginx.pid; error_log {lab.folder}/nginx.log;
events {{}}
http {{
  access_log off; client_body_temp_path {lab.folder}/b; proxy_temp_path {lab.folder}/p;
  fastcgi_temp_path {lab.folder}/f; uwsgi_temp_path {lab.folder}/u; scgi_temp_path {lab.folder}/s;
  server {{
    listen 127.0.0.1:{port};
    {server}
  }}
}}''')
    lab.spawn(nginx, '-c', str(file), '-e', str(lab.folder / 'nginx.log'))

    def up():
        with contextlib.closing(socket.socket()) as sock:
            return sock.connect_ex(('127.0.0.1', port)) == 0
    until(up, 'nginx is up')
    return Endpoint(f'127.0.0.1:{port}')


def carry(client, size=300_000):
    client.binary(bytes(size))
    assert client.data(size) == bytes(size)


def name_of(client):
    return '%s:%d' % client.sock.getsockname()[:2]


@with_haproxy
@pytest.mark.parametrize('send', ['send-proxy', 'send-proxy-v2'])
def test_haproxy_in_front(lab, certs, send):
    tls = {'certificates': [{'certificate': certs.ec, 'key': certs.ec_key}]}
    common = {'address': ANY, 'proxy_protocol': 'require', 'trusted_proxies': TRUSTED}
    bridge = start(lab, [marked('/*', lab.target())], [common, {**common, 'tls': tls}])
    plain, secure = start_haproxy(lab, *(
        f'listen l{i}\n bind @\n server s 127.0.0.1:{endpoint.port} {send}' for i, endpoint in enumerate(bridge.endpoints)))
    for number, (endpoint, context) in enumerate(((plain, None), (secure, certs.context()))):
        client = lab.open(endpoint, context=context)
        name = name_of(client)
        carry(client)
        client.bye()
        record = bridge.session(number, reason='client_closed')
        assert record['client'] == name and record['proxy'] != name
        assert record['tls'].startswith('TLSv1.3') == (context is not None)


@with_haproxy
def test_haproxy_ends_tls_and_passes_an_upgrade(lab, certs):
    """As an HTTP proxy, with the client told in both ways, and its health checks answered."""
    pem = lab.folder / 'both.pem'
    with open(certs.ec, encoding='ascii') as certificate, open(certs.ec_key, encoding='ascii') as key:
        pem.write_text(certificate.read() + key.read())
    bridge = start(lab, [marked('/*', lab.target()), {'path': '/healthz', 'health': 'ready'}], [
        {'address': ANY, 'proxy_protocol': 'accept', 'trusted_proxies': TRUSTED}], log={'level': 'debug'})
    endpoint, = start_haproxy(lab, f'''listen l
 mode http
 bind @ ssl crt {pem}
 option forwardfor
 option httpchk GET /healthz
 http-check send hdr Host localhost
 server s 127.0.0.1:{bridge.port} send-proxy-v2-ssl-cn check inter 100 check-send-proxy''')
    until(lambda: any(r.get('route') == '/healthz' and r['reason'] == 'answered' for r in bridge.records()),
          lambda: bridge.text)
    client = lab.open(endpoint, context=certs.context())
    carry(client)
    client.bye()
    assert bridge.session(reason='client_closed')['client'] == '127.0.0.1'  # as X-Forwarded-For has it
    answer = lab.connect(endpoint, context=certs.context()).send(
        request(fields={'Origin': 'https://evil.net'})).answer()
    assert answer.status == 403
    assert bridge.session(reason='origin_refused')['client'] == '127.0.0.1'


@with_haproxy
@pytest.mark.parametrize('check', [
    'option httpchk', 'option httpchk\n http-check send meth OPTIONS uri / ver HTTP/1.1 hdr Host localhost',
    'option httpchk HEAD /'], ids=['by default', 'over 1.1', 'HEAD'])
def test_haproxy_checks_health(lab, check):
    """Its default is OPTIONS / HTTP/1.0; one check that is refused would take the server out."""
    bridge = start(lab, [{'path': '/', 'health': 'ready'}], log={'level': 'debug'})
    endpoint, = start_haproxy(lab, f'''listen l
 mode http
 bind @
 {check}
 server s 127.0.0.1:{bridge.port} check inter 50 fall 1 rise 1000''')
    method = 'HEAD' if 'HEAD' in check else 'OPTIONS'
    until(lambda: len([line for line in bridge.lines if f'method={method} path=/ status=200 ' in line]) > 3,
          lambda: bridge.text)
    assert get(lab, endpoint, '/').status == 200


@with_haproxy
@pytest.mark.parametrize('version', ['v1', 'v2'])
def test_haproxy_behind(lab, version):
    """It answers with the address that our header gave it."""
    endpoint, = start_haproxy(lab, '''frontend f
 mode http
 bind @ accept-proxy
 http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[fc_pp_authority]"''')
    bridge = start(lab, [{'path': '/*', 'target': {'address': f'tcp://{endpoint.address}', 'proxy_protocol': version}}], [
        {'address': ANY}, {'address': f'unix:{lab.folder}/in'}, {'address': '[::1]:0'}])
    answers = []
    for entrance in bridge.endpoints:
        client = lab.open(entrance, upgrade={'fields': {'Host': 'desk.example.com'}})
        client.binary(b'GET / HTTP/1.0\r\n\r\n')
        name = '%s:%d' % client.sock.getsockname()[:2] if entrance.address[:4] != 'unix' else '127.0.0.1:'
        answers.append((client.end()[0].split(b'\r\n\r\n')[1].decode(), name))
    for number, (answer, name) in enumerate(answers):
        address, authority = answer.split(' ')
        assert address.startswith(name)  # where the client has no address, it is ours
        assert authority == ('desk.example.com' if version == 'v2' and number != 1 else '')


@with_nginx
def test_nginx_in_front(lab):
    bridge = start(lab, [marked('/*', lab.target()), marked('/in', lab.target(), allow=['203.0.113.0/24'])], [
        {'address': ANY, 'trusted_proxies': TRUSTED}])
    place = f'{bridge.address}/'
    endpoint = start_nginx(lab, location('/appended/', place, 'X-Forwarded-For $proxy_add_x_forwarded_for') +
                       location('/replaced/', place, 'X-Forwarded-For $remote_addr') +
                       location('/forwarded/', place, 'Forwarded "for=$remote_addr"') +
                       location('/chain/', place, 'X-Forwarded-For "203.0.113.9, $remote_addr"'))
    # nginx and its clients share an address here, so that what the client made up is a trusted hop's word in
    # `appended`; in the others nginx has replaced it.
    for number, (path, made_up, client) in enumerate((
            ('/appended/', None, '127.0.0.1'), ('/replaced/', '203.0.113.9', '127.0.0.1'),
            ('/forwarded/', None, '127.0.0.1'), ('/chain/', None, '203.0.113.9'))):
        fields = {'X-Forwarded-For': made_up} if made_up else {}
        session = lab.open(endpoint, upgrade={'path': path + 'x', 'fields': fields})
        carry(session)
        session.bye()
        assert bridge.session(number, reason='client_closed')['client'].startswith(client), path
    for path, status in (('/replaced/in', 403), ('/appended/in', 403), ('/chain/in', 101)):
        assert lab.connect(endpoint).send(request(path)).answer().status == status
    # One field by nginx, the other by the client: nobody can tell which is which.
    both = request('/forwarded/in', fields={'X-Forwarded-For': '203.0.113.9'})
    assert lab.connect(endpoint).send(both).answer().status == 400


@with_nginx
def test_nginx_under_a_sub_path_and_its_unix_socket(lab):
    bridge = start(lab, [marked('/vnc', lab.target())], [
        {'address': f'unix:{lab.folder}/in.sock', 'base_path': '/desk', 'trusted_proxies': TRUSTED}])
    endpoint = start_nginx(lab, location('/desk/', f'unix:{lab.folder}/in.sock', 'X-Forwarded-For 198.51.100.7'))
    client = lab.open(endpoint, upgrade={'path': '/desk/vnc', 'fields': {'Origin': f'http://{endpoint.address}',
                                                                     'Host': endpoint.address}})
    carry(client)
    client.bye()
    assert bridge.session(reason='client_closed')['client'].startswith('198.51.100.7')
    assert lab.connect(endpoint).send(request('/desk/%2e%2e/vnc')).answer().status in (400, 404)
