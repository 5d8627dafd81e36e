"""Runs the snippets of contrib/README.md and contrib/recipes, with the ports and paths of the test."""
import pathlib
import re
import shlex
import subprocess

import pytest
import yaml
from container import Container
from gateway import Endpoint, get
from lab import BINARY, ROOT
from ports import free_port, listens
from recipes import PAGES, PORT, WEB, folder_for, gateway, hears, recipe, replaced, says, sections, shell
from wire import request, until


@pytest.fixture(name='here')
def fixture_here(lab, certs):
    return folder_for(lab, certs)


TARGET = 'localhost:5900'


def test_vnc_in_a_browser(lab, here, certs):
    (_, plain), (_, secure), (_, printed) = recipe('VNC in a browser')
    target = lab.target(says(b'RFB'))
    ours = (TARGET, f'127.0.0.1:{target.port}')
    bridge = shell(lab, here, replaced(plain, web=WEB, port=PORT, target=ours))
    assert b'noVNC' in get(lab, bridge, '/vnc.html').body
    hears(lab, bridge, '/websockify', b'RFB')
    bridge = shell(lab, here, replaced(secure, web=WEB, port=(' 443 ', ' 127.0.0.1:0 '), target=ours))
    hears(lab, bridge, '/websockify', b'RFB', context=certs.context())
    shell(lab, here, replaced(printed, web=WEB, port=PORT, target=ours))
    bridge = lab.start('--config', here / 'gateway.yaml')
    assert b'noVNC' in get(lab, bridge, '/vnc.html').body
    hears(lab, bridge, '/websockify', b'RFB')


def test_several_desktops_by_token(lab, here):
    (_, quick), (_, file) = recipe('Several desktops by token')
    desks = {name: lab.target(says(name)) for name in (b'alice', b'bob')}
    places = {'a': ('10.0.0.5:5900', f'127.0.0.1:{desks[b"alice"].port}'),
              'b': ('10.0.0.6:5900', f'127.0.0.1:{desks[b"bob"].port}')}
    for bridge in (shell(lab, here, replaced(quick, web=WEB, port=PORT, **places)),
                   gateway(lab, here, replaced(file, web=WEB, port=(':6080', '127.0.0.1:0')))):
        for name in desks:
            hears(lab, bridge, f'/websockify?token={name.decode()}', name)
        assert b'noVNC' in get(lab, bridge, '/vnc.html').body


def test_consoles(lab, here):
    (_, names), (_, file) = recipe('Consoles of QEMU and libvirt')
    lab.unix_target(says(b'web1'), path=str(here / 'web1.sock'))
    shell(lab, here, replaced(names, vms=('/run/vms', here)))
    bridge = gateway(lab, here, replaced(file, web=WEB, port=(':6080', '127.0.0.1:0')))
    hears(lab, bridge, '/vm/web1', b'web1')
    for path, status in (('/vm/db2', 404), ('/vm/..%2fweb1', 400)):
        refused = lab.connect(bridge).send(request(path))
        assert refused.answer().status == status
        refused.hang_up()


def test_a_database_or_a_broker(lab, here):
    (_, quick), (_, file) = recipe('A database or a broker in the browser')
    port = free_port()
    lab.spawn('redis-server', '--port', str(port), '--save', '', '--dir', str(here), stdout=subprocess.DEVNULL)
    until(lambda: listens(port), 'redis listens')
    bridge = shell(lab, here, replaced(quick, port=('6380', '0'), target=('6379', port)))
    client = lab.open(bridge)
    assert client.binary(b'PING\r\n').data(7) == b'+PONG\r\n'
    client.bye()
    target = lab.target(says(b'MQTT'))
    bridge = gateway(lab, here, replaced(file, port=(':9001', '127.0.0.1:0'),
                                         target=('localhost:1883', f'127.0.0.1:{target.port}')))
    hears(lab, bridge, '/mqtt', b'MQTT', upgrade={'fields': {
        'Origin': 'https://app.example.com', 'Sec-WebSocket-Protocol': 'mqtt'}})


def test_ssh(lab, here, certs):
    """The side of the bridge; tests/e2e/test_ssh.py tests both sides."""
    (_, quick), = recipe('SSH')
    target = lab.target(says(b'SSH-2.0-'))
    bridge = shell(lab, here, replaced(quick, port=(' 443 ', ' 127.0.0.1:0 '),
                                       target=('localhost:22', f'127.0.0.1:{target.port}')))
    hears(lab, bridge, '/ssh', b'SSH-2.0-', context=certs.context())


def docker_run(line, **places):
    """The options and arguments of a `docker run` line, for the container of test_image.py."""
    words = shlex.split(replaced(line, **places))
    assert words[:3] == ['docker', 'run', '-d']
    options, rest = [], words[3:]
    while rest[0] != 'wsluice':
        name, value, *rest = rest
        options += {'-p': [], '-e': ['--env', value], '-v': ['--volume', value]}[name]
    return options, rest[1:]


def test_docker(lab, here, image):
    (_, first), (_, others), (_, compose) = recipe('Docker')
    target = lab.target(says(b'RFB'))
    build, arguments = first.strip().split('\n')
    assert build == 'docker build -t wsluice .', 'as container.build does'
    (here / 'gateway.yaml').write_text(f'listeners: ["127.0.0.1:0"]\nroutes:\n  - path: /*\n'
                                       f'    target: tcp://127.0.0.1:{target.port}\n')
    variables, file = others.strip().split('\n')
    ours = ('desk.example.com:5900', f'127.0.0.1:{target.port}')
    for options, words in (docker_run(arguments, target=ours, port=('wsluice 6080', 'wsluice 127.0.0.1:0')),
                           docker_run(variables, target=ours), docker_run(file, file=('./', f'{here}/'))):
        if '--env' in options:
            options += ['--env', 'WSLUICE_LISTEN=127.0.0.1:0']
        box = Container(image)
        try:
            hears(lab, box.start(*words, options=options).endpoint(), '/', b'RFB')
            box.stop()
            assert box.wait() == 0
        finally:
            box.remove()
    assert (ROOT / re.search(r'-f (\S+)', compose).group(1)).is_file()
    assert 'DESKTOP_IMAGE' in compose, 'which test_contrib.py has docker-compose read'


def test_systemd():
    """test_companions.py checks the package's contents; this checks the recipe only."""
    (_, text), = recipe('systemd')
    cpack, apt = text.strip().split('\n')
    config = re.search(r'--config build/(\S+)', cpack).group(1)
    assert (ROOT / BINARY).parent.joinpath(config).is_file() and apt == 'apt install ./wsluice_*.deb'


def test_a_small_machine():
    """tests/run.sh builds it like this; test_static.py tests the result."""
    (_, text), = recipe('A small machine')
    assert '-DWSLUICE_STATIC=ON' in text and '-DWSLUICE_STATIC=ON' in (ROOT / 'tests/run.sh').read_text()


def test_prometheus(lab, here):
    (_, file), = recipe('Prometheus and Grafana')
    target = lab.target(says(b'RFB'))
    bridge = gateway(lab, here, replaced(file, port=(':6080', '127.0.0.1:0'), ops=('127.0.0.1:9090', '127.0.0.1:0'),
                                         target=('localhost:5900', f'127.0.0.1:{target.port}')))
    endpoints = until(lambda: re.findall(r'listening on (127[^\s",]+)', bridge.text)[1:] and
                  re.findall(r'listening on (127[^\s",]+)', bridge.text), lambda: bridge.text)
    bridge.baseline = bridge.fds()
    hears(lab, Endpoint(endpoints[0]), '/', b'RFB')
    assert b'wsluice_sessions_total 1' in get(lab, Endpoint(endpoints[1]), '/metrics').body


def test_the_shell(lab, here):
    (_, text), = recipe('The shell')
    shell(lab, here, text)
    assert (here / 'wsluice.1').read_text().startswith('.TH WSLUICE')


def test_every_recipe_has_a_test():
    """A test of a recipe runs all of its blocks."""
    taken = re.findall(r"= recipe\('(.*?)'\)", pathlib.Path(__file__).read_text())
    assert [title for title, snippets in sections().items() if snippets and title not in taken] == []
    for language, text in (snippet for snippets in sections().values() for snippet in snippets):
        assert language == 'sh' or yaml.safe_load(text)['routes']


def anchors(page):
    return {re.sub(r'[^a-z0-9 -]', '', title.lower()).replace(' ', '-')
            for title in re.findall(r'^## (.+)$', page.read_text(), re.MULTILINE)}


def test_links():
    """Every link leads to a file and a section that exist, and the index leads to all sections."""
    reached = set()
    for page in [*PAGES, ROOT / 'README.md']:
        for link in re.findall(r'\]\(([^)]+)\)', page.read_text()):
            path, _, anchor = link.partition('#')
            if path.startswith('https://'):
                continue
            leads = (page.parent / path).resolve() if path else page
            assert leads.exists(), f'{page.name}: {link}'
            if anchor:
                assert anchor in anchors(leads), f'{page.name}: {link}'
                reached.add((leads, anchor) if page == PAGES[0] else None)
    assert {(page, anchor) for page in PAGES for anchor in anchors(page)} <= reached
