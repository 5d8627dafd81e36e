"""Runs the snippets of contrib/README.md and contrib/recipes, with the ports and paths of the test."""
import os
import pathlib
import re
import shlex
import signal
import subprocess
import xml.etree.ElementTree

import pytest
from container import Container
from gateway import Endpoint, ask, get
from lab import BINARY, ROOT, run
from ports import free_port, listens
from recipes import PORT, WEB, card, cards, folder_for, gateway, hears, recipe, replaced, says, shell
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


def test_a_socket_for_each_desktop(lab, here):
    """A desktop of TigerVNC's; its version comes first."""
    (_, desktop), (_, quick), (_, file) = recipe('A socket for each desktop')
    desks = ('/run/desks', here)
    display = next(number for number in range(50, 99) if not pathlib.Path(f'/tmp/.X11-unix/X{number}').exists())
    lab.spawn(*shlex.split(replaced(desktop, desks=desks, display=(':1', f':{display}'))), stdin=subprocess.DEVNULL)
    until((here / 'alice').exists, 'the socket of the desktop')
    for bridge in (shell(lab, here, replaced(quick, web=WEB, port=PORT, desks=desks)),
                   gateway(lab, here, replaced(file, web=WEB, port=(':6080', '127.0.0.1:0'), desks=desks))):
        hears(lab, bridge, '/websockify?token=alice', b'RFB 003.008\n')


def test_consoles(lab, here):
    """QEMU's own VNC server; its version comes first."""
    (_, machine), (_, graphics), (_, names), (_, file) = recipe('Consoles of QEMU and libvirt')
    assert xml.etree.ElementTree.fromstring(graphics).attrib == {'type': 'vnc', 'socket': '/run/vms/web1.sock'}
    qemu = lab.spawn(*shlex.split(replaced(machine, vms=('/run/vms', here))), stdin=subprocess.DEVNULL)
    until((here / 'web1.sock').exists, 'the socket of QEMU')
    shell(lab, here, replaced(names, vms=('/run/vms', here)))
    bridge = gateway(lab, here, replaced(file, web=WEB, port=(':6080', '127.0.0.1:0')))
    hears(lab, bridge, '/vm/web1', b'RFB 003.008\n')
    assert qemu.poll() is None
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


def connects(here, certs, stanza, name, **places):
    """What the ProxyCommand of a stanza of ssh_config says for a host; tests/e2e/test_ssh.py has ssh itself."""
    command = re.search(r'^ *ProxyCommand (.+)$', replaced(stanza, **places), re.MULTILINE).group(1).replace('%h', name)
    words = shlex.split(command.replace('wsluice connect', f'wsluice connect --ca={certs.ca}'))
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=30,
                          env={**os.environ, 'PATH': f'{here}/bin:{os.environ["PATH"]}'})


def test_ssh(lab, here, certs):
    (_, quick), (_, client) = recipe('SSH')
    target = lab.target(says(b'SSH-2.0-'))
    bridge = shell(lab, here, replaced(quick, port=(' 443 ', ' 127.0.0.1:0 '),
                                       target=('localhost:22', f'127.0.0.1:{target.port}')))
    hears(lab, bridge, '/ssh', b'SSH-2.0-', context=certs.context())
    said = connects(here, certs, client, 'desk', address=('desk.example.com', f'localhost:{bridge.port}'))
    assert (said.returncode, said.stdout) == (0, b'SSH-2.0-'), said.stderr


def test_ssh_to_many_machines(lab, here, certs):
    (_, file), (_, client) = recipe('SSH to many machines behind one gateway')
    target = lab.target(says(b'SSH-2.0-'))
    bridge = gateway(lab, here, replaced(file, port=(':443', '127.0.0.1:0'), names=('[a-z0-9-]+[.]lan', 'localhost'),
                                         target=('{host}:22', f'{{host}}:{target.port}')))
    address = ('gate.example.com', f'localhost:{bridge.port}')
    said = connects(here, certs, client, 'localhost', address=address)
    assert (said.returncode, said.stdout) == (0, b'SSH-2.0-'), said.stderr
    said = connects(here, certs, client, 'elsewhere', address=address)
    assert said.returncode == 1 and b'404' in said.stderr, said.stderr


def test_any_tcp_program(lab, here, certs, monkeypatch):
    """Here the program is redis-cli; tests/box/test_postgres.py has psql."""
    (_, start), (_, program), (_, file), (_, unit) = recipe('Any TCP program through a WebSocket')
    assert program.startswith('psql -h 127.0.0.1 -p 5432')
    port = free_port()
    lab.spawn('redis-server', '--port', str(port), '--save', '', '--dir', str(here), stdout=subprocess.DEVNULL)
    until(lambda: listens(port), 'redis listens')
    assert run('ticket', 'key', '--algorithm=HS256', here / 'ticket.key')[0] == 0
    (here / 'db.ticket').write_text(run('ticket', 'mint', f'--key={here}/ticket.key', '--algorithm=HS256', '--user=ann')[1])
    gate = gateway(lab, here, f'''
        listeners: [{{address: "127.0.0.1:0", tls: {{certificates: [{{certificate: desk.pem, key: desk.key}}]}}}}]
        routes:
          - path: /db
            target: tcp://127.0.0.1:{port}
            auth: [{{ticket: {{key: {{file: ticket.key, algorithm: HS256}}}}}}]
        ''', name='gate.yaml')
    address = ('gate.example.com', f'localhost:{gate.port}')
    trusts = ('wss://', f'--ca={certs.ca} wss://')

    def answers(bridge):
        said = subprocess.run(['redis-cli', '-p', str(bridge.port), 'PING'], capture_output=True, text=True, check=False, timeout=30)
        assert said.stdout == 'PONG\n', said.stderr
    ours = replaced(start, port=('5432', '127.0.0.1:0'), address=address, ca=trusts)
    answers(shell(lab, here, ours))
    answers(gateway(lab, here, replaced(file, port=(':5432', ':0'), address=address,
                                        ca=('websocket:', f'ca: {certs.ca}\n      websocket:'))))
    monkeypatch.setenv('HOME', str(here))
    shell(lab, here, unit)
    words = (here / '.config/wsluice/db.env').read_text().removeprefix('FORWARD=')
    ours = replaced(words, port=('5432', '127.0.0.1:0'), address=address, ca=trusts, file=('/home/you/', f'{here}/'))
    answers(shell(lab, here, 'wsluice forward ' + ours))


def test_targets_with_a_certificate_of_their_own(lab, here, certs):
    (_, quick), (_, file) = recipe('Targets with a certificate of their own')
    certs.openssl('req', '-x509', '-nodes', '-newkey', 'rsa:2048', '-subj', '/CN=murmur', '-addext',
                  'subjectAltName=DNS:localhost', '-keyout', here / 'murmur.key', '-out', here / 'murmur.pem')
    target = lab.target(says(b'mumble'), context=certs.server_context(here / 'murmur.pem', here / 'murmur.key'))
    ours = ('murmur.internal:64738', f'localhost:{target.port}')
    quick = replaced(quick, port=PORT, target=ours)
    hears(lab, shell(lab, here, quick), '/', b'mumble')
    insecure = replaced(quick, ca=('--ssl-target --ssl-target-ca=murmur.pem', '--ssl-target --ssl-target-insecure'))
    hears(lab, shell(lab, here, insecure), '/', b'mumble')
    file = replaced(file, port=(':6080', '127.0.0.1:0'), target=ours)
    hears(lab, gateway(lab, here, file), '/', b'mumble')
    for other, status in ((file.replace('localhost', '127.0.0.1'), 502), (replaced(file, ca=(', ca: murmur.pem', '')), 502)):
        assert ask(lab, gateway(lab, here, other), '/').status == status
    hears(lab, gateway(lab, here, replaced(file, ca=('ca: murmur.pem', 'insecure: true'))), '/', b'mumble')


def test_a_page_that_connects_to_this_machine(lab, here):
    """tests/browser/test_local_network.py has the browser's side."""
    (_, quick), = recipe('A page that connects to this machine')
    (here / 'web').rename(here / 'app')
    target = lab.target(says(b'here'))
    bridge = shell(lab, here, replaced(quick, port=('127.0.0.1:6080', '127.0.0.1:0'),
                                       target=('localhost:5900', f'127.0.0.1:{target.port}')))
    assert get(lab, bridge, '/vnc.html').status == 200
    hears(lab, bridge, '/', b'here')


def docker_run(line, **places):
    """The options and arguments of a `docker run` line, for the container of test_image.py, on this machine's network."""
    words = shlex.split(replaced(line, **places))
    assert words[:2] == ['docker', 'run'] and words[2] in ('-d', '--rm')
    options, rest = [], words[3:]
    while rest[0] != 'wsluice':
        word, *rest = rest
        name, value = word.split('=') if '=' in word else (word, rest.pop(0))
        options += {'-p': [], '--network': [], '-e': ['--env', value], '-v': ['--volume', value]}[name]
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
    step = card('A sidecar: Docker').replace('\\\n', '').split('\n')
    assert step[:2] == ['docker build -t wsluice .', 'docker network create desk']
    listen = ('wsluice 6080', 'wsluice 127.0.0.1:0')
    for options, words in (docker_run(arguments, target=ours, port=listen),
                           docker_run(step[2], target=('desktop:5900', ours[1]), port=listen),
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


def test_cards_of_the_demo(lab, here):
    """The next steps of its page; tests/e2e/test_ssh.py and tests/browser/test_demo.py have those for SSH, test_docker the one for Docker."""
    target = lab.target(says(b'RFB'))
    install, serve = card('A desktop in a tab: VNC').split('\n')
    assert install == 'apt install novnc'
    bridge = shell(lab, here, replaced(serve, web=WEB, port=PORT, target=(TARGET, f'127.0.0.1:{target.port}')))
    assert b'noVNC' in get(lab, bridge, '/vnc.html').body
    hears(lab, bridge, '/websockify', b'RFB')
    bridge = gateway(lab, here, replaced(card('Many services on one port: YAML'), web=WEB, port=(':8080', '127.0.0.1:0'),
                                         target=('10.0.0.5:5900', f'127.0.0.1:{target.port}')))
    assert b'noVNC' in get(lab, bridge, '/novnc/vnc.html').body and get(lab, bridge, '/status').status == 200
    hears(lab, bridge, '/vnc', b'RFB')
    assert len(cards()) == 5


def test_debian_packages():
    """test_package.py installs and removes them, test_release.py makes a release; this checks the recipe only."""
    (_, text), = recipe('Debian packages')
    configure, build, cpack, apt = text.strip().split('\n')
    assert configure.endswith('-DWSLUICE_WEBSOCKIFY_NAME=ON') and build == 'cmake --build build'
    config = re.search(r'--config build/(\S+)', cpack).group(1)
    assert (ROOT / BINARY).parent.joinpath(config).is_file()
    assert apt == 'apt install ./wsluice_*.deb ./wsluice-websockify_*.deb'
    variables = set(re.findall(r'`(WSLUICE_\w+_DIRS?)`', (ROOT / 'contrib/recipes/operations.md').read_text()))
    known = (ROOT / 'contrib/CMakeLists.txt').read_text()
    assert variables == set(re.findall(r'(?:folder|set)\((WSLUICE_\w+_DIRS?) ', known))


def test_systemd(lab, here):
    """test_companions.py checks the package's contents. systemctl takes the words, though no systemd runs here."""
    (_, text), = recipe('systemd')
    (here / 'gateway.yaml').write_text('listeners: [":0"]\nroutes: [{path: /*, target: "tcp://localhost:1"}]\n')
    user = 'runuser -u root --' if os.geteuid() == 0 else 'env'
    install, check, *service, upgrade = replaced(text, where=('/etc/wsluice/', f'{here}/etc/'), user=('runuser -u wsluice --', user),
                                        group=('-g wsluice', f'-g {os.getgid()}')).strip().split('\n')
    shell(lab, here, f'{install}\n{check}')
    assert (here / 'etc/wsluice.yaml').stat().st_mode & 0o777 == 0o640
    said = subprocess.run(['sh', '-c', f'PATH={here}/bin:$PATH {upgrade}'], capture_output=True, text=True, check=False)
    assert said.returncode == 1 and 'admin' in said.stderr + said.stdout, said  # nothing runs, and the command is right
    for line in service:
        words = shlex.split(line, comments=True)
        assert words[0] == 'systemctl' and words[-1] == 'wsluice'
        said = subprocess.run([*words[:-1], '--', 'wsluice-of-a-test'], capture_output=True, text=True, check=False).stderr
        assert not re.search('unrecognized|unknown|invalid|requires', said, re.IGNORECASE), f'{line}: {said}'


def test_hardening(lab, here):
    """The file starts in a sandbox, refuses what is outside, and an upgrade takes it."""
    (_, file), (_, upgrade) = recipe('Hardening')
    target = lab.target(says(b'RFB'))
    file = replaced(file, port=(':443', '127.0.0.1:0'), target=('10.0.0.5:5900', f'127.0.0.1:{target.port}'),
                    admin=('/run/wsluice/admin.sock', f'{here}/admin.sock'), pem=('/etc/wsluice/tls/desk.pem', f'{here}/desk.pem'),
                    key=('/etc/wsluice/tls/desk.key', f'{here}/desk.key'))
    (here / 'gateway.yaml').write_text(file)
    status, said, error = run('check', here / 'gateway.yaml')
    if 'sandbox: require, but' in error:
        assert status == 1
        pytest.skip(error)
    assert status == 0 and 'sandbox: no new privileges, files' in said, error
    bridge = gateway(lab, here, file)
    other = lab.target(says(b'RFB'))
    (here / 'gateway.yaml').write_text(file.replace(str(target.port), str(other.port)))
    status, out, error = run('reload', here / 'gateway.yaml')
    assert status == 1 and 'outside of this process\'s sandbox' in out + error and 'wsluice upgrade' in out + error
    shell(lab, here, replaced(upgrade, file=('/etc/wsluice/wsluice.yaml', f'{here}/gateway.yaml')))
    taken = until(lambda: re.search(r'process (\d+) has taken over', bridge.text), lambda: bridge.text)
    os.kill(int(taken[1]), signal.SIGTERM)


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
    shell(lab, here, replaced(text, page=('wsluice man ', 'wsluice man >wsluice.1 ')))
    assert (here / 'wsluice.1').read_text().startswith('.TH WSLUICE')
