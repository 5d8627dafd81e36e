"""The snippets for nginx, HAProxy and Caddy, tested with the real servers."""
import os
import socket
import subprocess

import pytest
from gateway import Endpoint
from lab import ROOT
from wire import request, until

PROXIES = ROOT / 'contrib/proxies'


def free_port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def filled_in(name, folder, **places):
    """A file of contrib/ with the addresses of the test; it must contain each replaced text."""
    text = (PROXIES / name).read_text()
    for place, ours in places.values():
        assert place in text, f'{place} is not in {name}'
        text = text.replace(place, ours)
    path = folder / name
    path.write_text(text)
    return path


def nginx(folder, listen, behind):
    snippet = filled_in('nginx.conf', folder, listen=('listen 80;', f'listen 127.0.0.1:{listen};'),
                        behind=('127.0.0.1:6080', behind))
    main = folder / 'main.conf'
    main.write_text(f'daemon off; master_process off; pid {folder}/pid; error_log {folder}/nginx.log;\n'
                    f'events {{}}\nhttp {{ access_log off; client_body_temp_path {folder}/body;\n'
                    f'proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;\n'
                    f'uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; include {snippet}; }}\n')
    return ['nginx', '-p', str(folder), '-c', str(main)], {}


def haproxy(folder, listen, behind):
    path = filled_in('haproxy.cfg', folder, listen=('bind :80', f'bind 127.0.0.1:{listen}'),
                     behind=('127.0.0.1:6080', behind))
    return ['haproxy', '-db', '-f', str(path)], {}


def caddy(folder, listen, behind):
    path = filled_in('Caddyfile', folder, listen=(':80 {', f'http://127.0.0.1:{listen} {{'),
                     behind=('127.0.0.1:6080', behind))
    path.write_text('{\n\tadmin off\n}\n' + path.read_text())
    return ['caddy', 'run', '--config', str(path), '--adapter', 'caddyfile'], {'HOME': str(folder)}


def listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(('127.0.0.1', port)) == 0


@pytest.mark.parametrize('proxy', [nginx, haproxy, caddy])
def test_behind(lab, proxy):
    target, listen = lab.target(), free_port()
    config = filled_in('wsluice.yaml', lab.folder, listen=('127.0.0.1:6080', '127.0.0.1:0'),
                       target=('127.0.0.1:5900', f'127.0.0.1:{target.port}'))
    bridge = lab.start('--config', config)
    command, environment = proxy(lab.folder, listen, bridge.address)
    with open(lab.folder / 'proxy.log', 'wb') as log:
        lab.spawn(*command, env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT)
    until(lambda: listens(listen), lambda: (lab.folder / 'proxy.log').read_text())
    front = Endpoint(f'127.0.0.1:{listen}')

    page = {'Host': f'127.0.0.1:{listen}', 'Origin': f'http://127.0.0.1:{listen}'}
    client = lab.open(front, upgrade={'path': '/desk/vnc', 'fields': page})
    assert client.binary(b'through two').data(11) == b'through two'
    seen = client.sock.getsockname()[0]
    client.bye()
    line = bridge.session(reason='client_closed')
    assert line['client'].startswith(seen) and line['proxy'].startswith('127.0.0.1:'), 'the client, not the proxy'

    stranger = lab.connect(front).send(request('/desk/vnc', fields={**page, 'Origin': 'https://elsewhere.example'}))
    assert stranger.answer().status == 403
    stranger.hang_up()
    lost = lab.connect(front).send(request('/desk/nowhere', fields=page))
    assert lost.answer().status == 404
    lost.hang_up()
    for process in lab.processes:  # its idle connections count as well
        process.terminate()
        process.wait()
