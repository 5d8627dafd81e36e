"""The snippets for nginx, HAProxy and Caddy, tested with the real servers."""
import grp
import os
import re
import socket
import subprocess

import debian
import pytest
from gateway import Endpoint
from lab import ROOT
from nginx import command, stop
from nginx import serve as nginx_serve
from ports import free_port, listens
from recipes import gateway, hears, replaced, says
from wire import request, until

PROXIES = ROOT / 'contrib/proxies'
STREAM_DELAY = r'\n\t\tstream_close_delay \S+'


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
    return command(folder, f'include {snippet};'), {}


def haproxy(folder, listen, behind):
    path = filled_in('haproxy.cfg', folder, listen=('bind :80', f'bind 127.0.0.1:{listen}'),
                     behind=('127.0.0.1:6080', behind))
    return ['haproxy', '-db', '-f', str(path)], {}


def caddy(folder, listen, behind, program='caddy'):
    path = filled_in('Caddyfile', folder, listen=(':80 {', f'http://127.0.0.1:{listen} {{'),
                     behind=('127.0.0.1:6080', behind))
    path.write_text(f'{{\n\tadmin unix/{folder}/admin.sock\n}}\n' + path.read_text())
    if debian.caddy_version(program) < (2, 7):
        without_delay(path)
    return [program, 'run', '--config', str(path), '--adapter', 'caddyfile'], {'HOME': str(folder)}


def without_delay(path):
    text, count = re.subn(STREAM_DELAY, '', path.read_text())
    assert count == 1
    path.write_text(text)


def serve(lab, words, environment, listen):
    """The proxy, listening."""
    with open(lab.folder / 'proxy.log', 'wb') as log:
        lab.spawn(*words, env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT)
    until(lambda: listens(listen), lambda: (lab.folder / 'proxy.log').read_text())
    return Endpoint(f'127.0.0.1:{listen}')


def bridge_behind(lab):
    target = lab.target()
    return lab.start('--config', filled_in('wsluice.yaml', lab.folder, listen=('127.0.0.1:6080', '127.0.0.1:0'),
                                           target=('127.0.0.1:5900', f'127.0.0.1:{target.port}')))


def page_of(front):
    return {'Host': front.address, 'Origin': f'http://{front.address}'}


@pytest.mark.parametrize('proxy', [nginx, haproxy, caddy])
def test_behind(lab, proxy):
    listen, bridge = free_port(), bridge_behind(lab)
    front = serve(lab, *proxy(lab.folder, listen, bridge.address), listen)
    page = page_of(front)
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
    stop(lab)


@pytest.mark.parametrize('delay', [True, False])
def test_a_reload_of_caddy_ends_no_session(lab, delay):
    """Caddy's own Close 1001 ends it where stream_close_delay is missing."""
    program, listen, bridge = debian.newer_caddy(), free_port(), bridge_behind(lab)
    words, environment = caddy(lab.folder, listen, bridge.address, program)
    path = lab.folder / 'Caddyfile'
    if not delay:
        without_delay(path)
    front = serve(lab, words, environment, listen)
    client = lab.open(front, upgrade={'path': '/desk/vnc', 'fields': page_of(front)})
    assert client.binary(b'before').data(6) == b'before'
    subprocess.run([program, 'reload', '--force', '--config', path, '--adapter', 'caddyfile',
                    '--address', f'unix/{lab.folder}/admin.sock'], check=True, capture_output=True,
                   env={**os.environ, **environment})
    if delay:
        lab.open(front, upgrade={'path': '/desk/vnc', 'fields': page_of(front)}).bye()
        assert client.binary(b'afterwards').data(10) == b'afterwards'
        client.bye()
    else:
        assert client.closing()[1] == 1001
        client.hang_up()
    stop(lab)


def test_example_behind_nginx(lab):
    """config/examples/behind-nginx.yaml, with the location of nginx that its comment has."""
    text, here = (ROOT / 'config/examples/behind-nginx.yaml').read_text(), lab.folder
    location = '\n'.join(re.findall(r'^# {5}(.*)$', text, re.MULTILINE))
    target = lab.target(says(b'RFB'))
    lab.unix_target(says(b'login:'), path=str(here / 'web1.serial'))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(str(here / 'syslog'))
        bridge = gateway(lab, here, replaced(
            text, log=('syslog: /dev/log', f'target: stderr, syslog: {here}/syslog'), run=('/run/wsluice', here),
            group=('www-data', grp.getgrgid(os.getgid()).gr_name), port=('127.0.0.1:8080', '127.0.0.1:0'),
            desk=('localhost:5900', f'127.0.0.1:{target.port}'), console=('/run/vms', here)))
        front = nginx_serve(lab, replaced(location, run=('/run/wsluice', here)))
        other = Endpoint(until(lambda: re.search(r'listening on (127\S+)', bridge.text), lambda: bridge.text).group(1))
        bridge.baseline = bridge.fds()
        for endpoint, host in ((front, '127.0.0.1'), (other, 'localhost')):
            page = {'Host': host, 'Origin': f'http://{host}'}
            hears(lab, endpoint, '/desk/vnc', b'RFB', upgrade={'fields': page})
            hears(lab, endpoint, '/desk/console', b'login:', upgrade={'fields': page})
        stop(lab)
